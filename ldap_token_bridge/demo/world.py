"""Everything that the demo runs, started in order and taken away again: directory, bridge, registry, folder."""

import secrets
import tempfile
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, redirect_stderr, redirect_stdout
from pathlib import Path

from ldap_token_bridge.identity import Secret
from ldap_token_bridge.serve import Bridge
from ldap_token_bridge.settings import load_settings
from ldap_token_bridge.values import dataclass

from .directory import SampleDirectory
from .home import Home, furnish
from .registry import DemoRegistry, find_registry
from .tree import sample_tree


@dataclass(frozen=True, slots=True)
class World:
    """What is running. `registry` is None where no registry is installed."""

    home: Home
    directory_url: str
    token_url: str
    registry: DemoRegistry | None


@asynccontextmanager
async def running_world() -> AsyncIterator[World]:
    """Starts it all, and leaves nothing behind; raises BridgeError if something does not start.

    What the bridge writes as a service goes to files in the folder: its log, and the audit trail from standard output.
    """
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="ldap-token-bridge-demo-")))
        service_password = secrets.token_urlsafe(24)
        directory = SampleDirectory(sample_tree(Secret(service_password.encode())))
        stack.push_async_callback(directory.stop)
        port = await directory.start()
        home = furnish(folder, port, service_password)

        stack.enter_context(redirect_stderr(stack.enter_context(home.log.open("w", encoding="utf-8"))))
        stack.enter_context(redirect_stdout(stack.enter_context(home.audit.open("w", encoding="utf-8"))))
        # The caller's environment is for the caller's bridge: no LTB_… variable counts here.
        bridge = Bridge(lambda: load_settings(home.settings, {}))
        await bridge.start()
        stack.push_async_callback(bridge.stop)
        token_url = f"http://{bridge.address}/token"

        registry = DemoRegistry(program, home, token_url) if (program := await find_registry()) else None
        if registry:
            stack.push_async_callback(registry.stop)
            await registry.start()
        yield World(home, f"ldap://127.0.0.1:{port}", token_url, registry)
