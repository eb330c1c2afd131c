"""A real container registry (Debian's docker-registry, distribution 2.8) on loopback."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from .certificates import Issued
from .process import Process, answers, free_port, require

_PROGRAM = "/usr/bin/docker-registry"


@dataclass(frozen=True)
class TokenAuth:
    """The registry's `auth.token` settings."""

    realm: str
    service: str
    issuer: str
    bundle: Path
    autoredirect: bool = False


class Registry(Process):
    """One registry with its own storage; without `auth` everyone may do everything.

    `auth` may also be the section `auth` as it is, for what is not `token`; `tls` makes it speak HTTPS.
    """

    def __init__(
        self, folder: Path, auth: TokenAuth | Mapping[str, object] | None = None, *, tls: Issued | None = None
    ) -> None:
        require(_PROGRAM)
        folder.mkdir(parents=True, exist_ok=True)
        self.port = free_port()
        self.address = f"127.0.0.1:{self.port}"
        """As clients name it: `127.0.0.1:PORT`."""
        self.url = f"{'https' if tls else 'http'}://{self.address}"
        self.storage = folder / "storage"
        config = folder / "config.yml"
        # JSON is YAML, too.
        config.write_text(json.dumps(self._config(auth, tls), indent=2))
        super().__init__(
            [_PROGRAM, "serve", str(config)],
            folder / "registry.log",
            lambda: answers("127.0.0.1", self.port),
            # No setting may come from variables that happen to be there (REGISTRY_…).
            {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin"},
        )

    def restart(self) -> None:
        """Stops and starts it: it reads the bundle of keys only when it starts."""
        self.stop()
        self.start()

    def _config(self, auth: TokenAuth | Mapping[str, object] | None, tls: Issued | None) -> Mapping[str, object]:
        if isinstance(auth, TokenAuth):
            auth = {
                "token": {
                    "realm": auth.realm,
                    "service": auth.service,
                    "issuer": auth.issuer,
                    "rootcertbundle": str(auth.bundle),
                    "autoredirect": auth.autoredirect,
                }
            }
        files = {"tls": {"certificate": str(tls.certificate), "key": str(tls.key)}} if tls else {}
        return {
            "version": 0.1,
            "log": {"level": "debug", "formatter": "json"},
            "storage": {
                "filesystem": {"rootdirectory": str(self.storage)},
                "delete": {"enabled": True},
                # Its purge of old uploads would run in the middle of a test.
                "maintenance": {"uploadpurging": {"enabled": False}},
            },
            "http": {"addr": self.address, "secret": "only-for-tests", **files},
            **({"auth": auth} if auth else {}),
        }
