"""What a bare aiohttp handler does on this machine: `python -m tests.bench.service.yardstick PORT BODY`, a process.

`bare` answers with a body of the size of the bridge's; `signed` makes it of a token that PyJWT signs for each request,
with the bridge's own key and claims of the same shape. No input is read, nobody is asked, nothing is written down.
"""

import argparse
import asyncio
import base64
import json
import secrets
import ssl
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import jwt
from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key

from tests.support.process import Process, answers, free_port

from .bridge import ROOT, BenchBridge

_LIFETIME = 900
Handler = Callable[[web.Request], Awaitable[web.Response]]


class Yardstick(Process):
    """That process, with the key, the reply's size, the certificate and the event loop of a bridge; `signed` or not."""

    def __init__(self, bridge: BenchBridge, *, signed: bool, uvloop: bool | None = None) -> None:
        """`uvloop` where it is not to be as in the bridge, which must run."""
        port = free_port()
        self.url = f"{'https' if bridge.tls else 'http'}://127.0.0.1:{port}"
        like_ours = bridge.uses_uvloop if uvloop is None else uvloop
        self.name = f"aiohttp-{'signed' if signed else 'bare'}{'-uvloop' if like_ours else ''}"
        """As it stands in the lines."""
        body = ["--key", str(bridge.key)] if signed else ["--size", str(bridge.reply_size)]
        tls = ["--tls", str(bridge.tls.certificate), str(bridge.tls.key)] if bridge.tls else []
        loop = ["--uvloop"] if like_ours else []
        super().__init__(
            [sys.executable, "-m", "tests.bench.service.yardstick", str(port), *body, *tls, *loop],
            bridge.folder / f"{self.name}-{port}.log",
            lambda: answers("127.0.0.1", port),
            {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT)},
        )


def _bare(size: int) -> Handler:
    body = json.dumps({"token": "x" * (size - len('{"token": ""}'))}).encode()

    async def answer(_request: web.Request) -> web.Response:
        return web.Response(body=body, content_type="application/json", headers={"Cache-Control": "no-store"})

    return answer


def _signed(path: Path) -> Handler:
    private: Any = load_pem_private_key(path.read_bytes(), None)
    certificate = x509.load_pem_x509_certificate(path.with_suffix(".crt").read_bytes())
    x5c = [base64.b64encode(certificate.public_bytes(Encoding.DER)).decode()]
    algorithm = "RS256" if hasattr(private, "decrypt") else "ES256"
    headers = {"kid": ":".join(["ABCD"] * 12), "x5c": x5c}

    async def answer(_request: web.Request) -> web.Response:
        now = int(time.time())
        claims = {
            "iss": "bridge.test",
            "sub": "p00000",
            "aud": "registry.test",
            "exp": now + _LIFETIME,
            "nbf": now,
            "iat": now,
            "jti": secrets.token_hex(16),
            "access": [{"type": "repository", "name": "team-00/some/image", "actions": ["pull"]}],
        }
        token = jwt.encode(claims, private, algorithm, headers)
        body = {"token": token, "access_token": token, "expires_in": _LIFETIME}
        return web.json_response(body, headers={"Cache-Control": "no-store"})

    return answer


async def _serve(options: argparse.Namespace) -> None:
    app = web.Application()
    app.router.add_get("/token", _signed(options.key) if options.key else _bare(options.size))
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    tls = None
    if options.tls:
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(*options.tls)
    await web.TCPSite(runner, "127.0.0.1", options.port, ssl_context=tls).start()
    await asyncio.Event().wait()


def main() -> None:
    """Serves until it is killed."""
    parser = argparse.ArgumentParser()
    parser.add_argument("port", type=int)
    parser.add_argument("--size", type=int, default=100)
    parser.add_argument("--key", type=Path)
    parser.add_argument("--tls", nargs=2)
    parser.add_argument("--uvloop", action="store_true")
    options = parser.parse_args()
    if options.uvloop:
        import uvloop  # type: ignore[import-not-found,unused-ignore]  # noqa: PLC0415 -- where the bridge has it, too

        asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())
    asyncio.run(_serve(options))


if __name__ == "__main__":
    main()
