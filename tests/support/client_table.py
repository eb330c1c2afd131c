"""Every client that the journeys run: one table, and the same three calls on each.

An image is `127.0.0.1:PORT/team-a/app:1.0.0` to all of them, also where it is a chart or a plain file. Each client has
a home of its own, so what one login stores no other finds.
"""

import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from . import oci_image
from .clients import As, Docker, Outcome, run
from .helm_and_kubectl import HELM
from .process import require

SMALL = b"ldap-token-bridge"
_ORAS_SCRIPT = Path(__file__).with_name("oras_script.py")


class Client(Protocol):
    """`who` of None means: as whoever logged in before."""

    def login(self, registry: str, who: As) -> Outcome:
        """Logs in and stores it."""

    def push(self, image: str, who: As | None = None, content: bytes = SMALL) -> Outcome:
        """Pushes something with that content, in the form that the client has for it."""

    def pull(self, image: str, who: As | None = None) -> Outcome:
        """Pulls what a client of its kind has pushed."""


class DockerCommand:
    """The docker command line. Without an engine it can do nothing but log in (the engine: docker_engine.py)."""

    def __init__(self, folder: Path) -> None:
        self._docker = Docker(folder)

    def login(self, registry: str, who: As) -> Outcome:
        return self._docker.login(registry, who.login, who.secret)

    def push(self, image: str, who: As | None = None, content: bytes = SMALL) -> Outcome:
        raise NotImplementedError

    def pull(self, image: str, who: As | None = None) -> Outcome:
        raise NotImplementedError


class Engine:
    """podman and buildah, with a storage of their own that needs no privilege of the file system."""

    def __init__(self, program: str, folder: Path, pull_options: Sequence[str] = ()) -> None:
        self._folder = folder
        storage = ["--root", "storage", "--runroot", "run", "--storage-driver", "vfs"]
        self._command = [program, *storage]
        self._pull_options = pull_options
        # What podman leaves running for whoever is not root, it also ends itself.
        self._leaves_a_process = program == "podman" and os.geteuid() != 0

    def login(self, registry: str, who: As) -> Outcome:
        options = ["--tls-verify=false", "--username", who.login, "--password-stdin"]
        return self._run(["login", *options, registry], who.secret)

    def push(self, image: str, who: As | None = None, content: bytes = SMALL) -> Outcome:
        layout = oci_image.build(self._folder / "image", content)
        taken_in = self._run(["pull", "--quiet", f"oci:{layout}"])
        assert taken_in.ok, taken_in.text
        return self._run(["push", "--tls-verify=false", *_creds("", who), taken_in.stdout.strip(), f"docker://{image}"])

    def pull(self, image: str, who: As | None = None) -> Outcome:
        return self._run(["pull", "--tls-verify=false", *self._pull_options, *_creds("", who), f"docker://{image}"])

    def _run(self, arguments: Sequence[str], stdin: str = "") -> Outcome:
        done = run([*self._command, *arguments], self._folder, stdin)
        if self._leaves_a_process:
            run([*self._command, "system", "migrate"], self._folder)
        return done


class SkopeoCopy:
    """`skopeo copy` from and to a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def login(self, registry: str, who: As) -> Outcome:
        options = ["--tls-verify=false", "--username", who.login, "--password-stdin"]
        return run(["skopeo", "login", *options, registry], self._folder, who.secret)

    def push(self, image: str, who: As | None = None, content: bytes = SMALL) -> Outcome:
        layout = oci_image.build(self._folder / "image", content)
        options = ["--dest-tls-verify=false", *_creds("dest-", who)]
        return self._copy([*options, f"oci:{layout}", f"docker://{image}"])

    def pull(self, image: str, who: As | None = None) -> Outcome:
        options = ["--src-tls-verify=false", *_creds("src-", who)]
        return self._copy([*options, f"docker://{image}", f"oci:{self._folder}/pulled:1"])

    def _copy(self, arguments: Sequence[str]) -> Outcome:
        return run(["skopeo", "--insecure-policy", "copy", *arguments], self._folder)


class Helm:
    """helm, which pushes charts; the last part of the repository is the chart's name, the tag its version."""

    def __init__(self, folder: Path) -> None:
        require(str(HELM))
        self._folder = folder

    def login(self, registry: str, who: As) -> Outcome:
        options = ["--plain-http", "--username", who.login, "--password-stdin"]
        return self._run(["registry", "login", *options, registry], who.secret)

    def push(self, image: str, who: As | None = None, content: bytes = SMALL) -> Outcome:
        place, name, version = self._parts(image)
        chart = self._folder / "chart"
        chart.mkdir(exist_ok=True)
        (chart / "Chart.yaml").write_text(f"apiVersion: v2\nname: {name}\nversion: {version}\n")
        (chart / "content").write_bytes(content)
        packed = self._run(["package", str(chart), "--destination", str(self._folder)])
        assert packed.ok, packed.text
        return self._run(["push", "--plain-http", *self._person(who), f"{name}-{version}.tgz", f"oci://{place}"])

    def pull(self, image: str, who: As | None = None) -> Outcome:
        place, name, version = self._parts(image)
        options = ["--plain-http", *self._person(who), "--version", version, "--destination", str(self._folder)]
        return self._run(["pull", *options, f"oci://{place}/{name}"])

    def _run(self, arguments: Sequence[str], stdin: str = "") -> Outcome:
        return run([str(HELM), *arguments], self._folder, stdin)

    @staticmethod
    def _parts(image: str) -> tuple[str, str, str]:
        repository, _, version = image.rpartition(":")
        place, _, name = repository.rpartition("/")
        return place, name, version

    @staticmethod
    def _person(who: As | None) -> list[str]:
        return ["--username", who.login, "--password", who.secret] if who else []


class Oras:
    """A Python script with the library oras, which pushes a plain file."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def login(self, registry: str, who: As) -> Outcome:
        return self._run("login", registry, who)

    def push(self, image: str, who: As | None = None, content: bytes = SMALL) -> Outcome:
        (self._folder / "content").write_bytes(content)
        return self._run("push", image, who)

    def pull(self, image: str, who: As | None = None) -> Outcome:
        return self._run("pull", image, who)

    def _run(self, verb: str, target: str, who: As | None) -> Outcome:
        # -P: the folder of the script holds modules that are named as those of the standard library.
        command = [sys.executable, "-P", str(_ORAS_SCRIPT), verb, target]
        return run([*command, who.login] if who else command, self._folder, who.secret if who else "")


@dataclass(frozen=True)
class Entry:
    """A line of the table: what a client is called in docs/registries.md, and what it cannot do."""

    name: str
    make: Callable[[Path], Client]
    carries: bool = True
    """Whether it can push and pull here. The docker command line has its engine do that, which has tests of its own."""
    login_asks: bool = True
    """Whether `login` asks anybody. oras stores what it is given."""
    remembers: bool = True
    """Whether it goes by a stored login. oras pulls as nobody unless the same script has logged in."""

    def at(self, home: Path) -> Client:
        """The client with this folder as its home, which is made."""
        home.mkdir(parents=True)
        return self.make(home)


CLIENTS = (
    Entry("docker", DockerCommand, carries=False),
    Entry("podman", lambda folder: Engine("podman", folder)),
    # Without the option it is content with an image of that name that it has.
    Entry("buildah", lambda folder: Engine("buildah", folder, ["--policy", "always"])),
    Entry("skopeo", SkopeoCopy),
    Entry("helm", Helm),
    Entry("oras", Oras, login_asks=False, remembers=False),
)


def _creds(prefix: str, who: As | None) -> list[str]:
    return [f"--{prefix}creds", str(who)] if who else []
