"""389 Directory Server with the sample's people and groups, over ldap:// on loopback: memberOf expanded by the server.

Its own tool, dscreate, writes into the system's folders and wants systemd; the template that it fills is filled here.
The account of dave is inactivated, henry's is locked by wrong passwords.
"""

import base64
import hashlib
import os
import pwd
import re
import secrets
from collections.abc import Iterator
from pathlib import Path

from . import canaries, ldif, sample, slapd_tree
from .certificates import Authority
from .ldap_tools import Session
from .process import Process, answers, free_port, require

_PROGRAM = "/usr/sbin/ns-slapd"
_TEMPLATE = Path("/usr/share/dirsrv/data/template-dse.ldif")
# Without this file the server ends without a word.
_USER_SCHEMA = "dn: cn=schema\nobjectClass: top\nobjectClass: ldapSubentry\nobjectClass: subschema\ncn: schema\n"
_ADMIN = "cn=Directory Manager"
LOCKOUT_THRESHOLD = 3
_FOLDERS = {
    "config_dir": "config",
    "cert_dir": "config",
    "schema_dir": "config/schema",
    "db_dir": "db",
    "db_home_dir": "db",
    **{f"{name}_dir": name for name in ("lock", "tmp", "ldif", "bak", "run", "inst", "log")},
}
_BACKEND = """

dn: cn=userRoot,cn=ldbm database,cn=plugins,cn=config
objectClass: extensibleObject
objectClass: nsBackendInstance
cn: userRoot
nsslapd-suffix: {base}

dn: cn="{base}",cn=mapping tree,cn=config
objectClass: extensibleObject
objectClass: nsMappingTree
cn: {base}
nsslapd-state: backend
nsslapd-backend: userRoot
"""
_ACI = '(targetattr!="userPassword")(version 3.0; acl "bridge"; allow(read,search,compare) userdn="ldap:///{dn}";)'


class DirectoryServer389(Process):
    """One server with its own folder."""

    base = slapd_tree.BASE
    bind_dn = slapd_tree.SERVICE_DN
    """The service account; its password is `canaries.password(sample.SERVICE_ACCOUNT)`."""

    def __init__(self, folder: Path, authority: Authority) -> None:
        require(_PROGRAM, str(_TEMPLATE))
        self.port = free_port()
        self.url = f"ldap://127.0.0.1:{self.port}"
        self._ca_file = authority.ca_file
        self._folder = folder
        config = self._write_config()
        super().__init__(
            [_PROGRAM, "-D", str(config), "-i", str(folder / "run" / "pid"), "-d", "0"],
            folder / "ns-slapd.log",
            lambda: answers("127.0.0.1", self.port),
        )
        self._filled = False

    def start(self) -> None:
        """Starts it; fills the tree at the first start."""
        super().start()
        if not self._filled:
            self._filled = True
            try:
                self.change(*_tree())
                wrong = Session(self.url, self._ca_file, self.person_dn("henry"), "not the password")
                for _ in range(LOCKOUT_THRESHOLD + 1):
                    wrong.bind()
            except BaseException:
                self.stop()
                raise

    @property
    def admin(self) -> Session:
        """The administrator."""
        return Session(self.url, self._ca_file, _ADMIN, canaries.password("ds389-admin"))

    def change(self, *records: str) -> None:
        """Carries out LDIF records (see `ldif`) as the administrator."""
        self.admin.change("".join(records))

    @staticmethod
    def person_dn(login: str) -> str:
        """Where the person stands in the tree."""
        return slapd_tree.person_dn(login)

    @staticmethod
    def group_dn(key: str) -> str:
        """Where the group `OU/CN` stands in the tree."""
        return slapd_tree.group_dn(key)

    def _write_config(self) -> Path:
        values = {name: str(self._folder / place) for name, place in _FOLDERS.items()}
        for path in values.values():
            Path(path).mkdir(parents=True, exist_ok=True)
        config = self._folder / "config"
        (config / "schema" / "99user.ldif").write_text(_USER_SCHEMA)
        values |= {
            "db_lib": "bdb",
            "ds_suffix": self.base,
            "ds_port": str(self.port),
            "ds_user": pwd.getpwuid(os.getuid()).pw_name,
            "fqdn": "localhost",
            "rootdn": _ADMIN,
            "ds_passwd": _hashed(canaries.password("ds389-admin")),
            "ldapi": str(self._folder / "run" / "socket"),
            "ldapi_autobind": "off",
            "ldapi_enabled": "off",
        }
        text = re.sub(r"%([a-z_]+)%", lambda match: values[match[1]], _TEMPLATE.read_text())
        text = text.replace("nsslapd-port:", "nsslapd-listenhost: 127.0.0.1\nnsslapd-port:", 1)
        entries = [_switched(entry) for entry in text.rstrip("\n").split("\n\n")]
        file = config / "dse.ldif"
        file.touch(mode=0o600)
        file.write_text("\n\n".join(entries) + _BACKEND.format(base=self.base))
        return config


def _switched(entry: str) -> str:
    """The memberOf plugin is off by default, and a plugin that lets no umlaut into a login is on."""
    if entry.startswith("dn: cn=MemberOf Plugin,"):
        return entry.replace("nsslapd-pluginenabled: off", "nsslapd-pluginenabled: on")
    if entry.startswith("dn: cn=7-bit check,"):
        return entry.replace("nsslapd-pluginenabled: on", "nsslapd-pluginenabled: off")
    return entry


def _hashed(password: str) -> str:
    """Salted SHA-1, the one form that needs no tool of the server's; it is read at the start only."""
    salt = secrets.token_bytes(8)
    digest = hashlib.sha1(password.encode() + salt, usedforsecurity=False).digest()
    return f"{{SSHA}}{base64.b64encode(digest + salt).decode()}"


def _tree() -> Iterator[str]:
    # Without this each password costs 30 ms; two settings of the lockout, which is off by default.
    settings = {
        "passwordStorageScheme": "SSHA",
        "passwordLockout": "on",
        "passwordMaxFailure": str(LOCKOUT_THRESHOLD),
        "passwordLegacyPolicy": "off",
    }
    yield ldif.replaced("cn=config", settings.items())
    yield ldif.added(slapd_tree.BASE, [("objectClass", "domain"), ("aci", _ACI.format(dn=slapd_tree.SERVICE_DN))])
    for unit in sample.UNITS:
        yield ldif.added(f"ou={unit},{slapd_tree.BASE}", [("objectClass", "organizationalUnit"), ("ou", unit)])
    yield ldif.added(
        slapd_tree.SERVICE_DN,
        [
            ("objectClass", "applicationProcess"),
            ("objectClass", "simpleSecurityObject"),
            ("userPassword", canaries.password(sample.SERVICE_ACCOUNT)),
        ],
    )
    for person in sample.PEOPLE:
        yield ldif.added(
            slapd_tree.person_dn(person.login),
            [
                ("objectClass", "inetOrgPerson"),
                ("cn", f"{person.given} {person.surname}"),
                ("sn", person.surname),
                ("mail", person.mail),
                ("userPassword", canaries.password(person.login)),
                *((("nsAccountLock", "true"),) if person.login == "dave" else ()),
            ],
        )
    for group in sample.GROUPS:
        yield ldif.added(slapd_tree.group_dn(group.key), [("objectClass", "groupOfNames"), ("cn", group.name)])
    for group in sample.GROUPS:
        members = [slapd_tree.person_dn(login) for login in (*group.people, *group.primary_of)]
        members += [slapd_tree.group_dn(key) for key in group.groups]
        yield ldif.put_in(slapd_tree.group_dn(group.key), "member", members)
