"""Where it is measured: a slapd of its own with 10,000 people, and the bridge's parts wired as `serve` wires them."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from ldap_token_bridge.observe import Metrics
from ldap_token_bridge.serve.parts import DirectoryParts, directory_parts, ldap_options
from ldap_token_bridge.settings import load_settings
from tests.support import canaries, many_people, sample
from tests.support.certificates import Authority
from tests.support.settings_file import write_settings
from tests.support.slapd import Slapd

from .service import crowded

THREADS = 4  # of slapd; its 16 get in each other's way on a small machine, and the client is what is measured


@dataclass(frozen=True)
class Place:
    """A directory that runs, a folder, and who signs certificates."""

    slapd: Slapd
    folder: Path
    authority: Authority
    soak_seconds: int

    def parts(self, *, tls: bool = False, **changes: object) -> DirectoryParts:
        """The parts for bridge.yaml with defaults; `changes` as `write_settings` takes them. To be closed."""
        path = write_settings(
            self.folder,
            directory__kind="openldap",
            directory__servers=[self.slapd.ldaps_url if tls else self.slapd.url],
            directory__base=self.slapd.base,
            directory__bind_dn=self.slapd.bind_dn,
            directory__tls={"ca_file": str(self.slapd.ca_file)} if tls else {"allow_plaintext": True},
            **changes,
        )
        (self.folder / "ldap-password").write_text(self.service_password)
        settings = load_settings(path, {})
        return directory_parts(settings, ldap_options(settings.directory), Metrics())

    @property
    def service_password(self) -> str:
        """Of the account that searches."""
        return canaries.password(sample.SERVICE_ACCOUNT)


@contextmanager
def place(soak_seconds: int) -> Iterator[Place]:
    """Starts the directory, and leaves nothing behind. `soak_seconds` is how long the soak is to last."""
    with TemporaryDirectory(prefix="ldap-token-bridge-bench-") as name:
        folder = Path(name)
        # No line for each operation: slapd would spend more time on its log than on the answers.
        authority = Authority(folder / "ca")
        slapd = Slapd(
            folder / "slapd",
            authority,
            ppolicy=False,
            preload=many_people.ldif_text() + crowded.ldif_text(),
            log_level="0",
            threads=THREADS,
        )
        with slapd:
            yield Place(slapd, folder, authority, soak_seconds)
