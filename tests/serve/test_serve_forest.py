"""A whole bridge before Samba: with its global catalog, and with the policy's groups read ahead of the first login."""

import re
import time
from pathlib import Path

import pytest

from tests.support import sample
from tests.support.bridge import RunningBridge
from tests.support.samba import SambaDC

# Every group that alice is in and that is not everybody's.
POLICY = """\
version: 1
groups:
  platform: CN=Platform,OU=Groups,DC=corp,DC=example,DC=com
  engineers: CN=Platform-Engineers,OU=Groups,DC=corp,DC=example,DC=com
  oncall: CN=Platform-Oncall,OU=Groups,DC=corp,DC=example,DC=com
allow:
  - {id: all, who: ["group:platform", "group:engineers", "group:oncall"], repositories: ["**"], actions: [pull]}
"""


def searches(bridge: RunningBridge) -> int:
    """How many the bridge has made."""
    found = re.findall(r'ltb_ldap_operation_seconds_count\{operation="search".*?\} (\S+)', bridge.metrics())
    return int(sum(map(float, found)))


def settled(bridge: RunningBridge, at_least: int) -> int:
    """The number of searches, once what is done in the background is done: there were so many, and none follows."""
    give_up, before = time.monotonic() + 20, -1
    while (count := searches(bridge)) < at_least or count != before:
        assert time.monotonic() < give_up
        before = count
        time.sleep(0.5)
    return count


@pytest.mark.parametrize("forest", [False, True])
def test_a_first_login(tmp_path: Path, samba: SambaDC, *, forest: bool) -> None:
    """After a start and after a reload: to find her and tokenGroups, and no search for the policy's groups.

    With a global catalog she is found by three: there, by her account's name, and in her own domain.
    """
    directory = {
        "kind": "active-directory",
        "base": samba.base,
        "bind_dn": f"{sample.SERVICE_ACCOUNT}@{sample.DOMAIN}",
        "tls": {"ca_file": str(samba.ca_file)},
    }
    if forest:
        directory |= {"global_catalog": [samba.global_catalog_url], "domains": {sample.DOMAIN: [samba.ldaps_url]}}
    else:
        directory |= {"servers": [samba.ldaps_url]}
    with RunningBridge(tmp_path / "bridge", directory, policy=POLICY) as bridge:
        # The policy's groups, and those that nearly all are in; in a forest the domain is asked before the catalog.
        before = settled(bridge, 2)
        assert bridge.get("repository:any/thing:pull", login="alice").access == {"any/thing": ["pull"]}
        assert searches(bridge) == before + (4 if forest else 2)
        bridge.sections["directory"]["timeouts"] = {"operation": "3s"}
        bridge.write_settings()
        assert bridge.reload()
        before = settled(bridge, before + (4 if forest else 2) + 2)
        assert bridge.get("repository:any/thing:pull", login="alice").access == {"any/thing": ["pull"]}
        assert searches(bridge) == before + (4 if forest else 2)
