"""What a registry is told about its token server, in the three forms in which people tell it.

Source: distribution, docs/content/about/configuration.md (`auth.token`); the chart docker-registry of
github.com/twuni/docker-registry.helm (values.yaml).
"""

from pathlib import PurePosixPath
from typing import Any

from ldap_token_bridge.values import dataclass

CONFIG_MAP = "registry-token-bundle"
_VOLUME = "token-bundle"


@dataclass(frozen=True, slots=True)
class RegistryAuth:
    """The registry's `auth.token`. `bundle` and `jwks` are paths there; `jwks` is empty where it is not needed."""

    realm: str
    service: str
    issuer: str
    bundle: str
    jwks: str = ""

    def stanza(self) -> dict[str, Any]:
        """As config.yml has it."""
        return {"auth": {"token": self._parameters()}}

    def variables(self) -> dict[str, str]:
        """As environment variables. They win over config.yml."""
        named = {_variable(name): value for name, value in self._parameters().items()}
        return {"REGISTRY_AUTH": "token", **named}

    def helm_values(self) -> dict[str, Any]:
        """As values of the chart; the files come from a ConfigMap named CONFIG_MAP."""
        folder = str(PurePosixPath(self.bundle).parent)
        return {
            "configData": self.stanza(),
            "extraVolumes": [{"name": _VOLUME, "configMap": {"name": CONFIG_MAP}}],
            "extraVolumeMounts": [{"name": _VOLUME, "mountPath": folder, "readOnly": True}],
        }

    def _parameters(self) -> dict[str, str]:
        values = {"realm": self.realm, "service": self.service, "issuer": self.issuer, "rootcertbundle": self.bundle}
        return values | ({"jwks": self.jwks} if self.jwks else {})


def registry_setting(name: str, value: str) -> str:
    """One parameter for people, as config.yml and as a variable have it."""
    return f"in the registry auth.token.{name}: {value} (or {_variable(name)}), then restart it"


def _variable(name: str) -> str:
    return f"REGISTRY_AUTH_TOKEN_{name.upper()}"
