"""POST /cache/flush on the admin listener: what is remembered of one account, or of everyone, is forgotten."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping

from aiohttp import web

from ldap_token_bridge.errors import BadRequest, Unavailable

from . import answers

FLUSH_PATH = "/cache/flush"
Flush = Callable[[str], Awaitable[Mapping[str, object]]]
"""Forgets an account, by name; everyone if that is empty. Gives what was forgotten, for people."""

_MAX_NAME = 256
_PATIENCE = 5.0  # seconds for the body: few may be connected here, and those who wait would keep out the probes


def flush_handler(flush: Flush) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    """The handler; the account stands in the query or in a JSON body, and nowhere for everyone."""

    async def handle(request: web.Request) -> web.StreamResponse:
        # A page in some browser on this machine could send it, too; programs name no origin.
        if "Origin" in request.headers:
            return answers.error(403, "DENIED", "This is for programs and not for web pages.")
        try:
            async with asyncio.timeout(_PATIENCE):
                body = await request.read()
            account = _account_in(request, body)
            return web.json_response({"account": account, "forgotten": dict(await flush(account))})
        except TimeoutError:
            return answers.error(408, "UNSUPPORTED", "The body did not come in time.")
        except BadRequest as problem:
            return answers.error(400, "UNSUPPORTED", str(problem))
        except Unavailable as problem:
            return answers.error(503, "UNAVAILABLE", str(problem), headers={"Retry-After": str(problem.retry_after)})

    return handle


def _account_in(request: web.Request, body: bytes) -> str:
    """Raises BadRequest rather than take a slip for `everyone`."""
    in_body = _of_body(body) if body else None
    in_query = request.query.getall("account", [])
    if unknown := sorted(set(request.query) - {"account"}):
        raise BadRequest(f"the query has {unknown[0][:50]!r}, which is not known here; only account is")
    named = [*in_query, *([] if in_body is None else [in_body])]
    if len(named) > 1:
        raise BadRequest("account stands more than once")
    if named and not (0 < len(named[0]) <= _MAX_NAME):
        raise BadRequest(f"account is empty or longer than {_MAX_NAME} characters; leave it out to forget everyone")
    return named[0] if named else ""


def _of_body(body: bytes) -> str | None:
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict) or set(value) - {"account"} or not isinstance(value.get("account", ""), str):
        raise BadRequest('the body must be JSON such as {"account": "alice"}, or empty to forget everyone')
    account: str | None = value.get("account")
    return account
