"""A token request as HTTP carries it, read into values: RFC 7617 for Basic, RFC 6749 for the form."""

import asyncio
import base64
import binascii
from collections.abc import Mapping, Sequence
from urllib.parse import unquote_plus

from aiohttp import web
from multidict import MultiMapping

from ldap_token_bridge.deadline import Deadline
from ldap_token_bridge.errors import BadRequest
from ldap_token_bridge.identity import Credentials, Secret
from ldap_token_bridge.token_service import TokenRequest

from .addresses import Address

Headers = MultiMapping[str]
_FORM = "application/x-www-form-urlencoded"
# More fields than any client sends; the bound keeps a hostile body from becoming a hundred thousand objects.
_MAX_FIELDS = 2000


class BadCredentials(Exception):
    """An Authorization header that holds no Basic credentials. Answered with 401, as RFC 7235 has it."""


class SlowClient(Exception):
    """The body did not come in time. Answered with 408."""


def read_query(path: str, headers: Headers, address: Address | None) -> TokenRequest:
    """What a GET from `address` asks for; `path` with its query as sent. Raises BadRequest or BadCredentials."""
    # The raw text: aiohttp's own reading mends what does not decode, and a mended scope is not what was asked for.
    fields = _fields(path.partition("?")[2])
    return TokenRequest(
        read_basic(headers.getall("Authorization", ())),
        _single(fields, "service"),
        tuple(fields.get("scope", ())),
        address,
        _single(fields, "account"),
        _single(fields, "client_id"),
        offline=_single(fields, "offline_token") == "true",
    )


async def read_form(request: web.Request, address: Address | None, deadline: Deadline) -> TokenRequest:
    """What a POST from `address` asks for; raises BadRequest or SlowClient."""
    charset = (request.charset or "utf-8").lower()
    if request.content_type != _FORM or charset not in ("utf-8", "utf8"):
        raise BadRequest(f"the body must be {_FORM} in UTF-8")
    if request.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise BadRequest("the body must not be packed (Content-Encoding)")
    try:
        async with asyncio.timeout_at(deadline.at):
            fields = _fields((await request.read()).decode())
    except UnicodeDecodeError:
        raise BadRequest("the form is not UTF-8") from None
    except TimeoutError:
        raise SlowClient from None
    except (web.RequestPayloadError, ConnectionError) as error:
        error.__traceback__ = None  # aiohttp keeps the error, and its frames what came of the body: a password, too
        raise BadRequest("the body ended early, or is not encoded as its headers say") from None
    for name in ("grant_type", "service", "client_id"):
        if not _single(fields, name):
            raise BadRequest(f"the form lacks {name}")
    if _single(fields, "access_type") not in ("", "online", "offline"):
        raise BadRequest("access_type must be online or offline")
    credentials, refresh_token = _grant(fields)
    if credentials and any(
        _is_of_another(header, credentials) for header in request.headers.getall("Authorization", ())
    ):
        raise BadRequest("the form and the Authorization header name two logins; send one of them")
    return TokenRequest(
        credentials,
        _single(fields, "service"),
        tuple(fields.get("scope", ())),
        address,
        credentials.username if credentials else "",
        _single(fields, "client_id"),
        offline=_single(fields, "access_type") == "offline",
        refresh_token=refresh_token,
    )


def _grant(fields: Mapping[str, Sequence[str]]) -> tuple[Credentials | None, Secret | None]:
    """The password, or the refresh token, by `grant_type`; raises BadRequest."""
    grant_type = _single(fields, "grant_type")
    if grant_type == "refresh_token":
        if not _single(fields, "refresh_token"):
            raise BadRequest("the form lacks refresh_token")
        return None, Secret(_single(fields, "refresh_token").encode())
    if grant_type != "password":
        raise BadRequest("grant_type must be password or refresh_token")
    if "username" not in fields or "password" not in fields:
        raise BadRequest("the form lacks username or password")
    return Credentials(_single(fields, "username"), Secret(_single(fields, "password").encode())), None


def read_basic(headers: Sequence[str]) -> Credentials | None:
    """The credentials of the Authorization header, None without one; raises BadCredentials.

    The password is what follows the first colon, byte for byte.
    """
    if not headers:
        return None
    scheme, _, encoded = headers[0].partition(" ")
    # Two headers would let a proxy check one and the bridge another.
    if len(headers) > 1 or scheme.lower() != "basic":
        raise BadCredentials
    try:
        username, colon, password = base64.b64decode(encoded.strip(" "), validate=True).partition(b":")
        if not colon:
            raise BadCredentials
        return Credentials(username.decode(), Secret(password))
    except (binascii.Error, ValueError):
        raise BadCredentials from None


def _is_of_another(header: str, credentials: Credentials) -> bool:
    """Whether it holds a login, and not this one: a proxy may have checked that, while the token is for this one."""
    if header.partition(" ")[0].lower() != "basic":
        return False
    try:
        return read_basic((header,)) != credentials
    except BadCredentials:
        return True


def _fields(text: str) -> Mapping[str, Sequence[str]]:
    """As `urllib.parse.parse_qsl` reads it, which takes three times as long for the many scopes of a push."""
    # What clients escape without need decodes to the same before the text is taken apart, and in a tenth of the time.
    pieces = text.replace("%3A", ":").replace("%2F", "/").replace("%2C", ",").split("&")
    if len(pieces) > _MAX_FIELDS:
        raise BadRequest(f"the query or form cannot be read: more than {_MAX_FIELDS} fields")
    fields: dict[str, list[str]] = {}
    try:
        for piece in pieces:
            if piece:
                name, _, value = piece.partition("=")
                fields.setdefault(_decoded(name), []).append(_decoded(value))
    except UnicodeDecodeError:
        raise BadRequest("the query or form cannot be read: not UTF-8") from None
    return fields


def _decoded(text: str) -> str:
    return unquote_plus(text, errors="strict") if "%" in text or "+" in text else text


def _single(fields: Mapping[str, Sequence[str]], name: str) -> str:
    """A parameter that may stand once (RFC 6749 section 3.2), empty if it is absent."""
    values = fields.get(name, ("",))
    if len(values) > 1:
        raise BadRequest(f"{name} stands more than once")
    return values[0]
