"""A container registry beside the demo, where one is installed: told to trust the bridge, stopped at the end."""

import asyncio
import json
import os
import secrets
import shutil
import socket
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import aiohttp

from ldap_token_bridge.errors import Unavailable

from .home import ISSUER, SERVICE, Home

# distribution's own name for the binary, and Debian's.
_PROGRAMS = ("registry", "docker-registry")
_PROJECT = b"/distribution"  # both name it: github.com/docker/distribution, github.com/distribution/distribution
_NOTHING = asyncio.subprocess.DEVNULL
_START_SECONDS = 20.0
_STOP_SECONDS = 5.0
_POLL_SECONDS = 0.1


async def find_registry() -> str:
    """Path of the registry's program, empty if none is on PATH. Another program of the same name does not count."""
    for name in _PROGRAMS:
        program = shutil.which(name)
        if program and _PROJECT in await _version(program):
            return program
    return ""


async def _version(program: str) -> bytes:
    """What the program says about itself, empty if it does not."""
    try:
        process = await asyncio.create_subprocess_exec(
            program, "--version", stdin=_NOTHING, stdout=asyncio.subprocess.PIPE, stderr=_NOTHING
        )
    except OSError:
        return b""
    try:
        async with asyncio.timeout(_STOP_SECONDS):
            said, _ = await process.communicate()
            return said
    except TimeoutError:
        return b""
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


class DemoRegistry:
    """One registry on a free port of 127.0.0.1, with its storage in the demo's folder."""

    def __init__(self, program: str, home: Home, token_url: str) -> None:
        self.program = program
        self.address = f"127.0.0.1:{_free_port()}"
        self.url = f"http://{self.address}"
        self._folder = home.folder / "registry"
        self._log = self._folder / "registry.log"
        self._config = _config(self.address, self._folder / "storage", token_url, home.bundle)
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        """Starts it and waits until it answers; raises Unavailable with the end of its log."""
        self._folder.mkdir()
        config = self._folder / "config.yml"
        config.write_text(json.dumps(self._config, indent=2), encoding="utf-8")  # JSON is YAML, too
        # A variable REGISTRY_… that happens to be set must not change what is written there.
        environment = {name: value for name, value in os.environ.items() if not name.startswith("REGISTRY_")}
        with self._log.open("wb") as log:
            self._process = await asyncio.create_subprocess_exec(
                self.program, "serve", str(config), stdin=_NOTHING, stdout=log, stderr=log, env=environment
            )
        try:
            async with asyncio.timeout(_START_SECONDS), aiohttp.ClientSession() as session:
                while not await self._answers(session):  # noqa: ASYNC110 -- another program sets no event of ours
                    await asyncio.sleep(_POLL_SECONDS)
        except BaseException as error:
            await self.stop()
            if isinstance(error, TimeoutError):
                raise self._failure(f"did not answer within {_START_SECONDS:g} s") from None
            raise

    async def stop(self) -> None:
        """Ends it, by force if it does not leave by itself."""
        process, self._process = self._process, None
        if process is None:
            return
        with suppress(ProcessLookupError):
            process.terminate()
        try:
            async with asyncio.timeout(_STOP_SECONDS):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()

    async def _answers(self, session: aiohttp.ClientSession) -> bool:
        if self._process is None or self._process.returncode is not None:
            raise self._failure("stopped at once")
        try:
            async with session.get(f"{self.url}/v2/") as answer:
                # A registry without this header took up no token settings, or it is another program on this port.
                return answer.headers.get("Docker-Distribution-Api-Version") == "registry/2.0"
        except aiohttp.ClientConnectionError:
            return False

    def _failure(self, what: str) -> Unavailable:
        lines = self._log.read_text(encoding="utf-8", errors="replace").splitlines()[-3:]
        return Unavailable("\n  ".join([f"the registry ({self.program}) {what}; the end of its log:", *lines]))


def _config(address: str, storage: Path, token_url: str, bundle: Path) -> Mapping[str, object]:
    token = {"realm": token_url, "service": SERVICE, "issuer": ISSUER, "rootcertbundle": str(bundle)}
    return {
        "version": 0.1,
        "log": {"level": "warn"},
        "storage": {"filesystem": {"rootdirectory": str(storage)}, "delete": {"enabled": True}},
        "http": {"addr": address, "secret": secrets.token_hex(16)},
        "auth": {"token": token},
    }


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
