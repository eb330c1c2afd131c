"""podman and buildah with a store of their own, and base images made of Debian's packages. Needs root.

No registry of images can be asked where the tests run: a base is a Debian that mmdebstrap brings, kept in build/cache.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from .documents import ROOT
from .process import require

BUILD_BASE, RUNTIME_BASE = "localhost/debian-build", "localhost/debian-runtime"
REGISTRY, IMAGE = "localhost/registry", "localhost/ldap-token-bridge"
_PACKAGES = "python3,python3-venv,ca-certificates,docker-registry"
# What a base without shell and package manager lacks: every program but Python.
_NOT_AT_RUN_TIME = re.compile(
    r"\./(dev/|usr/bin/(?!python3)|usr/sbin/|usr/share/(doc|man|locale|perl)|usr/lib/[^/]+/perl|var/(cache|lib)/)"
)
_SECONDS = 600


class PodmanFailed(RuntimeError):
    """podman or buildah came to another end than 0."""


class Podman:
    """podman, with everything that it stores below one folder; `close` takes all of it away again."""

    def __init__(self, folder: Path) -> None:
        require("/usr/bin/podman", "/usr/bin/buildah", "/usr/sbin/runc", "/usr/bin/mmdebstrap", "/usr/bin/catatonit")
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        engine = folder / "containers.conf"
        # Machines without systemd, and with either version of control groups.
        engine.write_text(
            '[containers]\ndefault_ulimits = ["nofile=1024:1024", "nproc=4096:4096"]\n'
            '[engine]\ncgroup_manager = "cgroupfs"\nevents_logger = "file"\nruntime = "runc"\n'
            f'[network]\nnetwork_config_dir = "{folder}/networks"\n'
        )
        self._storage = folder / "storage.conf"
        self._environment = os.environ | {"CONTAINERS_CONF": str(engine), "CONTAINERS_STORAGE_CONF": str(self._storage)}
        try:
            self._store_in("overlay")
        except PodmanFailed:  # not on every file system, and not in every container
            self._store_in("vfs")

    def _store_in(self, driver: str) -> None:
        paths = f'graphroot = "{self._folder}/store"\nrunroot = "{self._folder}/run"\n'
        self._storage.write_text(f'[storage]\ndriver = "{driver}"\n{paths}')
        self.run("info")

    def run(self, *arguments: str, program: str = "podman") -> str:
        """Its standard output; raises PodmanFailed with what it said."""
        return self._done(program, *arguments).stdout

    def logs(self, container: str) -> str:
        """What a container has printed on both of its outputs."""
        done = self._done("podman", "logs", container)
        return done.stdout + done.stderr

    def _done(self, *command: str) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            command, env=self._environment, capture_output=True, text=True, timeout=_SECONDS, check=False
        )
        if done.returncode:
            raise PodmanFailed(f"{' '.join(command)}:\n{done.stdout[-1000:]}\n{done.stderr[-3000:]}")
        return done

    def make_bases(self) -> None:
        """BUILD_BASE, which can install packages; RUNTIME_BASE, which has Python alone; REGISTRY."""
        debian = _debian()
        path = ["--change", "ENV PATH=/usr/sbin:/usr/bin"]
        self.run("import", *path, str(debian), BUILD_BASE)
        runtime = self._folder / "runtime.tar"
        with tarfile.open(debian) as whole, tarfile.open(runtime, "w") as part:
            for member in whole:
                if not _NOT_AT_RUN_TIME.match(member.name):
                    part.addfile(member, whole.extractfile(member) if member.isreg() else None)
        self.run("import", *path, str(runtime), RUNTIME_BASE)
        runtime.unlink()
        container = self.run("from", BUILD_BASE, program="buildah").strip()
        # As the registry's own image names its program.
        self.run("run", "--isolation", "chroot", container, "ln", "-s", "docker-registry", "/usr/bin/registry",
                 program="buildah")  # fmt: skip
        self.run("commit", "--rm", container, f"{REGISTRY}:3", program="buildah")

    def build(self, image: str, file: Path, context: Path, **arguments: str) -> None:
        """An image of the project's own, on those bases; pip and apt reach packages as they do on this machine."""
        pip = self._folder / "pip.conf"
        pip.write_text(_pip_settings())
        self.run(
            "bud", "--isolation", "chroot", "--format", "docker", "--network", "host", "--tag", image,
            *(word for name, value in arguments.items() for word in ("--build-arg", f"{name}={value}")),
            "--volume", "/etc/ssl/certs:/etc/ssl/certs:ro", "--volume", f"{pip}:/etc/pip.conf:ro",
            "--file", str(file), str(context),
            program="buildah",
        )  # fmt: skip

    def compose(self, *arguments: str) -> str:
        """podman-compose, with what deploy/compose says."""
        file = ROOT / "deploy/compose/compose.yaml"
        return self.run("-m", "podman_compose", "--file", str(file), *arguments, program=sys.executable)

    def inspect(self, image: str) -> Mapping[str, Any]:
        """What an image says about itself."""
        (found,) = json.loads(self.run("image", "inspect", image))
        assert isinstance(found, dict)
        return found

    def once(self, image: str, *arguments: str, options: Sequence[str] = ()) -> str:
        """The output of one container that runs to its end, confined as the restricted profile has it."""
        confined = ["--read-only", "--read-only-tmpfs=false", "--cap-drop=all", "--security-opt=no-new-privileges"]
        return self.run("run", "--rm", "--network=none", "--no-healthcheck", *confined, *options, image, *arguments)

    def close(self) -> None:
        """Everything goes, running or not."""
        for words in (("pod", "rm", "--all", "--force"), ("rm", "--all", "--force"), ("rmi", "--all", "--force")):
            self.run(*words)
        shutil.rmtree(self._folder)


def _debian() -> Path:
    """A tar of Debian with Python and a registry. Another list of packages is another file."""
    place = ROOT / "build" / "cache" / f"{_codename()}-{_PACKAGES.replace(',', '-')}.tar"
    if not place.exists():
        sys.stderr.write(f"Making a base image of Debian's packages: {place.name}\n")
        place.parent.mkdir(parents=True, exist_ok=True)
        new = place.with_name(f"{os.getpid()}.tar")
        command = ["mmdebstrap", "--quiet", "--variant=minbase", f"--include={_PACKAGES}", _codename(), str(new)]
        subprocess.run([*command, *_mirror()], check=True, timeout=_SECONDS)
        new.replace(place)
    return place


def _codename() -> str:
    release = dict(line.split("=", 1) for line in Path("/etc/os-release").read_text().splitlines() if "=" in line)
    return release["VERSION_CODENAME"].strip('"')


def _mirror() -> list[str]:
    """Where this machine has its own packages from."""
    command = ["apt-get", "indextargets", "--format", "$(REPO_URI)", "Created-By: Packages", f"Codename: {_codename()}"]
    listed = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    return listed[:1]


def _pip_settings() -> str:
    """This machine's own settings of pip, as a file."""
    command = [sys.executable, "-m", "pip", "config", "list"]
    listed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    found = dict(re.findall(r"^(?:global|:env:)\.([\w-]+)='(.*)'$", listed, re.MULTILINE))
    kept = {name: value for name, value in found.items() if name in ("cert", "index-url", "extra-index-url", "proxy")}
    return "\n".join(["[global]", *(f"{name} = {value}" for name, value in kept.items()), ""])
