"""What a kubelet does with the manifests of a Pod, and `podman play kube` does not: probes, and volumes that change.

ConfigMaps and Secrets are laid out as it lays them out: each key is a symlink over `..data`, which is a symlink to a
folder with a time in its name, and a change is one rename.
"""

import base64
import os
from collections.abc import Iterable, Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any

from .http import request

Manifest = dict[str, Any]
_PROBES = ("startupProbe", "readinessProbe", "livenessProbe")


class Kubelet:
    """Keeps the volumes of one Deployment's Pod below a folder. The Pod's `fsGroup` owns them, as on a node."""

    def __init__(self, folder: Path, objects: Iterable[Manifest]) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._objects = list(objects)
        self._count = iter(range(1000))
        (self._deployment,) = (each for each in self._objects if each["kind"] == "Deployment")
        pod = self._deployment["spec"]["template"]["spec"]
        self._group: int = pod["securityContext"]["fsGroup"]
        self._containers: dict[str, Manifest] = {each["name"]: each for each in pod["containers"]}

    def manifests(self) -> list[Manifest]:
        """What podman runs: the Deployment with its volumes as folders of this machine, in the network of the test.

        podman would publish the ports on another network, probe with a curl inside the container, and look for Secrets
        in a store of its own.
        """
        deployment = deepcopy(self._deployment)
        pod = deployment["spec"]["template"]["spec"]
        pod["hostNetwork"] = True
        pod["volumes"] = [self._on_this_machine(volume) for volume in pod["volumes"]]
        for container in pod["containers"]:
            for key in ("ports", *_PROBES):
                container.pop(key, None)
            container["env"] = [self._resolved(variable) for variable in container["env"]]
        return [deployment, *(each for each in self._objects if each["kind"] == "ConfigMap")]

    def probe(self, container: str, kind: str) -> int:
        """The status that a probe of the manifest (`readinessProbe`, …) gets; 0 for no answer."""
        manifest = self._containers[container]
        get = manifest[kind]["httpGet"]
        ports = {each["name"]: each["containerPort"] for each in manifest["ports"]}
        try:
            scheme = get.get("scheme", "HTTP").lower()
            return request(f"{scheme}://127.0.0.1:{ports[get['port']]}{get['path']}").status
        except OSError:
            return 0

    def volume(self, name: str) -> Path:
        """The folder of a volume."""
        return self._folder / name

    def change(self, name: str, files: Mapping[str, bytes], mode: int = 0o644) -> None:
        """Other content for a volume, whole and at once."""
        volume = self.volume(name)
        volume.mkdir(exist_ok=True)
        fresh = volume / f"..2027_01_01_00_00_00.{next(self._count)}"
        fresh.mkdir()
        for key, content in files.items():
            self._give(fresh / key, content, mode)
            if not (volume / key).is_symlink():
                (volume / key).symlink_to(f"..data/{key}")
        new = volume / "..data_tmp"
        new.symlink_to(fresh.name)
        new.rename(volume / "..data")

    def _give(self, file: Path, content: bytes, mode: int) -> None:
        """With an fsGroup, the group may read whatever the owner, root, may."""
        file.write_bytes(content)
        os.chown(file, 0, self._group)
        file.chmod(mode | (mode & 0o400) >> 3)

    def _on_this_machine(self, volume: Manifest) -> Manifest:
        name = volume["name"]
        if "configMap" in volume:
            self.change(name, self._content("ConfigMap", volume["configMap"]["name"]))
        elif "secret" in volume:
            secret = volume["secret"]
            self.change(name, self._content("Secret", secret["secretName"]), secret["defaultMode"])
        else:
            self.volume(name).mkdir()
            os.chown(self.volume(name), 0, self._group)
            self.volume(name).chmod(0o2770)
        return {"name": name, "hostPath": {"path": str(self.volume(name)), "type": "Directory"}}

    def _resolved(self, variable: Manifest) -> Manifest:
        reference = variable.get("valueFrom", {}).get("secretKeyRef")
        if not reference:
            return variable
        value = self._content("Secret", reference["name"])[reference["key"]]
        return {"name": variable["name"], "value": value.decode()}

    def _content(self, kind: str, name: str) -> dict[str, bytes]:
        (found,) = (each for each in self._objects if (each["kind"], each["metadata"]["name"]) == (kind, name))
        if kind == "Secret":
            return {key: base64.b64decode(value) for key, value in found["data"].items()}
        return {key: value.encode() for key, value in found["data"].items()}
