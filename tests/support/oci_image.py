"""The smallest image that real clients push: one layer with one file, as an OCI image layout, made without network."""

import gzip
import hashlib
import io
import json
import tarfile
from collections.abc import Mapping
from pathlib import Path

_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
_CONFIG = "application/vnd.oci.image.config.v1+json"
_LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"


def build(folder: Path, content: bytes = b"ldap-token-bridge") -> Path:
    """Writes the layout into the folder and returns the folder; other content gives other digests."""
    archive = _tar(content)
    layer = _blob(folder, _LAYER, gzip.compress(archive, mtime=0))
    config = _blob(
        folder,
        _CONFIG,
        _json(
            {
                "architecture": "amd64",
                "os": "linux",
                "config": {},
                "rootfs": {"type": "layers", "diff_ids": [_digest(archive)]},
                "history": [{"created": "2000-01-01T00:00:00Z"}],
            }
        ),
    )
    manifest = _blob(
        folder,
        _MANIFEST,
        _json({"schemaVersion": 2, "mediaType": _MANIFEST, "config": config, "layers": [layer]}),
    )
    (folder / "index.json").write_bytes(_json({"schemaVersion": 2, "manifests": [manifest]}))
    (folder / "oci-layout").write_bytes(_json({"imageLayoutVersion": "1.0.0"}))
    return folder


def _tar(content: bytes) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        entry = tarfile.TarInfo("hello.txt")
        entry.size = len(content)
        archive.addfile(entry, io.BytesIO(content))
    return out.getvalue()


def _blob(folder: Path, media_type: str, content: bytes) -> dict[str, object]:
    """Stores the content under its digest and returns its descriptor."""
    digest = _digest(content)
    place = folder / "blobs" / digest.replace(":", "/")
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(content)
    return {"mediaType": media_type, "digest": digest, "size": len(content)}


def _digest(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def _json(value: Mapping[str, object]) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()
