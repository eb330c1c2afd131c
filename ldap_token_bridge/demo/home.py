"""The demo's home: a temporary folder with keys, settings and the sample policy, as someone would set them up."""

from datetime import UTC, datetime
from pathlib import Path

from ldap_token_bridge.errors import Misconfigured
from ldap_token_bridge.tokens import Keyring
from ldap_token_bridge.tokens.install import new_key
from ldap_token_bridge.values import dataclass

from .people import BASE, SERVICE_DN

ISSUER = "demo-bridge"
SERVICE = "demo-registry"
_KEY_DAYS = 30  # longer than anybody leaves a demo running

_SETTINGS = """\
# Written by `ldap-token-bridge demo`. What an Active Directory shop writes is about as long.
server:
  listen: 127.0.0.1:0               # any free port
  admin_listen: 127.0.0.1:0
token:
  issuer: {issuer}
  services: [{service}]
  keys_dir: keys
directory:
  kind: active-directory
  servers: ["ldap://127.0.0.1:{directory_port}"]
  base: {base}
  bind_dn: {bind_dn}
  bind_password_file: ldap-password
  # The sample directory speaks plain LDAP and listens on loopback alone. A real one is reached by ldaps://.
  tls: {{allow_plaintext: true}}
policy: policy.yaml
logging: {{format: text}}
"""


@dataclass(frozen=True, slots=True)
class Home:
    """Where everything lies; `settings` is bridge.yaml, `bundle` what a registry takes as its rootcertbundle."""

    folder: Path
    settings: Path
    bundle: Path
    log: Path
    audit: Path


def furnish(folder: Path, directory_port: int, service_password: str) -> Home:
    """Fills an empty folder that only its owner can read; raises Misconfigured without a sample policy."""
    keys = folder / "keys"
    keys.mkdir()
    now = datetime.now(UTC)
    new_key(keys, common_name=ISSUER, now=now, days=_KEY_DAYS)
    (folder / "ldap-password").write_text(f"{service_password}\n", encoding="utf-8")
    (folder / "policy.yaml").write_bytes(sample_policy().read_bytes())
    home = Home(folder, folder / "bridge.yaml", folder / "bundle.pem", folder / "bridge.log", folder / "audit.jsonl")
    settings = _SETTINGS.format(
        issuer=ISSUER, service=SERVICE, directory_port=directory_port, base=BASE, bind_dn=SERVICE_DN
    )
    home.settings.write_text(settings, encoding="utf-8")
    home.bundle.write_text(Keyring.load(keys, now).bundle_pem(), encoding="ascii")
    return home


def sample_policy() -> Path:
    """The sample policy: packed beside this module in an installed package, in `config/` of a checkout."""
    here = Path(__file__).parent
    for place in (here / "policy.yaml", here.parents[1] / "config" / "policy.yaml"):
        if place.is_file():
            return place
    raise Misconfigured.one("the sample policy is missing", str(here), "Install the package again.")
