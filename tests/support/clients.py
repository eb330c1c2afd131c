"""The clients people use: `docker login` and skopeo, each run once and answered as a value."""

import os
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from . import canaries

# Longer than any push that is slow on purpose.
_SECONDS = 300


@dataclass(frozen=True)
class Outcome:
    """What a client said: its exit code and both outputs."""

    code: int
    stdout: str
    stderr: str

    @property
    def ok(self) -> bool:
        """Whether the client is content."""
        return self.code == 0

    @property
    def text(self) -> str:
        """Everything it printed."""
        return self.stdout + self.stderr


def run(command: Sequence[str], folder: Path, stdin: str = "") -> Outcome:
    """Runs a client with `folder` as its home, so that nothing of the person who runs the tests is read or changed."""
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        # docker logs in by itself if it finds no engine: one that runs here must not answer in its place.
        "DOCKER_HOST": f"unix://{folder}/no-engine.sock",
        "XDG_RUNTIME_DIR": str(folder),
        "TMPDIR": str(folder),
    }
    done = subprocess.run(
        command, input=stdin.encode(), env=environment, cwd=folder, capture_output=True, timeout=_SECONDS, check=False
    )
    return Outcome(done.returncode, done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace"))


class Docker:
    """The docker command line, without an engine: it logs in and out."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self.config_file = folder / ".docker" / "config.json"

    def login(self, registry: str, login: str, password: str | None = None) -> Outcome:
        """`docker login`; the password is `canaries.password(login)` unless another is given."""
        command = ["docker", "login", "--username", login, "--password-stdin", registry]
        return run(command, self._folder, As(login, password).secret)

    def logout(self, registry: str) -> Outcome:
        """`docker logout`."""
        return run(["docker", "logout", registry], self._folder)


@dataclass(frozen=True)
class As:
    """Whom a client says it is; the password is `canaries.password(login)` unless another is given."""

    login: str
    password: str | None = None

    @property
    def secret(self) -> str:
        """The password."""
        return canaries.password(self.login) if self.password is None else self.password

    def __str__(self) -> str:
        return f"{self.login}:{self.secret}"


class Skopeo:
    """skopeo, which pushes, pulls and deletes without an engine. An image is `127.0.0.1:PORT/team/app:tag`."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder

    def push(self, layout: Path, image: str, who: As | None = None) -> Outcome:
        """Copies the image of an OCI layout (`oci_image.build`) into a registry."""
        credentials = ["--dest-creds", str(who)] if who else ["--dest-no-creds"]
        return self._copy(f"oci:{layout}", f"docker://{image}", ["--dest-tls-verify=false", *credentials])

    def pull(self, image: str, layout: Path, who: As | None = None) -> Outcome:
        """Copies an image from a registry into a new OCI layout."""
        credentials = ["--src-creds", str(who)] if who else ["--src-no-creds"]
        return self._copy(f"docker://{image}", f"oci:{layout}:pulled", ["--src-tls-verify=false", *credentials])

    def move(self, source: str, target: str, who: As | None = None) -> Outcome:
        """Copies an image inside a registry, by which its layers are mounted from the other repository."""
        source_credentials = ["--src-creds", str(who)] if who else ["--src-no-creds"]
        target_credentials = ["--dest-creds", str(who)] if who else ["--dest-no-creds"]
        options = ["--src-tls-verify=false", "--dest-tls-verify=false", *source_credentials, *target_credentials]
        return self._copy(f"docker://{source}", f"docker://{target}", options)

    def inspect(self, image: str, who: As | None = None) -> Outcome:
        """Reads an image's manifest and configuration: a small pull."""
        return self._on("inspect", image, who)

    def delete(self, image: str, who: As | None = None) -> Outcome:
        """Deletes an image's manifest."""
        return self._on("delete", image, who)

    def tags(self, repository: str, who: As | None = None) -> Outcome:
        """The tags of a repository."""
        return self._on("list-tags", repository, who)

    def _on(self, verb: str, image: str, who: As | None) -> Outcome:
        credentials = ["--creds", str(who)] if who else ["--no-creds"]
        return run(["skopeo", verb, "--tls-verify=false", *credentials, f"docker://{image}"], self._folder)

    def _copy(self, source: str, target: str, options: Sequence[str]) -> Outcome:
        return run(["skopeo", "--insecure-policy", "copy", *options, source, target], self._folder)
