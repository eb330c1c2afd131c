"""Somebody who goes through the documents and types what stands there, with what the documents take for granted.

That is: bridge.yaml and the files that it names, a bridge and a registry that run, a directory with the sample's
people, the `demo`, the tools of the trade. What the documents call by an example's name has its place here.
"""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Self

from ldap_token_bridge.demo.people import person

from . import canaries, kustomize, oci_image, sample
from .bridge import RunningBridge, openldap
from .certificates import Authority
from .documents import ROOT
from .helm_and_kubectl import HELM, KUBECTL
from .process import free_port
from .registry import Registry, TokenAuth
from .slapd import Slapd
from .terminal import Terminal
from .typed import Typed

ISSUER, SERVICE = "bridge.corp.example.com", "registry.corp.example.com"
# The keys of the example of a rotation in docs/registries.md: the one that signs, and the next.
KEYS = ("20261121-4tramz74", "20270114-wfl3les4")
# What is not there before that section: of refresh tokens, and of robots.
_MADE_THERE = {"Turn it on": ("secrets/refresh-keys", "revoked.json"), "Make one": ("robots.yaml",)}
_DEMO = "127.0.0.1:54033"
_SERVES = re.compile(r"^ldap-token-bridge serve\b")
_WHO = re.compile(r"(?:-u|--user) (\w+)")


class Reader:
    """Types the commands of the pages, each section in a folder of its own."""

    def __init__(self, folder: Path, slapd: Slapd, authority: Authority) -> None:
        self._folder, self._slapd, self._authority = folder, slapd, authority
        self._home = folder / "etc"
        self._count = iter(range(1000))
        self._programs = folder / "bin"
        self._programs.mkdir(parents=True)
        self._program("ldap-token-bridge", f'"{sys.executable}" -m ldap_token_bridge')
        self._program("kubectl", str(KUBECTL))
        self._program("helm", str(HELM))
        self._let_clients_speak_http()
        token = {"issuer": ISSUER, "services": [SERVICE], "ed25519": True}
        # The group of auditors is the one of the sample that the tests' directory does not have.
        policy = (ROOT / "config/policy.yaml").read_text().replace("CN=Auditors,", "CN=Staff,")
        directory = openldap(slapd.ldaps_url, slapd.base, slapd.bind_dn, slapd.ca_file)
        self.bridge = RunningBridge(folder / "bridge", directory, policy=policy, sections={"token": token})
        self._name_keys()
        self._stack = ExitStack()
        self._stands_for: dict[str, str] = {}

    def __enter__(self) -> Self:
        with self._stack as stack:
            stack.enter_context(self.bridge)
            bundle = self._folder / "bundle.pem"
            bundle.write_bytes(self.bridge.get(path="/bundle.pem", service=None).body)
            trusted = TokenAuth(f"{self.bridge.url}/token", SERVICE, ISSUER, bundle)
            registry = stack.enter_context(Registry(self._folder / "registry", trusted))
            demo = Terminal("ldap-token-bridge demo", self._folder, self._environment(self._folder))
            stack.callback(demo.end, signal.SIGTERM)
            self._furnish()
            assert demo.until(r"Registry +http://\S+\s"), demo.text
            self._stands_for = {
                _DEMO: re.findall(r"Registry +http://(\S+)", demo.text)[0],
                # Elsewhere the name is what bridge.yaml calls the service.
                f"docker login {SERVICE}": f"docker login {registry.address}",
                "--registry http://127.0.0.1:26127": f"--registry {registry.url}",
            }
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def place(self, page: str, section: str) -> Path:
        """The folder in which somebody who reads that section is."""
        place = self._folder / f"place-{next(self._count)}"
        if section == "Beside a registry in Kubernetes":
            place = kustomize.copy(place, "openldap", self._slapd.ca_file.read_bytes(), b"")
            issued = self._authority.issue("registry", [SERVICE])
            shutil.copy(issued.certificate, place / "registry.crt")
            shutil.copy(issued.key, place / "registry.key")
        elif page == "deploy/helm/ldap-token-bridge/README.md":
            place.mkdir()
            shutil.copy(ROOT / "deploy/helm/ldap-token-bridge/ci/small.yaml", place / "values.yaml")
            shutil.copy(self._slapd.ca_file, place / "corp-ca.pem")
        else:
            shutil.copytree(self._home, place)
        for file in _MADE_THERE.get(section, ()):
            (place / file).unlink()
        (place / "ldap-password").write_text(canaries.password(sample.SERVICE_ACCOUNT))
        (place / "deploy").symlink_to(ROOT / "deploy")
        return place

    def type(self, typed: Typed, place: Path, text: str) -> tuple[int, str]:
        """Exit code and all that is shown, of `text` in place of the command itself where they differ."""
        text = self._here(text)
        who = _WHO.search(text)
        on_demo = self._stands_for[_DEMO] in text
        password = "" if not who else person(who[1]).password if on_demo else canaries.password(who[1])
        environment = self._environment(place)
        ready = ""
        if _SERVES.match(text):  # beside the bridge that runs already
            ready = '"event": "listening"'
            for listener in ("LISTEN", "ADMIN_LISTEN"):
                environment[f"LTB_SERVER__{listener}"] = f"127.0.0.1:{free_port()}"
        terminal = Terminal("\n".join((*typed.exports, text)), place, environment)
        serves = terminal.until(ready, password)
        return terminal.end(signal.SIGTERM if serves else None), terminal.text

    def has_shown(self, typed: Typed, shown: str) -> bool:
        """Whether the page's answer is in it; without digests, of which a terminal shows the beginning alone."""
        return all(self._here(line) in shown for line in typed.answer if "sha256:" not in line)

    def _here(self, text: str) -> str:
        for example, here in self._stands_for.items():
            text = text.replace(example, here)
        return text

    def _program(self, name: str, command: str) -> None:
        file = self._programs / name
        file.write_text(f'#!/bin/sh\nexec {command} "$@"\n')
        file.chmod(0o755)

    def _let_clients_speak_http(self) -> None:
        """To this machine alone."""
        containers = self._folder / "home/.config/containers"
        containers.mkdir(parents=True)
        (containers / "registries.conf").write_text('[[registry]]\nlocation = "127.0.0.1"\ninsecure = true\n')
        (containers / "policy.json").write_text('{"default": [{"type": "insecureAcceptAnything"}]}')
        (self._folder / "home/.gitconfig").write_text("[user]\nname = Alice\nemail = alice@corp.example.com\n")

    def _environment(self, place: Path) -> dict[str, str]:
        return {
            "PATH": f"{self._programs}:{os.environ['PATH']}",
            "PYTHONPATH": str(ROOT),
            "HOME": str(self._folder / "home"),
            "XDG_RUNTIME_DIR": str(self._folder / "home"),
            "DOCKER_HOST": f"unix://{place}/no-engine.sock",
            "TERM": "dumb",
        }

    def _name_keys(self) -> None:
        """The key that `RunningBridge` made, and one more, by the names of the example."""
        keys = self.bridge.folder / "keys"
        (first,) = (file.stem for file in keys.glob("*.key"))
        self.bridge.make_key()
        (second,) = (file.stem for file in keys.glob("*.key") if file.stem != first)
        for made, name in zip((first, second), KEYS, strict=True):
            for ending in ("key", "crt"):
                (keys / f"{made}.{ending}").rename(keys / f"{name}.{ending}")
        (keys / "active").write_text(f"{KEYS[0]}\n")

    def _furnish(self) -> None:
        """What a reader of docs/ has by then: the running bridge's own files, refresh tokens and robots turned on."""
        place = self._home
        shutil.copytree(self.bridge.folder, place, ignore=shutil.ignore_patterns("*.log"))
        refresh = {"enabled": True, "key_file": "secrets/refresh-keys", "revocations": "revoked.json"}
        token = {**self.bridge.sections["token"], "refresh": refresh}
        settings = {**self.bridge.sections, "token": token, "robots": "robots.yaml"}
        (place / "bridge.yaml").write_text(json.dumps(settings))
        (place / "secrets").mkdir(mode=0o700)
        self.bridge.command_line(["keys", "refresh-key", "-c", str(place / "bridge.yaml")])
        shutil.copy(ROOT / "config/robots.yaml", place)
        shutil.copy(self._folder / "bundle.pem", place)
        oci_image.build(place / "image")
        asked = self.bridge.get("repository:team-a/app:pull", login="alice", service=SERVICE)
        (place / "token.txt").write_text(asked.token)
        self.bridge.get(login="alice", password="wrong", service=SERVICE)
        (place / "audit.jsonl").write_text("".join(f"{json.dumps(line)}\n" for line in self.bridge.audit()))
        (place / "auth_config.yml").write_text('acl: [{match: {account: alice, name: "team-a/*"}, actions: [pull]}]\n')
        for words in (["init"], ["add", "policy.yaml"], ["commit", "-m", "The policy"],
                      ["update-ref", "refs/remotes/origin/main", "HEAD"]):  # fmt: skip
            command = ["git", "-C", str(place), *words]
            subprocess.run(command, check=True, capture_output=True, env=self._environment(place))
