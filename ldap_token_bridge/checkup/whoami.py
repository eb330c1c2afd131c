"""Who a typed name is, asked anew of the directory, step by step: nothing comes from memory."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Literal

from ldap_token_bridge.deadline import Deadline
from ldap_token_bridge.directory import (
    GroupMemory,
    LoginName,
    Person,
    Sighting,
    is_possible_password,
    open_directory,
    parse_login_name,
)
from ldap_token_bridge.directory.sid import sid_text
from ldap_token_bridge.errors import Place, Unavailable
from ldap_token_bridge.identity import Refusal, Secret, Subject, SubjectKind, machine_of
from ldap_token_bridge.ldap import BindResult, DirectoryDown, LdapClient, LdapOptions, SearchFailed
from ldap_token_bridge.policy import Policy
from ldap_token_bridge.settings import Settings

from .item import Grade, Item
from .live import diagnose
from .person import BindOutcome, Stage, Whoami

# Entries named of an ambiguous name; whoever has more of them knows what to look for.
_MOST_RIVALS = 20
_KEY = re.compile(r"\bdirectory(?:\.[a-z_]+)+")
_LATER = "Try again; if it stays so, look into the directory server's own log."

StageName = Literal["connect", "search", "groups", "bind"]


async def whoami(
    settings: Settings, options: LdapOptions, policy: Policy | None, typed: str, password: Secret | None
) -> Whoami:
    """Everything about the name; with a password, what comes of a bind. Never raises for what a server does.

    `options` are the ldap room's, made of these settings.
    """
    tally = _Tally()
    client = LdapClient(options, tally)
    try:
        inquiry = _Inquiry(settings, options, client, tally, Whoami(typed))
        async with inquiry.explained():
            await inquiry.run(policy, password)
        return replace(inquiry.found, stages=tally.stages())
    finally:
        await client.close()


class _Tally:
    """An observer that sorts what goes to the directory by stage; connecting is a stage of its own."""

    def __init__(self) -> None:
        self.stage: StageName = "search"
        self._counts: dict[StageName, tuple[int, float]] = {}

    def __call__(self, operation: str, server: str, seconds: float, outcome: str) -> None:
        del server, outcome
        # The service account binds as a part of connecting.
        is_own = operation == "search" or (operation == "bind" and self.stage == "bind")
        stage: StageName = self.stage if is_own else "connect"
        count, total = self._counts.get(stage, (0, 0.0))
        self._counts[stage] = (count + 1, total + seconds)

    def stages(self) -> tuple[Stage, ...]:
        """In the order of their beginnings."""
        order: tuple[StageName, ...] = ("connect", "search", "groups", "bind")
        return tuple(
            Stage(name, count, seconds * 1000)
            for name, (count, seconds) in sorted(self._counts.items(), key=lambda item: order.index(item[0]))
        )


class _Inquiry:
    """`found` grows with each step; what stops it becomes an item."""

    def __init__(
        self, settings: Settings, options: LdapOptions, client: LdapClient, tally: _Tally, found: Whoami
    ) -> None:
        self._settings = settings
        self._options = options
        self._client = client
        self._tally = tally
        self._directory = open_directory(client, settings.directory.options, GroupMemory(1, 0))
        self.found = found

    async def run(self, policy: Policy | None, password: Secret | None) -> None:
        if machine := machine_of(self.found.typed.lower()):
            what = f"this is the name of a {machine[0]}, and the directory is never asked for it"
            self._tell("name", what, _MACHINES[machine[0]])
            return
        name = parse_login_name(self.found.typed)
        if name is None:
            self._tell("name", "this can be no account's name, so the directory is never asked for it", _FORMS)
            return
        self._tally.stage = "search"
        sighting = await self._directory.look(name, self._deadline(), _MOST_RIVALS)
        person = sighting.person
        if person is None:
            self._unknown(name, sighting)
            return
        raw = sighting.entry.first("objectSid") if sighting.entry else None
        self.found = replace(self.found, account=person.account, sid=sid_text(raw) if raw else "", state=person.state)
        async with self.explained():
            await self._groups(person, policy)
        if password is not None:
            self._tally.stage = "bind"
            self.found = replace(self.found, bind=await self._bind(person, password))

    @asynccontextmanager
    async def explained(self) -> AsyncIterator[None]:
        """Trouble with the directory within the block becomes items, with the keys of bridge.yaml to look at."""
        try:
            yield
        except (DirectoryDown, SearchFailed) as error:
            items = await diagnose(self._settings, self._options, self._client, None)
            bad = tuple(item for item in items if item.grade is not Grade.FINE)
            self.found = replace(self.found, items=self.found.items + bad)
            if not bad or isinstance(error, SearchFailed):
                self._tell("directory", error.detail, _LATER, self._settings.place("directory", "servers"))
        except Unavailable as error:
            self._tell(self._tally.stage, error.detail, where=self._place_of(error.detail))

    async def _groups(self, person: Person, policy: Policy | None) -> None:
        self._tally.stage = "groups"
        groups = await self._directory.groups_of(person, self._deadline())
        self.found = replace(self.found, groups=groups)
        if policy:
            subject = Subject(SubjectKind.USER, person.account.name, groups)
            self.found = replace(self.found, policy=policy.hash, memberships=policy.memberships(subject))

    async def _bind(self, person: Person, password: Secret) -> BindOutcome:
        if not is_possible_password(password):
            return BindOutcome(Refusal.WRONG_CREDENTIALS, untried=_why_impossible(password.reveal()))
        result = await self._directory.verify(person, password, self._deadline())
        # A bind that succeeds is no login yet: the entry's own state counts, too.
        return BindOutcome(self._directory.refusal_of(person, result) or person.state, _answer(result))

    def _unknown(self, name: LoginName, sighting: Sighting) -> None:
        options = self._settings.directory.options
        if sighting.rivals:
            self.found = replace(self.found, rivals=sighting.rivals)
            what = "this name stands for several entries, so it lets nobody in"
            remedy = "Make them distinct, or narrow directory.users.base, filter or login."
            self._tell("name", what, remedy, self._settings.place("directory", "users"))
            return
        if sighting.stranger:
            what = f"{sighting.stranger} is in a domain that directory.domains does not name, so it lets nobody in"
            remedy = "Add the domain and its servers, if its people are to log in."
            self._tell("name", what, remedy, self._settings.place("directory", "domains"))
            return
        where = self._settings.place("directory", "users")
        if name.domain:
            what = f"there is no account {name.name} below {options.user_base}, or {name.domain} is another domain"
        else:
            what = f"nobody below {options.user_base} has this name"
        remedy = "Check the name, directory.users.base and filter, and that the service account may read people."
        self._tell("name", what, remedy, where)

    def _tell(self, topic: str, what: str, remedy: str = "", where: Place | None = None) -> None:
        self.found = replace(self.found, items=(*self.found.items, Item(topic, Grade.FINDING, what, where, remedy)))

    def _place_of(self, text: str) -> Place:
        """The place of the key that a text names, else of the directory."""
        named = _KEY.search(text)
        return self._settings.place(*(named[0].split(".") if named else ("directory",)))

    def _deadline(self) -> Deadline:
        return Deadline.after(self._settings.server.request_deadline)


_MACHINES = {
    SubjectKind.ROBOT: "All robots with their states: ldap-token-bridge robot list",
    SubjectKind.WORKLOAD: "Workloads stand below `workloads` in bridge.yaml and in the policy.",
}
_FORMS = (
    "Write it as alice, alice@corp.example.com or CORP\\alice: no outer spaces, no control characters, 256 at most."
)


def _why_impossible(password: bytes) -> str:
    if not password:
        return "empty"
    return "it holds a zero byte" if b"\0" in password else "too long"


def _answer(result: BindResult) -> str:
    """What the server said, in one line."""
    said = " ".join(result.diagnostic.replace("\0", "").split())
    policy = "" if result.policy_error is None else f", password policy error {result.policy_error}"
    return f"result {result.code}{policy}{f': {said}' if said else ''}"
