"""The bridge as people run it, over the bench's directory: `serve`, its audit trail in a file, metrics on."""

from functools import cached_property
from pathlib import Path
from typing import Any

from tests.bench.place import Place
from tests.support import large_policy, many_people
from tests.support.bridge import RunningBridge, Sections, openldap
from tests.support.http import request

from .wrk import CONNECTIONS, Ask, Load, load, write_asks

ROOT = Path(__file__).parents[3]
RULES = 100

# Every person gets something: from the groups' rules, or from these.
_MORE = """\
  - {id: everyone, who: [signed-in], repositories: ["everyone/**"], actions: [pull]}
  - {id: public, who: [anyone], repositories: ["public/**"], actions: [pull]}"""
# Nobody's time runs out in the middle of a round.
_CACHE = {"credentials": "10m", "groups": "10m", "rejected": "10m"}


class BenchBridge(RunningBridge):
    """A context manager. `changes` are sections of bridge.yaml, in addition to what the tests' bridges have."""

    def __init__(
        self,
        place: Place,
        name: str,
        *,
        rules: int = RULES,
        algorithm: str = "ES256",
        tls: bool = False,
        ldaps: bool = False,
        directory: str = "",
        changes: Sections | None = None,
    ) -> None:
        """`name` is its folder's; `directory` is the URL of another way to the same directory."""
        slapd = place.slapd
        self.tls = place.authority.issue(f"bridge-{name}", ["127.0.0.1"]) if tls else None
        self._algorithm = algorithm
        sections: dict[str, dict[str, Any]] = {"cache": _CACHE}
        if self.tls:
            sections["server"] = {"tls": {"certificate": str(self.tls.certificate), "key": str(self.tls.key)}}
        for section, keys in (changes or {}).items():
            sections[section] = {**sections.get(section, {}), **keys}
        ca_file = slapd.ca_file if ldaps else None
        super().__init__(
            place.folder / name,
            openldap(directory or (slapd.ldaps_url if ldaps else slapd.url), slapd.base, slapd.bind_dn, ca_file),
            policy=policy_text(rules),
            sections=sections,
        )
        self.as_people_run_it()
        if self.tls:
            self.url = self.url.replace("http:", "https:")

    def make_key(self, algorithm: str = "") -> None:
        """The key that signs."""
        super().make_key(algorithm or self._algorithm)

    @property
    def key(self) -> Path:
        """The file of the key that signs; its certificate stands beside it."""
        (path,) = (self.folder / "keys").glob("*.key")
        return path

    @cached_property
    def reply_size(self) -> int:
        """Octets of the body of a reply to an anonymous request."""
        return len(self.get("repository:public/some/image:pull").body)

    @property
    def uses_uvloop(self) -> bool:
        """Whether its event loop is uvloop's."""
        return "uvloop" in Path(f"/proc/{self.pid}/maps").read_text()

    def counted(self, metric: str) -> float:
        """A counter of the bridge's own metrics, over all its labels."""
        lines = self.metrics().splitlines()
        return sum(float(line.split()[-1]) for line in lines if line.startswith((f"{metric} ", f"{metric}{{")))

    def asks(self, name: str, asks: "list[Ask]") -> Path:
        """A file of requests for wrk."""
        return write_asks(self.folder / f"{name}.asks", asks)

    def load(self, asks: Path, seconds: int = 1, connections: int = CONNECTIONS) -> Load:
        """What wrk measures."""
        return load(self.url, asks, seconds, connections)

    def flush(self) -> None:
        """Everyone is forgotten."""
        answer = request(f"http://127.0.0.1:{self.admin_port}/cache/flush", method="POST")
        if answer.status != 200:
            raise RuntimeError(f"the memory could not be flushed: {answer.body.decode()}")

    def _is_ready(self) -> bool:
        try:
            return request(f"http://127.0.0.1:{self.admin_port}/readyz").status == 200
        except OSError:
            return False


def policy_text(rules: int) -> str:
    """So many rules about the groups of the bench's people, each kind of pattern in turn."""
    return large_policy.policy_text(rules, _MORE, lambda number: many_people.group_dn(number % many_people.GROUPS))
