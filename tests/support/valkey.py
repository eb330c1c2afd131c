"""A real Valkey or Redis, whichever Debian has, on a free port of loopback, with the test's data alone in it."""

import secrets
import shutil
import socket
from pathlib import Path
from typing import Any

import redis

from .certificates import Authority
from .process import Process, ServerFailed, free_port

USER = "bridge"
# What docs/operations.md says that the user of a bridge needs.
RIGHTS = "~ltb:* resetchannels -@all +getrange +set +del +eval +get +hello +auth +select"


def program(*names: str) -> str:
    """The first of these that is installed."""
    for name in names:
        if found := shutil.which(name):
            return found
    raise ServerFailed(f"not installed: {' or '.join(names)}. Run `make test-deps`, then try again.")


class Valkey(Process):
    """The server; a context manager. With `authority` it speaks TLS alone, with `login` only `bridge` gets in."""

    def __init__(
        self,
        folder: Path,
        *,
        authority: Authority | None = None,
        login: bool = False,
        cluster: bool = False,
        replica_of: "Valkey | None" = None,
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.port = free_port()
        self.password = secrets.token_urlsafe(16) if login else ""
        self.ca_file = authority.ca_file if authority else None
        self.socket = folder / "s"
        command = [program("valkey-server", "redis-server"), "--bind", "127.0.0.1", "--dir", str(folder)]
        command += ["--save", "", "--dbfilename", "dump.rdb", "--unixsocket", str(self.socket)]
        if authority:
            issued = authority.issue(f"store-{self.port}", ["127.0.0.1", "localhost"])
            command += ["--port", "0", "--tls-port", str(self.port), "--tls-auth-clients", "optional"]
            command += ["--tls-cert-file", str(issued.certificate), "--tls-key-file", str(issued.key)]
            command += ["--tls-ca-cert-file", str(authority.ca_file)]
        else:
            command += ["--port", str(self.port)]
        if login:
            rules = folder / "users.acl"
            rules.write_text(f"user default off\nuser {USER} on >{self.password} {RIGHTS}\n")
            command += ["--aclfile", str(rules)]
        if cluster:
            command += ["--cluster-enabled", "yes", "--cluster-config-file", "nodes.conf"]
        if replica_of:
            command += ["--replicaof", "127.0.0.1", str(replica_of.port)]
        super().__init__(command, folder / "server.log", self._listens)

    @property
    def url(self) -> str:
        """As `cache.shared` has it."""
        return f"{'rediss' if self.ca_file else 'redis'}://{f'{USER}@' if self.password else ''}127.0.0.1:{self.port}"

    def ask(self, *words: str) -> Any:
        """The answer to a command; without TLS and login alone."""
        return ask(self.port, *words)

    def names(self) -> list[str]:
        """The names of all entries."""
        return [name.decode() for name in self.ask("KEYS", "*")]

    def contents(self) -> bytes:
        """Everything that is in there, as a thief would find it on disk."""
        self.ask("SAVE")
        return (self.folder / "dump.rdb").read_bytes()

    def _listens(self) -> bool:
        try:
            with socket.socket(socket.AF_UNIX) as one:
                one.connect(str(self.socket))
                one.sendall(b"PING\r\n")
                return one.recv(100).startswith((b"+PONG", b"-NOAUTH"))
        except OSError:
            return False


def ask(port: int, *words: str) -> Any:
    """The answer to one command over a connection of its own; octets, numbers, and lists of them."""
    with redis.Redis("127.0.0.1", port, socket_timeout=10, protocol=2) as client:
        client.response_callbacks.clear()
        return client.execute_command(*words)


class Sentinel(Process):
    """Watches one server under the name `ltb`; alone it decides."""

    def __init__(self, folder: Path, master: Valkey) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.port = free_port()
        config = folder / "sentinel.conf"
        lines = (
            f"port {self.port}",
            "bind 127.0.0.1",
            f"dir {folder}",
            f"sentinel monitor ltb 127.0.0.1 {master.port} 1",
            "sentinel down-after-milliseconds ltb 500",
            "sentinel failover-timeout ltb 2000",
        )
        config.write_text("\n".join(lines) + "\n")
        command = [program("valkey-sentinel", "redis-sentinel"), str(config)]
        super().__init__(command, folder / "sentinel.log", self._knows)

    def _knows(self) -> bool:
        try:
            return self.replicas() >= 0
        except redis.ConnectionError:
            return False

    def master_port(self) -> int:
        """Where it sends clients now."""
        return int(ask(self.port, "SENTINEL", "GET-MASTER-ADDR-BY-NAME", "ltb")[1])

    def replicas(self) -> int:
        """How many servers it knows of that could take over."""
        (told,) = ask(self.port, "SENTINEL", "MASTERS")
        return int(told[told.index(b"num-slaves") + 1])
