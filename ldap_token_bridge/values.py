"""Dataclasses for the whole project: a frozen one is as frozen to mypy as the standard library's, and costs less.

That sets each field by a call of `object.__setattr__`, a twelfth of what a token takes, and has methods that guard the
fields, 5 kB for each class, and a `__repr__` of its own, 2 kB. All code is typed, and mypy finds whoever writes to a
field. So fields are guarded at run time where faults are looked for: in Python's development mode (`-X dev`), in which
the tests run their bridges.
"""

import dataclasses
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dataclasses import dataclass as dataclass  # noqa: PLC0414 -- for others to import
else:

    def _repr(self: Any) -> str:
        shown = (f"{field.name}={getattr(self, field.name)!r}" for field in dataclasses.fields(self) if field.repr)
        return f"{type(self).__qualname__}({', '.join(shown)})"

    def dataclass(cls: type | None = None, /, *, frozen: bool = False, eq: bool = True, **options: Any) -> Any:
        """As in the standard library; values that are frozen compare and hash as there."""

        def made(plain: type) -> type:
            if not frozen or sys.flags.dev_mode:
                return dataclasses.dataclass(plain, frozen=frozen, eq=eq, **options)
            has_hash = vars(plain).get("__hash__") is not None
            if options.pop("repr", True) and "__repr__" not in vars(plain):
                plain.__repr__ = _repr
            return dataclasses.dataclass(plain, repr=False, eq=eq, unsafe_hash=eq and not has_hash, **options)

        return made if cls is None else made(cls)
