"""An issuer's keys over HTTPS: one time-out for all of it, no redirect followed, no more read than keys can be."""

from typing import Any, Literal
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import aiohttp

from ldap_token_bridge.tokens import MAX_JWKS, TrustedKeys, json_object

from .model import KeysAddress

_SECONDS = 5.0
_OK = 200
_DISCOVERY = "/.well-known/openid-configuration"  # OpenID Connect Discovery 1.0 section 4
# Packed bodies could grow without a bound, and are not asked for.
_HEADERS = {"Accept": "application/json", "Accept-Encoding": "identity"}


FetchFailure = Literal["timeout", "connection", "tls", "status", "content"]


class CannotFetch(Exception):
    """The keys cannot be had; the text says from where and why, `reason` sorts it for the metric."""

    def __init__(self, text: str, reason: FetchFailure) -> None:
        super().__init__(text)
        self.reason: FetchFailure = reason


async def fetch_keys(address: KeysAddress, seconds: float = _SECONDS) -> TrustedKeys:
    """The keys that the issuer publishes now. Raises CannotFetch."""
    try:
        async with aiohttp.ClientSession(
            timeout=aiohttp.ClientTimeout(total=seconds), headers=_HEADERS, auto_decompress=False
        ) as session:
            url = address.jwks_url or await _discover(session, address)
            text = await _get(session, url, address)
    except TimeoutError:
        raise CannotFetch(f"{address.jwks_url or address.issuer}: no answer within {seconds:g} s", "timeout") from None
    try:
        return TrustedKeys.of_jwks(text)
    except ValueError as error:
        raise CannotFetch(f"{url}: {error}", "content") from None


async def _discover(session: aiohttp.ClientSession, address: KeysAddress) -> str:
    """The address of the JWKS, from a document that must be the issuer's own (Discovery section 4.3)."""
    url = address.issuer.removesuffix("/") + _DISCOVERY
    text = await _get(session, url, address)
    try:
        document: dict[str, Any] = json_object(text)
    except ValueError as error:
        raise CannotFetch(f"{url}: {error}", "content") from None
    if document.get("issuer") != address.issuer:
        raise CannotFetch(f"{url}: its issuer is not {address.issuer!r}, to the letter", "content")
    found = document.get("jwks_uri")
    if not isinstance(found, str) or not found.startswith("https://") or not found.isprintable():
        raise CannotFetch(f"{url}: its jwks_uri is no https:// address", "content")
    return found


async def _get(session: aiohttp.ClientSession, url: str, address: KeysAddress) -> bytes:
    try:
        async with session.get(url, ssl=address.tls, proxy=_proxy(url), allow_redirects=False) as response:
            if response.status != _OK:
                raise CannotFetch(f"{url}: answers with status {response.status}", "status")
            body = bytearray()
            async for chunk in response.content.iter_chunked(16 * 1024):
                body += chunk
                if len(body) > MAX_JWKS:
                    raise CannotFetch(f"{url}: answers with more than {MAX_JWKS // 1024} KiB", "content")
    except (aiohttp.ClientError, OSError, ValueError) as error:
        if isinstance(error, TimeoutError):
            raise
        kind: FetchFailure = "tls" if isinstance(error, aiohttp.ClientSSLError) else "connection"
        raise CannotFetch(f"{url}: {_reason(error)}", kind) from None
    return bytes(body)


def _reason(error: Exception) -> str:
    """As it stands in the innermost of aiohttp's wrappings; they name the host, which the caller does already."""
    inner: object = getattr(error, "certificate_error", None) or getattr(error, "os_error", None) or error
    said = getattr(inner, "verify_message", "") or getattr(inner, "strerror", "") or str(inner)
    return str(said or type(inner).__name__)


def _proxy(url: str) -> str | None:
    """By HTTPS_PROXY and NO_PROXY; TLS still ends at the issuer. aiohttp's own way would send logins of a .netrc."""
    return None if proxy_bypass(urlsplit(url).hostname or "") else getproxies().get("https")
