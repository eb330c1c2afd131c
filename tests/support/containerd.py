"""containerd, which a kubelet pulls images by: root. It asks for tokens as the kubelet has it do."""

import shutil
import tempfile
from pathlib import Path

from . import oci_image
from .clients import As, Outcome, run
from .process import Process

PROGRAM = "containerd"
_SETTINGS = """\
version = 2
root = "{folder}/root"
state = "{folder}/state"
disabled_plugins = ["io.containerd.grpc.v1.cri"]
[grpc]
address = "{folder}/s"
[ttrpc]
address = "{folder}/t"
"""


class Containerd(Process):
    """`containerd` in a folder of its own, with `ctr` to push and pull; a context manager. It stores no login."""

    def __init__(self, home: Path) -> None:
        home.mkdir(parents=True, exist_ok=True)
        self._home = home
        # The path of a socket may not be longer than some 100 characters.
        self._short = Path(tempfile.mkdtemp(prefix="containerd-"))
        settings = self._short / "config.toml"
        settings.write_text(_SETTINGS.format(folder=self._short))
        command = [str(shutil.which(PROGRAM)), "--config", str(settings)]
        super().__init__(command, home / "containerd.log", lambda: self._run("version").ok)

    def push(self, image: str, who: As | None) -> Outcome:
        """Pushes a minimal image."""
        layout = oci_image.build(self._home / "image")
        packed = shutil.make_archive(str(self._home / "image"), "tar", layout)
        taken_in = self._run("images", "import", "--no-unpack", "--index-name", image, packed)
        return self._run("images", "push", *_options(who), image) if taken_in.ok else taken_in

    def pull(self, image: str, who: As | None) -> Outcome:
        """Fetches all that an image is made of, without unpacking it."""
        return self._run("content", "fetch", *_options(who), image)

    def stop(self) -> None:
        """Ends it, and takes its folder away."""
        super().stop()
        shutil.rmtree(self._short, ignore_errors=True)

    def _run(self, *arguments: str) -> Outcome:
        return run(["ctr", "--address", str(self._short / "s"), *arguments], self._home)


def _options(who: As | None) -> list[str]:
    return ["--plain-http", *(("--user", str(who)) if who else ())]
