"""Test tokens: as the bridge makes them, and with more and more changed. The first one believed tells what is wrong.

They grant nothing and are nobody's; they live as long as the bridge's own.
"""

from collections.abc import Iterator, Sequence
from dataclasses import fields
from itertools import islice, product

from ldap_token_bridge.checkup.exchange import split
from ldap_token_bridge.values import dataclass

_MOST = 120  # requests; each single change and most pairs of changes come first
# What differs by less than this is the same time: servers tell it in whole seconds.
_SAME_TIME = 5.0
# Of people who come from another token server: the examples of distribution and docker_auth, Harbor, GitLab.
_COMMON = (
    "registry-token-issuer",
    "Acme auth server",
    "harbor-token-issuer",
    "gitlab-issuer",
    "omnibus-gitlab-issuer",
)


@dataclass(frozen=True, slots=True)
class Trial:
    """What one test token is like: the name of its key, and by whose clock it is dated, in seconds ahead of ours."""

    key: str
    x5c: bool
    issuer: str
    ahead: float

    def changes(self, usual: "Trial") -> frozenset[str]:
        """The fields in which it differs."""
        return frozenset(each.name for each in fields(self) if getattr(self, each.name) != getattr(usual, each.name))


def trials(usual: Trial, keys: Sequence[str], issuers: Sequence[str], registry_ahead: float | None) -> Iterator[Trial]:
    """The usual one first, then with one change, with two, and so on."""
    clocks = [usual.ahead]
    if registry_ahead is not None and abs(registry_ahead - usual.ahead) > _SAME_TIME:
        clocks.append(registry_ahead)
    issuers = list(dict.fromkeys([usual.issuer, *issuers]))
    keys = list(dict.fromkeys([usual.key, *keys]))
    every = [Trial(*each) for each in product(keys, (usual.x5c, not usual.x5c), issuers, clocks)]
    return islice(sorted(every, key=lambda trial: len(trial.changes(usual))), _MOST)


def likely_issuers(issuer: str, services: Sequence[str], realm: str, registry: str) -> list[str]:
    """What people write as `auth.token.issuer` in place of `issuer`; the two last are addresses."""
    bare = issuer.partition("://")[2] or issuer
    found = [bare, f"https://{bare}", f"http://{bare}", issuer.rstrip("/"), f"{issuer}/", issuer.lower(), *services]
    for url in (realm, registry):
        parts = split(url)
        found += [parts.hostname or "", parts.netloc, f"{parts.scheme}://{parts.netloc}", url]
    return [each for each in dict.fromkeys([*found, *_COMMON]) if each and each != issuer]
