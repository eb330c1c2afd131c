"""389 Directory Server: groups that it has expanded itself, and its own words for accounts that may not log in."""

from collections.abc import AsyncIterator

import pytest

from ldap_token_bridge.directory import Authenticated, Refused
from ldap_token_bridge.identity import Refusal
from tests.support.ds389 import DirectoryServer389
from tests.support.real_directory import RealDirectory, names, real_directory


@pytest.fixture
async def directory(ds389: DirectoryServer389) -> AsyncIterator[RealDirectory]:
    """As with `kind: 389ds`."""
    async with real_directory("389ds", ds389.url, ds389.base, ds389.bind_dn) as directory:
        yield directory


async def test_groups_are_in_the_entry(directory: RealDirectory) -> None:
    """Nested ones and a cycle included; no search is made for them."""
    assert set(names(await directory.groups("alice"))) == {"Platform-Oncall", "Platform-Engineers", "Platform"}
    assert set(names(await directory.groups("jürgen"))) == {"Circle-A", "Circle-B", "reg-team-a-read"}
    await directory.login("alice")
    assert await directory.cost("alice") == ["bind", "search"]


async def test_groups_by_member(ds389: DirectoryServer389) -> None:
    """Where memberOf is not kept."""
    async with real_directory("389ds", ds389.url, ds389.base, ds389.bind_dn, strategy="member") as directory:
        assert names(await directory.groups("alice")) == {
            "Platform-Oncall": "direct",
            "Platform-Engineers": "nested",
            "Platform": "nested",
        }


async def test_the_unique_id(directory: RealDirectory) -> None:
    """NsUniqueId stays when an entry is renamed."""
    login = await directory.login("alice")
    assert isinstance(login, Authenticated)
    assert len(login.account.unique_id) == len("5ae8809d-e5f911f1-ad43ff1d-5a9b8e34")


@pytest.mark.parametrize(
    ("login", "reason"),
    [
        ("dave", Refusal.ACCOUNT_DISABLED),
        ("henry", Refusal.ACCOUNT_LOCKED),
        ("nobody", Refusal.WRONG_CREDENTIALS),
    ],
)
async def test_accounts_that_may_not_log_in(directory: RealDirectory, login: str, reason: Refusal) -> None:
    """Inactivated is result 53 and locked is 19; an unknown name is a wrong password."""
    refused = await directory.login(login)
    assert isinstance(refused, Refused)
    assert refused.reason is reason


async def test_a_wrong_password(directory: RealDirectory) -> None:
    """Result 49."""
    refused = await directory.login("bob", "wrong")
    assert isinstance(refused, Refused)
    assert refused.reason is Refusal.WRONG_CREDENTIALS
    assert isinstance(await directory.login("bob"), Authenticated)
