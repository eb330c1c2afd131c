"""A real container registry (Debian's docker-registry, distribution 2.8) over plain HTTP on loopback."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

from .process import Process, free_port, require

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
    """One registry with its own storage; without `auth` everyone may do everything."""

    def __init__(self, folder: Path, auth: TokenAuth | None = None) -> None:
        require(_PROGRAM)
        folder.mkdir(parents=True, exist_ok=True)
        self.port = free_port()
        self.address = f"127.0.0.1:{self.port}"
        """As clients name it: `127.0.0.1:PORT`."""
        self.url = f"http://{self.address}"
        self.storage = folder / "storage"
        config = folder / "config.yml"
        # JSON is YAML, too.
        config.write_text(json.dumps(self._config(auth), indent=2))
        super().__init__(
            [_PROGRAM, "serve", str(config)],
            folder / "registry.log",
            self._answers,
            # No setting may come from variables that happen to be there (REGISTRY_…).
            {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin"},
        )

    def restart(self) -> None:
        """Stops and starts it: it reads the bundle of keys only when it starts."""
        self.stop()
        self.start()

    def _answers(self) -> bool:
        try:
            with urlopen(self.url, timeout=2):  # noqa: S310 -- the address is ours
                return True
        except (URLError, OSError):
            return False

    def _config(self, auth: TokenAuth | None) -> Mapping[str, object]:
        token = auth and {
            "realm": auth.realm,
            "service": auth.service,
            "issuer": auth.issuer,
            "rootcertbundle": str(auth.bundle),
            "autoredirect": auth.autoredirect,
        }
        return {
            "version": 0.1,
            "log": {"level": "debug", "formatter": "json"},
            "storage": {
                "filesystem": {"rootdirectory": str(self.storage)},
                "delete": {"enabled": True},
                # Its purge of old uploads would run in the middle of a test.
                "maintenance": {"uploadpurging": {"enabled": False}},
            },
            "http": {"addr": self.address, "secret": "only-for-tests"},
            **({"auth": {"token": token}} if token else {}),
        }
