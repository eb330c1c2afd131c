"""Samba as an Active Directory domain controller, with the sample's people and groups, over ldaps://.

Needs root: it listens on the ports of Active Directory, on a loopback address of its own. Plain simple binds are
refused, as by a domain controller of today.
"""

import os
import secrets
import shutil
import subprocess
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from . import canaries, ldif, samba_tree, sample
from .certificates import Authority
from .ldap_tools import Session
from .process import Process, ServerFailed, answers, can_listen, own_share, require

_ADMIN = f"CN=Administrator,CN=Users,{sample.BASE}"
_ADMIN_NAME = "samba-administrator"
_SERVER, _TOOL = "/usr/sbin/samba", "/usr/bin/samba-tool"
_PORTS = (389, 636, 3268, 3269)
_FILL = Path(__file__).with_name("samba_fill.py")


class SambaDC(Process):
    """One domain controller.

    The account of dave is disabled, erin's has expired, frank must change his password, gina's has expired, henry's
    account is locked.
    """

    base = sample.BASE
    bind_dn = samba_tree.SERVICE_DN
    """The service account; its password is `canaries.password(sample.SERVICE_ACCOUNT)`."""

    def __init__(self, folder: Path, authority: Authority) -> None:
        if os.geteuid():
            raise ServerFailed("Samba needs root. Run the tests as root, or set LTB_SKIP_SAMBA=1 to leave it out.")
        require(_SERVER, _TOOL)
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self.ca_file = authority.ca_file
        self.address = _free_address()
        self.host = f"dc1.{sample.DOMAIN}"
        self.ldaps_url = f"ldaps://{self.address}"
        self.global_catalog_url = f"ldaps://{self.address}:3269"
        self._config = self._write_config(authority)
        super().__init__(
            [_SERVER, "-i", "-M", "single", "-s", str(self._config), "--debug-stdout"],
            folder / "samba.log",
            lambda: all(answers(self.address, port) for port in _PORTS),
        )
        self._provisioned = False

    def start(self) -> None:
        """Starts it; makes the domain first (about 5 s) if that is not done."""
        if not self._provisioned:
            self._provision()
            self._provisioned = True
            super().start()
            self._lock("henry")
        super().start()

    @property
    def admin(self) -> Session:
        """The domain's administrator."""
        return Session(self.ldaps_url, self.ca_file, _ADMIN, canaries.password(_ADMIN_NAME))

    def change(self, *records: str) -> None:
        """Carries out LDIF records (see `ldif`) as the administrator."""
        self.admin.change("".join(records))

    def fill(self, *records: str) -> None:
        """Carries out LDIF records on the database itself, fast and all in one; also while the domain runs."""
        database = self._folder / "private" / "sam.ldb"
        self._run(["/usr/bin/python3", "-I", str(_FILL), str(self._config), str(database)], "".join(records))

    @contextmanager
    def changes_undone(self) -> Iterator[None]:
        """The domain is afterwards as it was before, whatever was written meanwhile. It is restarted for that."""
        before = self._folder.with_name(f"{self._folder.name}-before")
        self.stop()
        shutil.copytree(self._folder, before, ignore=_sockets)
        self.start()
        try:
            yield
        finally:
            self.stop()
            shutil.rmtree(self._folder)
            before.rename(self._folder)
            self.start()

    def join(self, group: str, logins: Iterable[str]) -> None:
        """Puts people into a group, named `OU/CN`."""
        self.change(ldif.put_in(self.group_dn(group), "member", [self.person_dn(login) for login in logins]))

    def leave(self, group: str, logins: Iterable[str]) -> None:
        """Takes people out of a group, named `OU/CN`."""
        self.change(ldif.taken_out(self.group_dn(group), "member", [self.person_dn(login) for login in logins]))

    def bad_passwords(self, login: str) -> int:
        """How many wrong passwords the domain has counted; at `samba_tree.LOCKOUT_THRESHOLD` it locks the account."""
        (entry,) = self.admin.search(self.person_dn(login), "base", "(objectClass=*)", "badPwdCount")
        return int(entry.get("badpwdcount", (b"0",))[0])

    def unlock(self, *logins: str) -> None:
        """Unlocks accounts and forgets the wrong passwords."""
        self.change(*(ldif.replaced(self.person_dn(login), [("lockoutTime", "0")]) for login in logins))

    def unlock_all(self) -> None:
        """Undoes what wrong passwords did, to anyone but henry, who is locked on purpose."""
        query = "(&(objectClass=user)(badPwdCount>=1)(!(sAMAccountName=henry)))"
        found = self.admin.search(self.base, "sub", query, "dn")
        records = [ldif.replaced(entry["dn"][0].decode(), [("lockoutTime", "0")]) for entry in found]
        if records:
            self.change(*records)

    @staticmethod
    def person_dn(login: str) -> str:
        """Where the person stands in the domain."""
        return samba_tree.person_dn(login)

    @staticmethod
    def group_dn(key: str) -> str:
        """Where the group `OU/CN` stands in the domain."""
        return samba_tree.group_dn(key)

    def _lock(self, login: str) -> None:
        """As locking happens in life: no one may write `lockoutTime` but 0."""
        wrong = Session(self.ldaps_url, self.ca_file, self.person_dn(login), "not the password")
        for _ in range(samba_tree.LOCKOUT_THRESHOLD):
            wrong.bind()

    def _provision(self) -> None:
        self._run(
            [
                _TOOL,
                "domain",
                "provision",
                "-s",
                str(self._config),
                f"--targetdir={self._folder}",
                f"--realm={sample.REALM}",
                f"--domain={sample.NETBIOS}",
                "--server-role=dc",
                "--dns-backend=NONE",
                "--host-name=dc1",
                f"--host-ip={self.address}",
                f"--adminpass={canaries.password(_ADMIN_NAME)}",
            ]
        )
        self.fill(samba_tree.entries())

    def _run(self, command: list[str], stdin: str = "") -> None:
        done = subprocess.run(
            command,
            input=stdin,
            capture_output=True,
            text=True,
            check=False,
            env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": str(self._folder)},
        )
        if done.returncode:
            raise ServerFailed(f"{command[0]} failed:\n{done.stdout[-1500:]}{done.stderr[-1500:]}")

    def _write_config(self, authority: Authority) -> Path:
        issued = authority.issue(f"samba-{self._folder.name}", [self.address, self.host])
        run = self._folder / "run"
        run.mkdir()
        settings = {
            "realm": sample.REALM,
            "workgroup": sample.NETBIOS,
            "netbios name": "DC1",
            "server role": "active directory domain controller",
            "server services": "ldap, winbindd",
            "interfaces": f"{self.address}/8",
            "bind interfaces only": "yes",
            "private dir": self._folder / "private",
            "state directory": self._folder / "state",
            "cache directory": self._folder / "cache",
            "lock directory": self._folder,
            "binddns dir": self._folder / "bind-dns",
            "pid directory": run,
            "ncalrpc dir": run / "ncalrpc",
            "winbindd socket directory": run / "winbindd",
            "ntp signd socket directory": run / "ntp",
            "logging": "file",
            "log file": self._folder / "log.%m",
            "log level": 1,
            "tls enabled": "yes",
            "tls certfile": issued.certificate,
            "tls keyfile": issued.key,
            "tls cafile": authority.ca_file,
        }
        config = self._folder / "smb.conf"
        config.write_text("[global]\n" + "".join(f"  {name} = {value}\n" for name, value in settings.items()))
        return config


def _sockets(folder: str, names: Sequence[str]) -> set[str]:
    return {name for name in names if Path(folder, name).is_socket()}


def _free_address() -> str:
    """A loopback address on which no one listens where Active Directory does; 127.0.0.1 is left alone."""
    while True:
        address = f"127.0.0.{secrets.choice(own_share(range(2, 255)))}"
        if all(can_listen(address, port) for port in _PORTS):
            return address
