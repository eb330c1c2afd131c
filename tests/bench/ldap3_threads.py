"""The yardstick: the same logins by ldap3 as well as it can be tuned, in four threads with connections that stay.

Each thread has a connection bound as the service account and one that it binds anew for each person. No schema is
fetched, names are not checked, the fast decoder reads, TCP_NODELAY is set, and passwords are octets, for text would be
prepared.
"""

import random
import socket
import ssl
import threading
import time
import warnings
from collections.abc import Sequence
from types import TracebackType
from typing import Any, Self

from tests.support import many_people

from .ours import BLOCK_SECONDS, FILTER, Known, everyone
from .place import Place

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # ldap3 2.9 reads names that pyasn1 0.6 has renamed
    import ldap3
    from ldap3.utils.conv import escape_filter_chars

THREADS = 4


class Ldap3Threads:
    """A context manager; the connections live through all rounds."""

    def __init__(self, place: Place, attributes: Sequence[str], *, tls: bool) -> None:
        self._base = place.slapd.base
        self._attributes = list(attributes)
        server = ldap3.Server(
            "127.0.0.1",
            place.slapd.tls_port if tls else place.slapd.port,
            use_ssl=tls,
            tls=ldap3.Tls(validate=ssl.CERT_REQUIRED, ca_certs_file=str(place.slapd.ca_file)) if tls else None,
            get_info=ldap3.NONE,
        )
        account = place.slapd.bind_dn, place.service_password.encode()
        self._pairs = [(_connection(server, *account), _connection(server, *account)) for _ in range(THREADS)]
        self.cpu_microseconds = 0.0
        """Of the whole process, for each login of the last block."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for pair in self._pairs:
            for connection in pair:
                connection.unbind()

    def block(self) -> float:
        """Logins a second, over a fixed time."""
        done, people = [0] * THREADS, everyone()
        errors: list[Exception] = []
        start, cpu = time.perf_counter(), time.process_time()

        def work(thread: int) -> None:
            chance = random.Random()  # noqa: S311 -- picks people, guards nothing
            try:
                while time.perf_counter() < start + BLOCK_SECONDS:
                    self._login(*self._pairs[thread], chance.choice(people))
                    done[thread] += 1
            except Exception as error:  # noqa: BLE001 -- raised again below, in the thread that counts
                errors.append(error)

        threads = [threading.Thread(target=work, args=(number,)) for number in range(THREADS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if errors:
            raise errors[0]
        self.cpu_microseconds = (time.process_time() - cpu) / sum(done) * 1e6
        return sum(done) / (time.perf_counter() - start)

    def _login(self, searches: Any, binds: Any, person: Known) -> None:
        filter_ = FILTER.format(login=escape_filter_chars(person.login))
        searches.search(self._base, filter_, ldap3.SUBTREE, attributes=self._attributes, size_limit=2)
        (entry,) = searches.response
        groups = entry["raw_attributes"]["memberOf"]
        right = binds.rebind(entry["dn"], person.password, read_server_info=False)
        if not right or entry["dn"] != person.dn or len(groups) != many_people.GROUPS_EACH:
            raise RuntimeError(f"a login of {entry['dn']} went wrong")


def _connection(server: Any, dn: str, password: bytes) -> Any:
    connection = ldap3.Connection(
        server,
        dn,
        password,
        client_strategy=ldap3.SYNC,
        auto_bind=ldap3.AUTO_BIND_NO_TLS,
        auto_referrals=False,
        auto_range=False,
        auto_escape=False,
        auto_encode=False,
        check_names=False,
        return_empty_attributes=False,
        collect_usage=False,
        fast_decoder=True,
    )
    connection.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection
