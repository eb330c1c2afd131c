"""OpenLDAP's slapd, with the sample's people and groups, over ldap://, StartTLS and ldaps://.

Anonymous clients may only bind; the service account reads everything but passwords; people read nothing.
"""

import shutil
import subprocess
from collections.abc import Iterable, Sequence
from pathlib import Path

from . import canaries, ldif, slapd_tree
from .certificates import Authority, Issued
from .ldap_tools import Session
from .process import Process, ServerFailed, answers, free_port, require

_ADMIN = f"cn=admin,{slapd_tree.BASE}"
_SCHEMAS = "/etc/ldap/schema"
_USED = ("core", "cosine", "nis", "inetorgperson", "dyngroup")
_PROGRAM = "/usr/sbin/slapd"
_APP_ARMOR = Path("/sys/kernel/security/apparmor")
_MODULES = "/usr/lib/ldap"


class Slapd(Process):
    """One slapd with its own folder. Groups stand in `memberOf` too, unless `member_of` is off.

    `ppolicy`: dave's account is disabled, erin's has expired, frank must change his password, gina's has expired,
    henry's account is locked. With `use_lockout` it says so of the accounts of dave, erin and henry; else they are
    refused as for a wrong password.
    """

    base = slapd_tree.BASE
    bind_dn = slapd_tree.SERVICE_DN
    """The service account; its password is `canaries.password(sample.SERVICE_ACCOUNT)`."""

    def __init__(  # noqa: PLR0913 -- a real server has many sides; all but two have a default
        self,
        folder: Path,
        authority: Authority,
        *,
        member_of: bool = True,
        dynlist: str = "",
        ppolicy: bool = True,
        use_lockout: bool = True,
        certificate: Issued | None = None,
        settings: Sequence[str] = (),
        preload: str = "",
        log_level: str = "stats",
        threads: int = 16,
    ) -> None:
        """`dynlist` is the attribute set of that overlay, which takes the place of memberof.

        `settings` are more lines of slapd.conf. `preload` is LDIF that slapadd takes in, in the sample's stead.

        The last two as slapd.conf(5) has them.
        """
        require(_PROGRAM)
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._member_of, self._ppolicy, self._use_lockout = member_of and not dynlist, ppolicy, use_lockout
        self._dynlist = dynlist
        self._preload, self._threads, self._settings = preload, threads, tuple(settings)
        self.ca_file = authority.ca_file
        self._certificate = certificate or authority.issue(f"slapd-{folder.name}", ["127.0.0.1", "localhost"])
        self.port, self.tls_port = free_port(), free_port()
        self.url = f"ldap://127.0.0.1:{self.port}"
        self.ldaps_url = f"ldaps://127.0.0.1:{self.tls_port}"
        # AppArmor, where it is on, keeps slapd to the system's own folders; it goes by the program's path.
        program = shutil.copy(_PROGRAM, folder / "slapd") if _APP_ARMOR.exists() else _PROGRAM
        config = self._write_config()
        super().__init__(
            [str(program), "-f", str(config), "-h", f"{self.url} {self.ldaps_url}", "-d", log_level],
            folder / "slapd.log",
            lambda: answers("127.0.0.1", self.port) and answers("127.0.0.1", self.tls_port),
        )
        self._filled = False

    def start(self) -> None:
        """Starts it; fills the tree at the first start."""
        if self._preload and not self._filled:
            self._filled = True
            self._take_in(self._preload)
        super().start()
        if not self._filled:
            self._filled = True
            try:
                self.change(slapd_tree.tree(ppolicy=self._ppolicy))
            except BaseException:
                self.stop()
                raise

    def _take_in(self, records: str) -> None:
        """By slapadd, which is slapd under another name, while no server runs on the database."""
        file = self._folder / "preload.ldif"
        file.write_text(records)
        program, _, config, *_ = self.command
        command = [program, "-T", "add", "-q", "-f", config, "-l", str(file)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise ServerFailed(f"slapadd ended with {done.returncode}: {done.stderr[-3000:]}")
        file.unlink()

    @property
    def admin(self) -> Session:
        """The administrator."""
        return Session(self.url, self.ca_file, _ADMIN, canaries.password("slapd-admin"))

    def change(self, *records: str) -> None:
        """Carries out LDIF records (see `ldif`) as the administrator."""
        # "relax" lets the sample say when a password was changed and an account locked.
        self.admin.change("".join(records), "-e", "relax")

    def join(self, group: str, logins: Iterable[str]) -> None:
        """Puts people into a group, named `OU/CN`."""
        self.change(ldif.put_in(self.group_dn(group), "member", [self.person_dn(login) for login in logins]))

    def leave(self, group: str, logins: Iterable[str]) -> None:
        """Takes people out of a group, named `OU/CN`."""
        self.change(ldif.taken_out(self.group_dn(group), "member", [self.person_dn(login) for login in logins]))

    @staticmethod
    def person_dn(login: str) -> str:
        """Where the person stands in the tree."""
        return slapd_tree.person_dn(login)

    @staticmethod
    def group_dn(key: str) -> str:
        """Where the group `OU/CN` stands in the tree."""
        return slapd_tree.group_dn(key)

    def _write_config(self) -> Path:
        database = self._folder / "database"
        database.mkdir()
        overlays = []
        if self._member_of:
            overlays += ["overlay memberof", "memberof-refint TRUE"]
        if self._dynlist:
            overlays += ["overlay dynlist", f"dynlist-attrset {self._dynlist}"]
        if self._ppolicy:
            overlays += [
                "overlay ppolicy",
                f'ppolicy_default "{slapd_tree.DEFAULT_POLICY}"',
                "ppolicy_hash_cleartext",
                *(["ppolicy_use_lockout"] if self._use_lockout else []),
            ]
        config = self._folder / "slapd.conf"
        config.touch(mode=0o600)
        config.write_text(
            "\n".join(
                [
                    *(f"include {_SCHEMAS}/{name}.schema" for name in _USED),
                    f"modulepath {_MODULES}",
                    *(f"moduleload {name}" for name in ("back_mdb", "memberof", "dynlist", "ppolicy")),
                    f"threads {self._threads}",
                    "loglevel 0",  # nothing to syslog, which costs a socket a line where no syslog runs
                    f"pidfile {self._folder}/slapd.pid",
                    f"argsfile {self._folder}/slapd.args",
                    f"TLSCACertificateFile {self.ca_file}",
                    f"TLSCertificateFile {self._certificate.certificate}",
                    f"TLSCertificateKeyFile {self._certificate.key}",
                    *self._settings,
                    "database mdb",
                    "maxsize 268435456",
                    "envflags nosync writemap",
                    f"directory {database}",
                    f'suffix "{slapd_tree.BASE}"',
                    f'rootdn "{_ADMIN}"',
                    f"rootpw {canaries.password('slapd-admin')}",
                    "index objectClass,uid,mail,member,memberUid,gidNumber,entryUUID eq",
                    f'limits dn.exact="{self.bind_dn}" size=unlimited',
                    "access to attrs=userPassword by anonymous auth by * none",
                    f'access to * by dn.exact="{self.bind_dn}" read by * auth',
                    *overlays,
                    "",
                ]
            )
        )
        return config
