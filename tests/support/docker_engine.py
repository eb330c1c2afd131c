"""Docker's engine, for the pushes and pulls that the command line alone cannot do: root, no network of its own."""

import io
import os
import shutil
import tarfile
import tempfile
from pathlib import Path

from .clients import As, Outcome, run
from .process import Process

PROGRAM = "dockerd"


class DockerEngine(Process):
    """`dockerd` in a folder of its own, with a client that logs in, pushes and pulls through it; a context manager."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._home = folder
        # The path of a socket may not be longer than some 100 characters.
        self._short = Path(tempfile.mkdtemp(prefix="dockerd-"))
        socket = self._short / "s"
        self._client = ["docker", "--host", f"unix://{socket}"]
        command = [
            str(shutil.which(PROGRAM)),
            *("--host", f"unix://{socket}", "--data-root", str(folder / "data"), "--exec-root", str(self._short / "x")),
            *("--pidfile", str(self._short / "pid"), "--iptables=false", "--ip6tables=false", "--bridge=none"),
            *("--storage-driver=vfs", "--insecure-registry", "127.0.0.0/8"),
        ]
        super().__init__(command, folder / "dockerd.log", lambda: self._run("info").ok, {"PATH": os.environ["PATH"]})

    def login(self, registry: str, who: As) -> Outcome:
        """Through the engine, which asks the registry and the bridge itself."""
        return run(
            [*self._client, "login", "--username", who.login, "--password-stdin", registry], self._home, who.secret
        )

    def push(self, image: str) -> Outcome:
        """Makes an image of one small file and pushes it."""
        content = io.BytesIO()
        with tarfile.open(fileobj=content, mode="w") as archive:
            archive.add(__file__, "file")
        layer = self._home / "layer.tar"
        layer.write_bytes(content.getvalue())
        made = self._run("import", str(layer), image)
        return self._run("push", image) if made.ok else made

    def pull(self, image: str) -> Outcome:
        """Pulls it anew."""
        self._run("image", "rm", image)
        return self._run("pull", image)

    def stop(self) -> None:
        """Ends it, and takes its folder away."""
        super().stop()
        shutil.rmtree(self._short, ignore_errors=True)

    def _run(self, *arguments: str) -> Outcome:
        return run([*self._client, *arguments], self._home)
