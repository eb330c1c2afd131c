"""Someone in very many groups: how many of them hold the person, and how others stand above those."""

from collections.abc import Iterator

DEPTH = 5


def groups(direct: int, nested: int) -> Iterator[tuple[str, str]]:
    """A group's name, and the name of the one group that it holds; empty for those that hold the person.

    The nested ones stand in towers of five above the first of the direct ones.
    """
    for number in range(direct):
        yield f"many-{number}", ""
    for number in range(nested):
        tower, floor = divmod(number, DEPTH)
        below = f"above-{number - 1}" if floor else f"many-{tower}"
        yield f"above-{number}", below
