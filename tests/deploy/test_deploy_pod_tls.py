"""The sidecar with its component `tls`: registry and bridge speak TLS themselves, with one certificate."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.certificates import Authority
from tests.support.clients import As, Outcome, run
from tests.support.http import request
from tests.support.network import own_network
from tests.support.podman import Podman
from tests.support.process import answers
from tests.support.sidecar import HOST, Sidecar, wait_until
from tests.support.slapd import Slapd

_BRIDGE = "https://127.0.0.1:5001"


@pytest.fixture(scope="module")
def sidecar(podman: Podman, tmp_path_factory: pytest.TempPathFactory, authority: Authority) -> Iterator[Sidecar]:
    """Up, with every probe content, with a certificate of the private authority."""
    folder = tmp_path_factory.mktemp("sidecar-tls")
    certificate = authority.issue("sidecar", ["127.0.0.1"])
    with own_network(), Slapd(folder / "slapd", authority) as slapd:
        sidecar = Sidecar(folder, podman, slapd, certificate)
        sidecar.start()
        yield sidecar
        sidecar.stop()


def _push(image: Path, target: str, folder: Path, authority: bytes) -> Outcome:
    """By skopeo, which believes that authority and no other."""
    trusted = folder / "trusted"
    trusted.mkdir(parents=True)
    (trusted / "ca.crt").write_bytes(authority)
    words = ["--dest-cert-dir", str(trusted), "--dest-creds", str(As("bob")), f"oci:{image}", f"docker://{target}"]
    return run(["skopeo", "--insecure-policy", "copy", *words], folder)


def test_a_client_that_verifies_certificates_pushes(
    sidecar: Sidecar, image: Path, tmp_path: Path, authority: Authority
) -> None:
    """Both the registry's certificate and, at the realm, the bridge's; with another authority it turns away."""
    pushed = _push(image, f"{HOST}/team-a/app:1", tmp_path / "right", authority.ca_file.read_bytes())
    assert pushed.ok, pushed.text + sidecar.log() + sidecar.log("registry")
    assert {line["account"] for line in sidecar.audit()} == {"bob"}
    other = Authority(tmp_path / "other").ca_file.read_bytes()
    turned_away = _push(image, f"{HOST}/team-a/app:2", tmp_path / "wrong", other)
    assert "certificate signed by unknown authority" in turned_away.text


def test_no_password_travels_in_the_clear(sidecar: Sidecar) -> None:
    """Plain HTTP is answered by neither with anything but a refusal; the probes know which scheme is whose."""
    assert answers("127.0.0.1", 5001)
    with pytest.raises(ConnectionError):
        request("http://127.0.0.1:5001/token")
    assert request(f"http://{HOST}/v2/").status == 400
    probes = (("bridge", "startupProbe"), ("bridge", "livenessProbe"), ("registry", "livenessProbe"))
    assert {sidecar.kubelet.probe(*each) for each in probes} == {200}


def test_a_renewed_certificate_is_taken_up_by_the_bridge(sidecar: Sidecar, authority: Authority) -> None:
    """The Secret is switched as a kubelet does it, and new connections get the new one, as the component says."""
    renewed = authority.issue("sidecar-renewed", ["127.0.0.1"])
    pair = {"tls.crt": renewed.certificate.read_bytes(), "tls.key": renewed.key.read_bytes()}
    sidecar.kubelet.change("tls", pair, 0o400)
    wait_until(lambda: '"event": "reloaded"' in sidecar.log(), sidecar.log)
    assert request(f"{_BRIDGE}/readyz").status == 200
