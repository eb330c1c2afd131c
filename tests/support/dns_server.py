"""A name server that says what it is told, over UDP and TCP on one port of 127.0.0.1.

    async with DnsServer() as dns:
        dns.serve("_ldap._tcp.corp.test", (0, 100, 636, "dc1.corp.test"), ttl=600)
        dns.failure = dns.SERVFAIL

Hosts have addresses for `answered_by`, which makes them resolve in this process.
"""

import asyncio
import contextlib
import socket
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self, cast

import dns.asyncresolver
import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.rrset
import pytest

from ldap_token_bridge.discovery import lookup

Srv = tuple[int, int, int, str]
"""Priority, weight, port, target."""

_TRIES = 50


@dataclass(eq=False)
class DnsServer:
    """`failure` answers every question; `silent` answers none; `truncate` sends everybody to TCP."""

    port: int = 0
    failure: dns.rcode.Rcode | None = None
    silent: bool = False
    truncate: bool = False
    garbage: bytes = b""
    asked: list[str] = field(default_factory=list)
    over_tcp: int = 0
    _records: dict[str, dns.rrset.RRset] = field(default_factory=dict)
    _aliases: dict[str, dns.rrset.RRset] = field(default_factory=dict)
    _udp: asyncio.DatagramTransport | None = None
    _tcp: asyncio.Server | None = None

    SERVFAIL = dns.rcode.SERVFAIL
    REFUSED = dns.rcode.REFUSED

    def serve(self, name: str, *records: Srv, ttl: int = 600) -> None:
        """The SRV records of a name, in place of those before; none: the name exists without any."""
        texts = [f"{priority} {weight} {port} {target.rstrip('.')}." for priority, weight, port, target in records]
        self._records[name.lower()] = dns.rrset.from_text(f"{name}.", ttl, "IN", "SRV", *texts)

    def alias(self, name: str, other: str, *, ttl: int = 600) -> None:
        """A CNAME."""
        self._aliases[name.lower()] = dns.rrset.from_text(f"{name}.", ttl, "IN", "CNAME", f"{other}.")

    def answer(self, octets: bytes) -> bytes:
        """The answer to a question."""
        query = dns.message.from_wire(octets)
        name = query.question[0].name.to_text(omit_final_dot=True).lower()
        self.asked.append(name)
        response = dns.message.make_response(query)
        response.flags |= dns.flags.RA
        if self.failure is not None:
            response.set_rcode(self.failure)
            return response.to_wire()
        if name in self._aliases:
            response.answer.append(self._aliases[name])
            name = self._aliases[name][0].target.to_text(omit_final_dot=True)
        records = self._records.get(name)
        if records is None:
            response.set_rcode(dns.rcode.NXDOMAIN)
        elif len(records):
            response.answer.append(records)
        return response.to_wire()

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        for _ in range(_TRIES):
            self._tcp = await asyncio.start_server(self._serve_tcp, "127.0.0.1", 0)
            self.port = self._tcp.sockets[0].getsockname()[1]
            try:
                self._udp, _ = await loop.create_datagram_endpoint(lambda: _Udp(self), ("127.0.0.1", self.port))
            except OSError:  # another program's UDP port
                self._tcp.close()
                continue
            return self
        raise OSError("no port is free for both UDP and TCP")

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._udp is not None and self._tcp is not None:
            self._udp.close()
            self._tcp.close()
            await asyncio.sleep(0)

    async def _serve_tcp(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            size = int.from_bytes(await reader.readexactly(2), "big")
            octets = self.answer(await reader.readexactly(size))
            self.over_tcp += 1
            writer.write(len(octets).to_bytes(2, "big") + octets)
            await writer.drain()
        writer.close()


class _Udp(asyncio.DatagramProtocol):
    def __init__(self, server: DnsServer) -> None:
        self._server = server
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: Any) -> None:
        server = self._server
        assert self._transport is not None
        if server.silent:
            server.asked.append("")
        elif server.garbage:
            self._transport.sendto(server.garbage, addr)
        elif server.truncate:
            response = dns.message.make_response(dns.message.from_wire(data))
            response.flags |= dns.flags.TC
            self._transport.sendto(response.to_wire(), addr)
        else:
            self._transport.sendto(server.answer(data), addr)


def answered_by(server: DnsServer, monkeypatch: pytest.MonkeyPatch, **hosts: str) -> None:
    """From now on the bridge asks this server; `dc1_corp_test="127.0.0.1"` gives a host its address."""

    def resolver() -> dns.asyncresolver.Resolver:
        made = dns.asyncresolver.Resolver(configure=False)
        made.nameservers, made.port = ["127.0.0.1"], server.port
        made.lifetime, made.timeout = lookup.SECONDS, lookup.SECONDS / 2
        return made

    addresses = {name.replace("_", "."): address for name, address in hosts.items()}
    by_the_system = socket.getaddrinfo

    def getaddrinfo(host: Any, *rest: Any, **options: Any) -> Any:
        return by_the_system(addresses.get(host, host), *rest, **options)

    monkeypatch.setattr(lookup, "_resolver", resolver)
    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
