"""Everybody behind an answer of `who-can`, from the directory: each one looked up and decided as at a login."""

from collections.abc import Iterable
from dataclasses import field, replace

from ldap_token_bridge.deadline import Deadline
from ldap_token_bridge.directory import GroupMemory, open_directory, parse_login_name
from ldap_token_bridge.directory.members import MemberReader
from ldap_token_bridge.dn import fold
from ldap_token_bridge.identity import Refusal, Subject, SubjectKind
from ldap_token_bridge.ldap import LdapClient, LdapOptions
from ldap_token_bridge.policy import Atom, Granted, Meanings, Policy, Question, Verdict
from ldap_token_bridge.policy.who_can import Grant, WhoCan
from ldap_token_bridge.settings import Settings
from ldap_token_bridge.values import dataclass

from .at_once import Progress, for_each
from .many import GROUPS_REMEMBERED, SECONDS_REMEMBERED, open_client


@dataclass(frozen=True, slots=True)
class Candidate:
    """Someone who is meant by a grant, and what the engine says. `state` is why the account cannot log in now."""

    subject: Subject
    dn: str
    verdict: Verdict
    state: Refusal | None = None

    @property
    def granted(self) -> bool:
        """Whether the policy grants it; the account's state is another matter."""
        return isinstance(self.verdict, Granted)


@dataclass(slots=True)
class Expansion:
    """`unlisted` are terms that mean everybody; `unread` members without a readable entry; `more` beyond the limit."""

    candidates: list[Candidate] = field(default_factory=list)
    unlisted: dict[str, None] = field(default_factory=dict)
    unread: dict[str, None] = field(default_factory=dict)
    more: int = 0


async def expand(
    settings: Settings,
    options: LdapOptions,
    policy: Policy,
    found: WhoCan,
    question: Question,
    limit: int,
    progress: Progress,
) -> Expansion:
    """Everybody; the question's subject does not matter. Raises what the directory's rooms raise."""
    async with open_client(options) as client:
        return await _Expanding(settings, client, policy, found, question).run(limit, progress)


class _Expanding:
    def __init__(
        self, settings: Settings, client: LdapClient, policy: Policy, found: WhoCan, question: Question
    ) -> None:
        directory = settings.directory.options
        memory = GroupMemory(GROUPS_REMEMBERED, SECONDS_REMEMBERED)
        self._seconds = settings.server.request_deadline
        self._directory = open_directory(client, directory, memory)
        self._members = MemberReader(client, directory, self._deadline)
        self._policy = policy
        self._meanings = Meanings(policy.groups, policy.families)
        self._grants = found.grants
        self._question = replace(question, access=(found.access,))
        self._out = Expansion()

    async def run(self, limit: int, progress: Progress) -> Expansion:
        accounts: dict[str, None] = {}
        for grant in self._grants:
            accounts |= dict.fromkeys(await self._accounts(grant))
        chosen = sorted(accounts)[:limit]
        self._out.more = len(accounts) - len(chosen)

        self._out.candidates += filter(None, await for_each(chosen, self._person, progress))
        self._out.candidates.sort(key=lambda each: (each.subject.kind.value, each.subject.name))
        return self._out

    async def _accounts(self, grant: Grant) -> Iterable[str]:
        """The accounts that a grant may mean: those of its narrowest term."""
        for atom in grant.atoms:
            if atom.kind == "user":
                return [atom.name]
            if atom.kind in ("robot", "workload"):
                self._machine(atom)
                return []
        dns, sid = await self._groups(next(iter(grant.atoms)))
        accounts: dict[str, None] = {}
        for dn in [*dns, *([""] if sid else [])]:
            members = await self._members.members_of(dn=dn, sid="" if dn else sid)
            accounts |= members.accounts
            self._out.unread |= dict.fromkeys(members.unread)
        return accounts

    async def _groups(self, atom: Atom) -> tuple[list[str], str]:
        """The groups by DN or SID whose members an atom means."""
        dn, sid = self._meanings.group_dn(atom), self._meanings.group_sid(atom)
        if dn or sid:
            return ([dn] if dn else []), sid
        if atom.kind == "family":
            template = next(each.template for each in self._policy.families if fold(each.name) == fold(atom.name))
            # The word may also stand in the name of a unit above the groups.
            attribute = "objectClass" if template.rdn else template.attribute
            return await self._members.groups_like(attribute, lambda name: bool(template.word_of(name))), ""
        self._out.unlisted[str(atom)] = None
        return [], ""

    async def _person(self, account: str) -> Candidate | None:
        """The account as at a login; None if nobody or several have this name, for then nobody gets in by it."""
        name = parse_login_name(account)
        person = (await self._directory.look(name, self._deadline())).person if name else None
        if person is None or fold(person.account.name) != fold(account):
            return None
        groups = await self._directory.groups_of(person, self._deadline())
        subject = Subject(SubjectKind.USER, person.account.name, groups)
        return Candidate(subject, person.account.dn, self._decide(subject), person.state)

    def _machine(self, atom: Atom) -> None:
        subject = Subject(SubjectKind(atom.kind), atom.name)
        self._out.candidates.append(Candidate(subject, "", self._decide(subject)))

    def _decide(self, subject: Subject) -> Verdict:
        ((_, (verdict,)),) = self._policy.decide(replace(self._question, subject=subject)).verdicts
        return verdict

    def _deadline(self) -> Deadline:
        return Deadline.after(self._seconds)
