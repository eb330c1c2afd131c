"""What a token says, once its signature is proved: whether it counts here and now, and which workload it is."""

from collections.abc import Mapping
from typing import Any, TypeGuard

from ldap_token_bridge.tokens import LEEWAY_SECONDS

from .model import Issuer, WorkloadRefusal

_MAX_SHOWN = 200
_LATEST = 2**40  # seconds since 1970; beyond any date


def judge(claims: Mapping[str, Any], issuer: Issuer, now: float) -> str | WorkloadRefusal:
    """The workload's name, or what speaks against the token. `now` in seconds since 1970."""
    if claims.get("iss") != issuer.issuer:
        return WorkloadRefusal.WRONG_ISSUER
    return _complaint_of_times(claims, issuer, now) or _complaint_of_audience(claims, issuer) or _name(claims, issuer)


def safe_claims(claims: Mapping[str, Any]) -> dict[str, str]:
    """What the audit line may tell: `sub` and `jti`, shortened, empty if they are no texts."""
    values = {name: claims.get(name) for name in ("sub", "jti")}
    return {name: value[:_MAX_SHOWN] if isinstance(value, str) else "" for name, value in values.items()}


def as_texts(claims: Mapping[str, Any]) -> dict[str, str]:
    """The claims that an entry can ask for: texts as they are, `true` and whole numbers as they are written in JSON.

    Lists, objects, null and broken numbers match nothing.
    """
    texts = {}
    for name, value in claims.items():
        if isinstance(value, bool):
            texts[name] = "true" if value else "false"
        elif isinstance(value, str | int):
            texts[name] = str(value)
    return texts


def _complaint_of_times(claims: Mapping[str, Any], issuer: Issuer, now: float) -> WorkloadRefusal | None:
    end, begin, start = claims.get("exp"), claims.get("iat"), claims.get("nbf", 0)
    if end is None:
        # The Secrets of old clusters hold such tokens, which are good for ever.
        return WorkloadRefusal.LIVES_TOO_LONG
    if not (_is_time(end) and _is_time(begin) and _is_time(start)):
        return WorkloadRefusal.MALFORMED
    if now >= end + LEEWAY_SECONDS:
        return WorkloadRefusal.EXPIRED
    if now < max(begin, start) - LEEWAY_SECONDS:
        return WorkloadRefusal.NOT_YET_VALID
    return WorkloadRefusal.LIVES_TOO_LONG if end - begin > issuer.max_lifetime else None


def _is_time(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < _LATEST


def _complaint_of_audience(claims: Mapping[str, Any], issuer: Issuer) -> WorkloadRefusal | None:
    """RFC 7519 section 4.1.3: one text, or a list of texts."""
    found = claims.get("aud")
    audiences = found if isinstance(found, list) else [found]
    if not all(isinstance(each, str) for each in audiences) or issuer.audience not in audiences:
        return WorkloadRefusal.WRONG_AUDIENCE
    return None


def _name(claims: Mapping[str, Any], issuer: Issuer) -> str | WorkloadRefusal:
    texts = as_texts(claims)
    names = {entry.name for entry in issuer.entries if entry.fits(texts)}
    if len(names) > 1:
        return WorkloadRefusal.AMBIGUOUS  # the order of entries never decides
    return names.pop() if names else WorkloadRefusal.NO_SUBJECT
