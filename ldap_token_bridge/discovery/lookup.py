"""One question to the system's name servers: the only place that knows dnspython."""

import re

import dns.asyncresolver
import dns.exception
import dns.name
import dns.rdatatype
import dns.rdtypes.IN.SRV
import dns.resolver

from .answer import Answer, LookupFailed
from .order import Service, Target

SECONDS = 4.0  # for one question, all name servers and tries together
_SECONDS_A_TRY = 1.5
_HOST = re.compile(r"[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*")
_LONGEST_SHOWN = 100


async def look_up(name: str) -> Answer:
    """The SRV records of a name, which is taken as it stands, without the search list. Raises LookupFailed."""
    try:
        answer = await _resolver().resolve(dns.name.from_text(name), dns.rdatatype.SRV, search=False)
    except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
        return Answer()
    except dns.resolver.NoResolverConfiguration:
        raise LookupFailed("this system has no name servers: /etc/resolv.conf") from None
    except dns.exception.Timeout:
        raise LookupFailed(f"no name server answered within {SECONDS:g} s") from None
    except (dns.exception.DNSException, OSError) as error:
        raise LookupFailed(f"no name server could answer ({type(error).__name__})") from None
    return _read(answer, answer.chaining_result.minimum_ttl)


def _resolver() -> dns.asyncresolver.Resolver:
    """A new one each time, so that changed name servers of the system are taken up."""
    resolver = dns.asyncresolver.Resolver()
    resolver.lifetime = SECONDS
    resolver.timeout = _SECONDS_A_TRY
    return resolver


def _read(records: dns.resolver.Answer, seconds: float) -> Answer:
    services: list[Service] = []
    odd: list[str] = []
    for record in records:
        if not isinstance(record, dns.rdtypes.IN.SRV.SRV):
            continue
        if record.target == dns.name.root:
            continue  # "decidedly not available at this domain" (RFC 2782)
        host = record.target.to_text(omit_final_dot=True).lower()
        if _HOST.fullmatch(host) and record.port:
            services.append(Service(record.priority, record.weight, Target(host, record.port)))
        else:
            odd.append(host[:_LONGEST_SHOWN])
    return Answer(tuple(services), seconds, tuple(odd))
