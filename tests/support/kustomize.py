"""deploy/kubernetes/sidecar, rendered by the real kustomize."""

import shutil
import subprocess
from pathlib import Path

import yaml

from .documents import ROOT
from .helm_and_kubectl import KUBECTL
from .kubelet import Manifest
from .process import require

SIDECAR = ROOT / "deploy/kubernetes/sidecar"
OVERLAYS = ("openldap", "active-directory")
_INGRESS, _TLS = "  - ../../components/ingress\n", "  # - ../../components/tls\n"
_SECONDS = 60


def copy(folder: Path, overlay: str, ca_file: bytes, bundle: bytes) -> Path:
    """The manifests as somebody takes them over, with the two files that they are to bring; the overlay's folder."""
    shutil.copytree(SIDECAR, folder)
    place = folder / "overlays" / overlay
    (place / "corp-ca.pem").write_bytes(ca_file)
    (place / "bundle.pem").write_bytes(bundle)
    return place


def with_tls(overlay: Path) -> None:
    """Takes the component `tls` in place of `ingress`, as the comment in the overlay says."""
    file = overlay / "kustomization.yaml"
    text = file.read_text()
    assert _INGRESS in text and _TLS in text
    file.write_text(text.replace(_INGRESS, "").replace(_TLS, _TLS.replace("# ", "")))


def render(overlay: Path) -> list[Manifest]:
    """Its objects; raises subprocess.CalledProcessError with what kustomize said."""
    require(str(KUBECTL))
    command = [str(KUBECTL), "kustomize", str(overlay)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=_SECONDS)
    return [each for each in yaml.safe_load_all(done.stdout) if each]
