"""Whether the accounts that the policy names are in the directory: a deny rule for a mistyped one shuts nobody out."""

from collections.abc import Iterable

from ldap_token_bridge.deadline import Deadline
from ldap_token_bridge.directory import GroupMemory, open_directory
from ldap_token_bridge.dn import fold
from ldap_token_bridge.errors import Unavailable
from ldap_token_bridge.ldap import LdapOptions
from ldap_token_bridge.policy import Policy, Rule
from ldap_token_bridge.settings import Settings

from .at_once import for_each
from .item import Grade, Item
from .many import open_client

# Whoever names more of them writes the policy by a program, and would wait long.
_MOST = 200
_TOPIC = "user"


async def check_named_users(settings: Settings, options: LdapOptions, policy: Policy) -> tuple[Item, ...]:
    """A warning for each `user:` term of a rule that is nobody's account. Never raises for what a server does.

    `options` are the ldap room's, made of these settings. Ask only where `check_directory` has found people.
    """
    named = _named(policy.rules)
    if not named:
        return ()
    if len(named) > _MOST:
        return (Item(_TOPIC, Grade.FINE, f"{len(named)} accounts in the policy: more than {_MOST} are not looked up"),)
    async with open_client(options) as client:
        directory = open_directory(client, settings.directory.options, GroupMemory(1, 0))

        async def is_there(name: str) -> bool:
            return await directory.find_account(name, Deadline.after(settings.server.request_deadline)) is not None

        try:
            found = await for_each(tuple(named), is_there)
        except Unavailable as error:
            return (Item(_TOPIC, Grade.WARNING, f"the policy's accounts cannot be looked up: {error.detail}"),)
    missing = [name for name, is_found in zip(named, found, strict=True) if not is_found]
    if not missing:
        return (Item(_TOPIC, Grade.FINE, f"accounts in the policy: {len(named)}, and the directory has them"),)
    return tuple(_warning(name, named[name]) for name in missing)


def _named(rules: Iterable[Rule]) -> dict[str, Rule]:
    """Each account with the first rule that names it."""
    found: dict[str, Rule] = {}
    for rule in rules:
        for who in rule.who:
            if who.kind == "user":
                found.setdefault(fold(who.name), rule)
    return found


def _warning(name: str, rule: Rule) -> Item:
    what = f"the rule {rule.id!r} names user:{name}, and the directory has no one account of that name"
    remedy = "Write the account as `whoami` shows it; until then the rule does not mean that person."
    return Item(_TOPIC, Grade.WARNING, what, rule.reference.place, remedy)
