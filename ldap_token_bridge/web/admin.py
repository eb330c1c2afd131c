"""The application for operations, on a listener of its own: metrics and readiness in detail."""

from collections.abc import Callable, Mapping

from aiohttp import web

from ldap_token_bridge.observe import Metrics

from .public import healthy, name_no_versions

Detail = Callable[[], Mapping[str, object]]


def admin_app(metrics: Metrics, detail: Detail) -> web.Application:
    """`detail` gives what `/readyz?verbose` shows."""

    async def render(_request: web.Request) -> web.Response:
        return web.Response(body=metrics.render(), headers={"Content-Type": metrics.content_type})

    async def ready(request: web.Request) -> web.Response:
        return web.json_response(dict(detail())) if "verbose" in request.query else await healthy(request)

    app = web.Application()
    app.on_response_prepare.append(name_no_versions)
    app.router.add_get("/metrics", render)
    app.router.add_get("/livez", healthy)
    app.router.add_get("/readyz", ready)
    return app
