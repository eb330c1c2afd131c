"""OpenLDAP's command line clients: a view of the directory that is not the bridge's own."""

import base64
import re
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from .clients import Outcome

_SECONDS = 60
_LINE = re.compile(r"^([A-Za-z0-9;=.-]+)(::?) ?(.*)$")

Found = dict[str, tuple[bytes, ...]]
"""An entry: attribute names in lower case with their values, `dn` among them."""


@dataclass(frozen=True)
class Session:
    """Where to bind, and as whom. TLS is verified against `ca_file`; a `ldap://` URL stays plain."""

    url: str
    ca_file: Path
    dn: str
    password: str

    def bind(self, *options: str) -> Outcome:
        """Binds, and reads nothing of the rootDSE. The exit code is the directory's result, 49 invalidCredentials."""
        return self._run("ldapsearch", ["-b", "", "-s", "base", *options, "(objectClass=*)", "1.1"], "")

    def search(self, base: str, scope: str, query: str, *attributes: str) -> list[Found]:
        """The entries found; `scope` is base, one or sub. Raises RuntimeError for any result but success."""
        outcome = self._run(
            "ldapsearch", ["-LLL", "-o", "ldif-wrap=no", "-b", base, "-s", scope, query, *attributes], ""
        )
        records = [_entry(record) for record in _checked(outcome).stdout.strip().split("\n\n")]
        return [record for record in records if "dn" in record]  # the others are referrals, as comments

    def change(self, records: str, *options: str) -> None:
        """Carries out LDIF records, those without a changetype by adding. Raises RuntimeError if one is refused."""
        _checked(self._run("ldapmodify", ["-a", *options], records))

    def _run(self, tool: str, options: Sequence[str], stdin: str) -> Outcome:
        done = subprocess.run(
            [tool, "-x", "-H", self.url, "-D", self.dn, "-w", self.password, *options],
            input=stdin,
            capture_output=True,
            text=True,
            check=False,
            timeout=_SECONDS,
            env={
                "PATH": "/usr/bin:/bin",
                "LDAPTLS_CACERT": str(self.ca_file),
                "LDAPTLS_REQCERT": "demand",
                "HOME": "/nonexistent",  # a person's own .ldaprc stays unread
            },
        )
        return Outcome(done.returncode, done.stdout, done.stderr)


def _checked(outcome: Outcome) -> Outcome:
    if not outcome.ok:
        raise RuntimeError(f"the directory refused: {outcome.stderr}")
    return outcome


def _entry(record: str) -> Found:
    found: dict[str, tuple[bytes, ...]] = {}
    for line in record.splitlines():
        if matched := _LINE.match(line):
            name, colons, value = matched.groups()
            raw = base64.b64decode(value) if colons == "::" else value.encode()
            found[name.lower()] = (*found.get(name.lower(), ()), raw)
    return found
