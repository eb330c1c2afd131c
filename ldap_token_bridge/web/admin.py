"""The application for operations, on a listener of its own: metrics, readiness in detail, and flushing the memory."""

from collections.abc import Callable, Mapping

from aiohttp import web

from ldap_token_bridge.observe import Metrics

from .flush import FLUSH_PATH, Flush, flush_handler
from .public import Obstacle, healthy, in_both_shapes, name_no_versions, no_obstacle, not_ready

Detail = Callable[[], Mapping[str, object]]
_MAX_BODY = 4096


def admin_app(metrics: Metrics, detail: Detail, flush: Flush, obstacle: Obstacle = no_obstacle) -> web.Application:
    """`detail` gives what `/readyz?verbose` shows; `flush` forgets an account, or everyone."""

    async def render(_request: web.Request) -> web.Response:
        return web.Response(body=metrics.render(), headers={"Content-Type": metrics.content_type})

    async def ready(request: web.Request) -> web.Response:
        why = obstacle()
        if "verbose" in request.query:
            return web.json_response(dict(detail()), status=503 if why else 200)
        return not_ready(why) if why else await healthy(request)

    app = web.Application(client_max_size=_MAX_BODY, middlewares=[in_both_shapes])
    app.on_response_prepare.append(name_no_versions)
    app.router.add_get("/metrics", render)
    app.router.add_get("/livez", healthy)
    app.router.add_get("/readyz", ready)
    app.router.add_post(FLUSH_PATH, flush_handler(flush))
    return app
