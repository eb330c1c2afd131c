"""The bridge as its users run it: `serve` with a bridge.yaml of its own, over a real socket."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from . import canaries, sample
from .command_line import output
from .http import Answer, request
from .process import Process, ServerFailed, answers, free_port
from .registry import TokenAuth

ISSUER = "bridge.test"
SERVICE = "registry.test"
POLICY = """\
version: 1
groups:
  platform: CN=Platform,OU=Groups,DC=corp,DC=example,DC=com
families:
  team-write: CN=reg-{team}-write,OU=Registry,DC=corp,DC=example,DC=com
  team-read: CN=reg-{team}-read,OU=Registry,DC=corp,DC=example,DC=com
allow:
  - {id: platform, who: ["group:platform"], repositories: ["**"], actions: [pull, push, delete], catalog: true}
  - {id: team-write, who: ["family:team-write"], repositories: ["{team}/**"], actions: [pull, push]}
  - {id: team-read, who: ["family:team-read"], repositories: ["{team}/**"], actions: [pull]}
  - {id: own-space, who: [signed-in], repositories: ["users/{user}/**"], actions: [pull, push, delete]}
  - {id: public, who: [anyone], repositories: ["public/**"], actions: [pull]}
deny:
  - {id: frozen, why: a test, who: [signed-in], repositories: ["frozen/**"], actions: [push, delete]}
"""
"""What the tests' people may do: alice everything, bob team-a, carol team-b, jürgen reads team-a."""


Sections = Mapping[str, Mapping[str, Any]]


class RunningBridge(Process):
    """`python -m ldap_token_bridge serve` in a folder of its own; a context manager.

    `directory` is the `directory` section of bridge.yaml without the service account's password.
    """

    def __init__(
        self,
        folder: Path,
        directory: Mapping[str, Any],
        *,
        policy: str = POLICY,
        sections: Sections | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.port, self.admin_port = free_port(), free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.settings = folder / "bridge.yaml"
        self.policy = folder / "policy.yaml"
        self.policy.write_text(policy)
        password = folder / "ldap-password"
        password.touch(mode=0o600)
        password.write_text(canaries.password(sample.SERVICE_ACCOUNT))
        self.sections: dict[str, Any] = {
            "server": {"listen": f"127.0.0.1:{self.port}", "admin_listen": f"127.0.0.1:{self.admin_port}"},
            "token": {"issuer": ISSUER, "services": [SERVICE], "keys_dir": "keys"},
            "directory": {**directory, "bind_password_file": "ldap-password"},
            "policy": "policy.yaml",
            # Many tests share one bridge and send wrong passwords: none is to use up another's budget.
            "guard": {"account_failures": "off", "address_failures": "off"},
        }
        for name, keys in (sections or {}).items():
            there = self.sections.get(name)
            self.sections[name] = (there if isinstance(there, dict) else {}) | dict(keys)
        self._earlier = 0
        self.write_settings()
        self.make_key()
        super().__init__(
            [sys.executable, "-X", "dev", "-m", "ldap_token_bridge", "serve", "-c", str(self.settings)],
            folder / "bridge.log",
            self._is_ready,
            {
                "PATH": "/usr/bin:/bin",
                "PYTHONPATH": str(Path(__file__).parents[2]),
                "PYTHONWARNINGS": "default",
                **(environment or {}),
            },
        )

    def as_people_run_it(self) -> None:
        """Without the checks that Python has for developers: they take time, and here it is measured."""
        self.command = tuple(part for part in self.command if part not in ("-X", "dev"))

    def write_settings(self) -> None:
        """bridge.yaml anew from `sections`."""
        # JSON is YAML, too.
        self.settings.write_text(json.dumps(self.sections, indent=2))

    def make_key(self, algorithm: str = "ES256") -> None:
        """One more signing key, by the command that users have for it."""
        output("keys", "new", "--keys-dir", str(self.folder / "keys"), "--algorithm", algorithm)

    def command_line(self, arguments: Sequence[str]) -> str:
        """The output of another command of the program, which must succeed."""
        done = subprocess.run(
            [sys.executable, "-m", "ldap_token_bridge", *arguments], capture_output=True, text=True, check=True
        )
        return done.stdout

    def fails_to_start(self) -> tuple[int, str]:
        """Exit code and output of a start that must not succeed; kills it and raises if it does."""
        done = subprocess.run(
            self.command, env=self._environment, capture_output=True, text=True, timeout=30, check=False
        )
        return done.returncode, done.stdout + done.stderr

    def reload(self) -> bool:
        """SIGHUP, and whether what is there now was taken up."""
        before = self._reloads()
        os.kill(self.pid, signal.SIGHUP)
        give_up = time.monotonic() + 20
        while self._reloads() == before:
            if time.monotonic() > give_up:
                raise ServerFailed(f"the bridge took no notice of SIGHUP:\n{self.log_text()[-2000:]}")
            time.sleep(0.02)
        return self._reloads()["ok"] > before["ok"]

    def _reloads(self) -> dict[str, float]:
        found = dict(re.findall(r'^ltb_reloads_total\{result="(\w+)"\} (\S+)$', self.metrics(), re.MULTILINE))
        return {result: float(found.get(result, 0)) for result in ("ok", "failed")}

    def token_auth(self) -> TokenAuth:
        """What a registry needs to trust this bridge."""
        bundle = self.folder / "bundle.pem"
        bundle.write_bytes(request(f"{self.url}/bundle.pem").body)
        return TokenAuth(f"{self.url}/token", SERVICE, ISSUER, bundle)

    def get(
        self,
        *scopes: str,
        login: str | None = None,
        password: str | None = None,
        path: str = "/token",
        service: str | None = SERVICE,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """A GET as docker sends it; the password is `canaries.password(login)` unless another is given."""
        query = [("service", service)] if service is not None else []
        query += [("scope", scope) for scope in scopes]
        return request(f"{self.url}{path}", query=query, basic=_basic(login, password), headers=headers)

    def post(
        self,
        *scopes: str,
        login: str,
        password: str | None = None,
        path: str = "/token",
        changes: Mapping[str, str | None] | None = None,
        content_type: str = "application/x-www-form-urlencoded",
        chunked: bool = False,
        basic: tuple[str, str] | None = None,
    ) -> Answer:
        """A password grant as containerd sends it; `changes` replace fields, None takes one away.

        No client sends `basic` beside it.
        """
        fields: dict[str, str | None] = {
            "grant_type": "password",
            "service": SERVICE,
            "client_id": "tests",
            "username": login,
            "password": canaries.password(login) if password is None else password,
            **(changes or {}),
        }
        form = [(name, value) for name, value in fields.items() if value is not None]
        form += [("scope", scope) for scope in scopes]
        return request(f"{self.url}{path}", form=form, content_type=content_type, chunked=chunked, basic=basic)

    def metrics(self) -> str:
        """What Prometheus would read."""
        return request(f"http://127.0.0.1:{self.admin_port}/metrics").body.decode()

    def audit(self) -> list[dict[str, Any]]:
        """The audit lines of every request answered so far; a thread of the bridge writes them a moment later."""
        counts = re.findall(r"^ltb_token_requests_total\{.*\} (\S+)$", self.metrics(), re.MULTILINE)
        answered = sum(map(float, counts))
        give_up = time.monotonic() + 10
        while time.monotonic() < give_up:
            lines = [line for line in super().log_text().splitlines() if line.startswith('{"event":"token-request"')]
            if len(lines) - self._earlier >= answered:
                return [json.loads(line) for line in lines]
            time.sleep(0.01)
        raise ServerFailed(f"{answered} requests were answered, and {len(lines)} audit lines written")

    def log_text(self) -> str:
        """Everything that was written up to now, audit trail and log; waits for the writing threads."""
        if self.running and answers("127.0.0.1", self.admin_port):
            self.audit()
            time.sleep(0.2)  # the log's own thread, which lets lines gather
        return super().log_text()

    def start(self) -> None:
        """Starts it; what an earlier start has written stays."""
        self._earlier = super().log_text().count('{"event":"token-request"')
        super().start()

    def _is_ready(self) -> bool:
        try:
            return request(f"{self.url}/readyz").status == 200
        except OSError:
            return False


def openldap(url: str, base: str, bind_dn: str, ca_file: Path | None = None, **more: Any) -> dict[str, Any]:
    """The `directory` section for slapd; without `ca_file` in plain text, as the recording proxy needs it."""
    tls = {"ca_file": str(ca_file)} if ca_file else {"allow_plaintext": True}
    return {"kind": "openldap", "servers": [url], "base": base, "bind_dn": bind_dn, "tls": tls, **more}


def active_directory(url: str, base: str, bind_dn: str, ca_file: Path, **more: Any) -> dict[str, Any]:
    """The `directory` section for Samba."""
    tls = {"ca_file": str(ca_file)}
    return {"kind": "active-directory", "servers": [url], "base": base, "bind_dn": bind_dn, "tls": tls, **more}


def _basic(login: str | None, password: str | None) -> tuple[str, str] | None:
    if login is None:
        return None
    return login, canaries.password(login) if password is None else password
