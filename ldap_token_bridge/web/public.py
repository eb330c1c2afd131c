"""The application that clients and registries reach: tokens, public keys, health."""

from collections.abc import Awaitable, Callable

from aiohttp import web

from ldap_token_bridge.token_service import TokenService

from . import answers
from .messages import REFUSED_ITSELF
from .token_endpoint import TokenEndpoint

# All are served, with and without a trailing slash; a redirect would drop the credentials.
TOKEN_PATHS = ("/token", "/auth", "/auth/token")
# A long list of scopes and a password of a kilobyte in base64 exceed aiohttp's 8190.
MAX_LINE = 65536
MAX_BODY = 65536

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


Obstacle = Callable[[], str]
"""What stands against being ready, for operators; empty if nothing does."""


def no_obstacle() -> str:
    """Ready, always."""
    return ""


def public_app(endpoint: TokenEndpoint, service: TokenService, obstacle: Obstacle = no_obstacle) -> web.Application:
    """The public application. `service` gives the keys in force. Of an obstacle only that there is one is told."""

    async def jwks(_request: web.Request) -> web.Response:
        return web.json_response(service.snapshot.keyring.jwks())

    async def bundle(_request: web.Request) -> web.Response:
        return web.Response(text=service.snapshot.keyring.bundle_pem(), content_type="application/x-pem-file")

    async def ready(request: web.Request) -> web.Response:
        return not_ready(REFUSED_ITSELF) if obstacle() else await healthy(request)

    app = web.Application(client_max_size=MAX_BODY, middlewares=[in_both_shapes])
    for path in token_handlers(endpoint):
        app.router.add_get(path, endpoint.answer, allow_head=False)
        app.router.add_post(path, endpoint.answer)
    app.router.add_get("/jwks.json", jwks)
    app.router.add_get("/bundle.pem", bundle)
    for path in ("/livez", "/healthz"):
        app.router.add_get(path, healthy)
    app.router.add_get("/readyz", ready)
    app.on_response_prepare.append(name_no_versions)
    return app


def token_handlers(endpoint: TokenEndpoint) -> dict[str, TokenEndpoint]:
    """What answers GET and POST, by path."""
    return {spelling: endpoint for path in TOKEN_PATHS for spelling in (path, f"{path}/")}


async def healthy(_request: web.Request) -> web.Response:
    """The process lives, and has policy and keys: it does not listen without them.

    An outage of the directory is no reason to restart or to take the bridge out of service. To be refused by it from
    the start on is one for the latter: another bridge may have the right password.
    """
    return web.Response(text="ok\n")


def not_ready(why: str) -> web.Response:
    """No requests are to be sent here for now."""
    return web.Response(status=503, text=f"not ready: {why}\n")


@web.middleware
async def in_both_shapes(request: web.Request, handler: Handler) -> web.StreamResponse:
    """What aiohttp refuses by itself, as every other refusal."""
    try:
        return await handler(request)
    except web.HTTPException as problem:
        return answers.of_http_error(problem)


async def name_no_versions(_request: web.Request, response: web.StreamResponse) -> None:
    """Nobody needs to know which version of what answers."""
    response.headers["Server"] = answers.SERVER
