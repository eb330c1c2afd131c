"""What the chart has the kubelet ask, and what comes of it."""

import subprocess
import sys
from typing import Any

import pytest

from tests.support.helm_chart import only, template
from tests.support.helm_values import FULL, SMALL, Values
from tests.support.process import free_port
from tests.support.scripted_http import ScriptedHttp


def container(values: Values) -> dict[str, Any]:
    """That of the bridge."""
    (found,) = only(template(values), "Deployment")["spec"]["template"]["spec"]["containers"]
    return dict(found)


@pytest.mark.parametrize(("values", "scheme"), [(SMALL, "HTTP"), (FULL, "HTTPS")])
def test_readiness_asks_the_public_port(values: Values, scheme: str) -> None:
    """The one that the Service leads to, over TLS where the bridge speaks it."""
    assert container(values)["readinessProbe"]["httpGet"] == {"path": "/readyz", "port": "token", "scheme": scheme}


@pytest.mark.parametrize("probe", ["livenessProbe", "startupProbe"])
def test_whether_it_lives_is_asked_at_the_admin_listener(probe: str) -> None:
    """A flood at the public port ends no Pod: each start would forget the wrong passwords that were counted."""
    assert container(FULL)[probe]["httpGet"] == {"path": "/livez", "port": "metrics"}
    assert "httpGet" not in container(SMALL)[probe]
    assert container(SMALL)[probe]["timeoutSeconds"] == container(FULL)[probe]["timeoutSeconds"] == 5


@pytest.mark.parametrize("status", [200, 503, None])
def test_without_metrics_a_program_asks(status: int | None) -> None:
    """The very one of the probe: the admin listener is on loopback then, where the kubelet cannot reach it."""
    python, *arguments = container(SMALL)["livenessProbe"]["exec"]["command"]
    assert python == "python3"
    with ScriptedHttp(lambda _path, _headers: (status or 0, {}, b"")) as there:
        address = there.url if status else f"http://127.0.0.1:{free_port()}"
        asked = [each.replace("http://127.0.0.1:5002", address) for each in arguments]
        done = subprocess.run([sys.executable, *asked], capture_output=True, check=False)
        assert [path for path, _ in there.asked] == (["/livez"] if status else [])
    assert (done.returncode == 0) is (status == 200)
