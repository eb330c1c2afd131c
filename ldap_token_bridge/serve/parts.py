"""The rooms' own options, made of bridge.yaml; and what is read anew on every reload."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from ldap_token_bridge.directory import Authenticator, CacheTimes, Directory, GroupMemory
from ldap_token_bridge.errors import Misconfigured, Problem
from ldap_token_bridge.ldap import LdapClient, LdapOptions, client_tls
from ldap_token_bridge.observe import Metrics, configure_logging
from ldap_token_bridge.policy import Policy, load_policy
from ldap_token_bridge.settings import DirectorySettings, Settings
from ldap_token_bridge.token_service import TokenRules
from ldap_token_bridge.tokens import Keyring
from ldap_token_bridge.web import EndpointOptions, messages_with

from .find import by_dns


@dataclass(frozen=True, slots=True)
class DirectoryParts:
    """What stands between the bridge and one directory: replaced together when its settings change."""

    settings: Settings
    tls_files: tuple[bytes, ...] = field(repr=False)
    client: LdapClient
    authenticator: Authenticator

    def fits(self, settings: Settings) -> bool:
        """Whether these parts are what those settings ask for, down to the content of the TLS files."""
        mine = self.settings
        return (
            mine.directory == settings.directory
            and mine.cache == settings.cache
            and self.tls_files == _tls_files(settings.directory)
        )

    async def close(self) -> None:
        """Give up what is under way, then hang up."""
        await self.authenticator.close()
        await self.client.close()


def directory_parts(settings: Settings, metrics: Metrics) -> DirectoryParts:
    """Nothing is connected yet; raises Misconfigured for a TLS file that cannot be used."""
    directory, cache = settings.directory, settings.cache
    client = LdapClient(ldap_options(directory), metrics.ldap_operation)
    memory = GroupMemory(cache.max_accounts, cache.groups)
    times = CacheTimes(cache.credentials, cache.groups, cache.rejected, cache.max_accounts)
    authenticator = Authenticator(Directory(client, directory.options, memory), times, metrics.cache_lookup)
    return DirectoryParts(settings, _tls_files(directory), client, authenticator)


def ldap_options(directory: DirectorySettings) -> LdapOptions:
    """The ldap room's options; raises Misconfigured for a certificate authority or key that cannot be read."""
    tls = directory.tls
    return LdapOptions(
        servers=directory.servers,
        tls=client_tls(tls.ca_file, tls.certificate, tls.key, tls.minimum),
        start_tls=tls.start_tls,
        allow_plaintext=tls.allow_plaintext,
        bind_dn=directory.bind_dn,
        bind_password=directory.bind_password,
        connect_timeout=directory.timeouts.connect,
        operation_timeout=directory.timeouts.operation,
        search_connections=directory.connections.search,
        bind_connections=directory.connections.bind,
        find=by_dns(directory) if directory.domain else None,
        bind_by_certificate=not directory.bind_dn,
    )


def set_up_logging(settings: Settings) -> None:
    """Log as the settings say, from now on."""
    configure_logging(settings.logging.format, settings.logging.level)


def policy_and_keys(settings: Settings, now: Callable[[], float]) -> tuple[Policy, Keyring]:
    """Both, or every problem of both; a policy whose own tests fail is not taken up."""
    problems: list[Problem] = []
    policy: Policy | None = None
    keyring: Keyring | None = None
    moment = datetime.fromtimestamp(now(), UTC)
    try:
        keyring = Keyring.load(settings.token.keys_dir, moment)
    except Misconfigured as error:
        problems += error.problems
    try:
        policy = load_policy(settings.policy.path)
        problems += [
            Problem(f"the policy's own test fails: {result.text}", result.place, "Mend the rule or the test.")
            for result in policy.run_tests(moment)
            if not result.passed
        ]
    except Misconfigured as error:
        problems += error.problems
    if problems or policy is None or keyring is None:
        raise Misconfigured(problems)
    return policy, keyring


def token_rules(settings: Settings) -> TokenRules:
    """The token room's part of the settings."""
    token = settings.token
    return TokenRules(token.issuer, token.services, token.lifetime, token.x5c)


def endpoint_options(settings: Settings) -> EndpointOptions:
    """The web room's part of the settings."""
    server = settings.server
    return EndpointOptions(server.request_deadline, server.trusted_proxies, messages_with(settings.messages))


def _tls_files(directory: DirectorySettings) -> tuple[bytes, ...]:
    tls = directory.tls
    return tuple(path.read_bytes() for path in (tls.ca_file, tls.certificate, tls.key) if path)
