"""`helm test`: asks the bridge for a token as a client does, and has it verified as a registry does.

Needs nothing but Python and the program `ldap-token-bridge`. Neither token nor password is printed.
"""

import base64
import json
import os
import subprocess
import sys
import tempfile
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

_SECONDS = 15  # what docker waits
_LOGIN = Path(os.environ.get("LOGIN_FOLDER", "/etc/exchange-login"))


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A client drops its password on the way, so a redirect is a fault."""

    def redirect_request(self, *_: object) -> None:
        """urllib: None means that it is not followed."""


def _get(url: str, headers: dict[str, str]) -> bytes:
    opener = urllib.request.build_opener(_NoRedirect, urllib.request.ProxyHandler({}))
    try:
        with opener.open(urllib.request.Request(url, headers=headers), timeout=_SECONDS) as answer:  # noqa: S310 -- ours
            return bytes(answer.read())
    except urllib.error.HTTPError as error:
        sys.exit(f"{url.partition('?')[0]} answered {error.code}: {error.read(2000).decode(errors='replace')}")
    except OSError as error:
        sys.exit(f"{url.partition('?')[0]} does not answer: {getattr(error, 'reason', error)}")


def main() -> None:
    """Exits with 0 if a registry would accept the token."""
    url, service = os.environ["URL"], os.environ["SERVICE"]
    query = {"service": service, "client_id": "helm-test", "scope": os.environ.get("SCOPE", "")}
    headers = {}
    if _LOGIN.is_dir():
        if not url.startswith("https://"):
            sys.exit("A password is sent to https:// alone.")
        name, password = ((_LOGIN / file).read_bytes().removesuffix(b"\n") for file in ("username", "password"))
        headers["Authorization"] = "Basic " + base64.b64encode(name + b":" + password).decode()
    answer = json.loads(_get(f"{url}?{urllib.parse.urlencode(query)}", headers))
    with tempfile.NamedTemporaryFile() as bundle:
        bundle.write(_get(os.environ["BUNDLE_URL"], {}))
        bundle.flush()
        known = ["--bundle", bundle.name, "--issuer", os.environ["ISSUER"], "--service", service]
        inspect = ["ldap-token-bridge", "token", "inspect", *known, "--registry", os.environ["REGISTRY"]]
        sys.exit(subprocess.run(inspect, input=answer["token"], text=True, check=False).returncode)  # noqa: S603 -- fixed


main()
