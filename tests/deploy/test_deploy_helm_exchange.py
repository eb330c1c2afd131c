"""`helm test`: the very program that the chart's Pod runs, against a bridge that runs."""

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.support import canaries
from tests.support.bridge import ISSUER, SERVICE, RunningBridge, openldap
from tests.support.certificates import Authority
from tests.support.helm_chart import only, template
from tests.support.helm_values import SMALL, merged
from tests.support.process import answers
from tests.support.slapd import Slapd

pytestmark = pytest.mark.slow

Outcome = tuple[int, str]


@pytest.fixture
def program(tmp_path: Path) -> str:
    """A folder for PATH that holds `ldap-token-bridge`, as the image has it."""
    script = tmp_path / "bin" / "ldap-token-bridge"
    script.parent.mkdir()
    script.write_text(f'#!/bin/sh\nexec {sys.executable} -m ldap_token_bridge "$@"\n')
    script.chmod(0o755)
    return str(script.parent)


@pytest.fixture
def bridge(tmp_path: Path, slapd: Slapd, authority: Authority) -> Iterator[RunningBridge]:
    """A bridge that speaks HTTPS."""
    pair = authority.issue("bridge", ["127.0.0.1"])
    tls = {"certificate": str(pair.certificate), "key": str(pair.key)}
    settings = openldap(slapd.ldaps_url, slapd.base, slapd.bind_dn, slapd.ca_file)
    bridge = RunningBridge(tmp_path / "bridge", settings, sections={"server": {"tls": tls}})
    bridge.ready_when(lambda: answers("127.0.0.1", bridge.port))
    with bridge:
        yield bridge


def run_pod(values: Mapping[str, Any], program: str, **environment: str) -> Outcome:
    """Exit code and output of the Pod's container, with its own environment and what differs here."""
    token = {"issuer": ISSUER, "services": [SERVICE]}
    (container,) = only(template(merged(merged(SMALL, {"bridge": {"token": token}}), values)), "Pod")["spec"][
        "containers"
    ]
    python, *arguments = container["command"]
    assert python == "python3"
    variables = {each["name"]: each["value"] for each in container["env"]}
    variables |= {"PATH": f"{program}:{os.environ['PATH']}", "PYTHONPATH": os.getcwd()} | environment  # noqa: PTH109 -- text
    done = subprocess.run([sys.executable, *arguments], env=variables, capture_output=True, text=True, check=False)
    output = done.stdout + done.stderr
    assert not canaries.leaks(output)
    return done.returncode, output


def login(folder: Path, name: str, password: str) -> str:
    """The mounted Secret of somebody."""
    folder.mkdir()
    (folder / "username").write_text(name)
    (folder / "password").write_text(f"{password}\n")
    return str(folder)


def test_a_person_gets_a_token(bridge: RunningBridge, authority: Authority, program: str, tmp_path: Path) -> None:
    """Over TLS with the authority that is mounted; what a registry makes of the token is shown, step by step."""
    url = f"https://127.0.0.1:{bridge.port}"
    here = {"SSL_CERT_FILE": str(authority.ca_file)}
    test = {
        "url": f"{url}/token",
        "existingSecret": "person",
        "caConfigMap": "ca",
        "scope": "repository:team-a/app:push",
    }
    bob = login(tmp_path / "bob", "bob", canaries.password("bob"))
    code, output = run_pod({"test": test}, program, LOGIN_FOLDER=bob, **here)
    assert code == 0, output
    assert "repository:team-a/app:push" in output
    wrong = login(tmp_path / "wrong", "bob", "not the password")
    code, output = run_pod({"test": test}, program, LOGIN_FOLDER=wrong, **here)
    assert code == 1
    assert "answered 401" in output
    assert "The user name or the password is wrong." in output
    # Without that authority the certificate is nobody's.
    code, output = run_pod({"test": test}, program, LOGIN_FOLDER=bob, **here | {"SSL_CERT_FILE": "/dev/null"})
    assert code == 1
    assert "does not answer" in output
    assert "CERTIFICATE_VERIFY_FAILED" in output


def test_without_a_login_it_asks_for_what_anyone_may(
    bridge: RunningBridge, authority: Authority, program: str, tmp_path: Path
) -> None:
    """The token is nobody's; a scope that is not open to anyone is refused."""
    url = f"https://127.0.0.1:{bridge.port}"
    here = {"SSL_CERT_FILE": str(authority.ca_file), "LOGIN_FOLDER": str(tmp_path / "none")}
    test = {"url": f"{url}/token", "scope": "repository:public/app:pull"}
    code, output = run_pod({"test": test}, program, **here)
    assert code == 0, output
    assert "repository:public/app:pull" in output
    code, output = run_pod({"test": {**test, "scope": "repository:team-a/app:pull"}}, program, **here)
    assert code == 1
    assert "answered 401" in output


def test_a_password_stays_here_without_tls(program: str, tmp_path: Path) -> None:
    """Also if somebody changed the address behind the chart's back."""
    bob = login(tmp_path / "bob", "bob", canaries.password("bob"))
    code, output = run_pod({}, program, LOGIN_FOLDER=bob, URL="http://127.0.0.1:9/token")
    assert (code, output.strip()) == (1, "A password is sent to https:// alone.")


def test_nobody_there(program: str, tmp_path: Path) -> None:
    """It says which address does not answer."""
    code, output = run_pod({}, program, LOGIN_FOLDER=str(tmp_path / "none"), URL="https://127.0.0.1:9/token")
    assert code == 1
    assert output.startswith("https://127.0.0.1:9/token does not answer")
