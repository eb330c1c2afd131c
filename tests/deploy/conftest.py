"""The image that the Containerfile makes, in a store of its own."""

import os
from collections.abc import Iterator, Sequence

import pytest

from tests.support.documents import ROOT
from tests.support.podman import BUILD_BASE, IMAGE, RUNTIME_BASE, Podman


def pytest_collection_modifyitems(items: Sequence[pytest.Item]) -> None:
    """Whatever runs containers takes its time: the first one waits for the bases and for the image."""
    for item in items:
        if "podman" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.slow)
            item.add_marker(pytest.mark.timeout(900))


@pytest.fixture(scope="session")
def podman(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Podman]:
    """With IMAGE, built from this checkout, and REGISTRY."""
    if os.geteuid() != 0:
        pytest.skip("containers are run by root")
    podman = Podman(tmp_path_factory.mktemp("podman"))
    try:
        podman.make_bases()
        about = {"VERSION": "1.2.3", "REVISION": "abc"}
        bases = {"BUILD_BASE": BUILD_BASE, "RUNTIME_BASE": RUNTIME_BASE}
        podman.build(IMAGE, ROOT / "deploy/Containerfile", ROOT, **bases, **about)
        yield podman
    finally:
        podman.close()
