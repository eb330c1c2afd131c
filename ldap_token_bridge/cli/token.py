"""`token`: what registries make of a token. `token revoke` has a file of its own."""

import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import click

from ldap_token_bridge.errors import Misconfigured
from ldap_token_bridge.tokens import Generation, Malformed, Verification, check_access, contents, verify_token

from .common import ANY_FILE, EXIT_FINDING, config_option, examples, format_option, run_or_explain
from .token_input import Asked, Side, SideOptions, ask_for_token, read_token, registry_side, wanted_access
from .token_report import print_report
from .token_revoke import revoke

_GENERATIONS: dict[str, tuple[Generation, ...]] = {"both": ("2.x", "3.x"), "2.x": ("2.x",), "3.x": ("3.x",)}


@click.group(epilog=examples("ldap-token-bridge token inspect -c bridge.yaml < token.txt"))
def command() -> None:
    """Explain why tokens are refused; revoke refresh tokens.

    `inspect` is for the question why a registry says 401 to someone who has just logged in.
    """


command.add_command(revoke)


@command.command(
    epilog=examples(
        "ldap-token-bridge token inspect -c bridge.yaml < token.txt",
        "ldap-token-bridge token inspect -c bridge.yaml --action 'push team-a/app' < token.txt",
        "ldap-token-bridge token inspect --bundle bundle.pem --issuer bridge.corp.example.com \\",
        "      --service registry.corp.example.com --registry 2.x < token.txt",
        "ldap-token-bridge token inspect -c bridge.yaml --user alice --scope repository:team-a/app:pull,push \\",
        "      < password-file",
    )
)
@click.argument("token", required=False)
@config_option
@click.option(
    "--bundle", type=ANY_FILE, metavar="FILE", help="The registry's rootcertbundle. Else that of the settings."
)
@click.option("--jwks", type=ANY_FILE, metavar="FILE", help="The registry's jwks file (3.x only).")
@click.option("--issuer", metavar="TEXT", help="The registry's auth.token.issuer. Else token.issuer of the settings.")
@click.option("--service", metavar="TEXT", help="The registry's auth.token.service. Else that of the settings.")
@click.option("--action", "actions", multiple=True, metavar="ACTION", help="What is to be done: 'push team-a/app'.")
@click.option(
    "--registry",
    "generations",
    type=click.Choice(list(_GENERATIONS)),
    default="both",
    show_default=True,
    help="By whose rules.",
)
@click.option("--user", metavar="NAME", help="Get the token from the bridge, with the password from standard input.")
@click.option("--scope", "scopes", multiple=True, metavar="SCOPE", help="With --user: what to ask for.")
@click.option("--url", metavar="URL", help="With --user: the bridge's address. Else that of the settings.")
@click.option("--ca-file", type=ANY_FILE, metavar="FILE", help="With --url: who may sign the certificate there.")
@format_option
@run_or_explain()
def inspect(  # noqa: PLR0913 -- one for each option
    *,
    token: str | None,
    config: Path | None,
    bundle: Path | None,
    jwks: Path | None,
    issuer: str | None,
    service: str | None,
    actions: Sequence[str],
    generations: str,
    user: str | None,
    scopes: Sequence[str],
    url: str | None,
    ca_file: Path | None,
    output_format: str,
) -> None:
    """Walk a token through a registry's verification, step by step.

    TOKEN may also come from standard input (better: arguments can be seen by others), as a token, as `Bearer TOKEN`, or
    as the JSON in which it was given. Nothing is changed and nobody is told. Its signature is never printed.

    Exit code 0: every kind of registry asked for accepts it, and it allows each ACTION. 1: one refuses it, or the
    bridge gives no token. 2: no token, or the settings or files cannot be used.
    """
    if user is None and (scopes or url or ca_file):
        raise click.UsageError("--scope, --url and --ca-file go with --user.")
    if user is not None and token is not None:
        raise click.UsageError("Give either a TOKEN or --user.")
    wanted = [wanted_access(each) for each in actions]
    given = SideOptions(config, bundle, jwks, issuer, service)
    settings = None if given.complete and (config is None) and (user is None or url) else given.settings()
    asked = Asked(service, scopes)
    token = read_token(token) if user is None else ask_for_token(user, url, ca_file, settings, asked)
    try:
        header, claims = contents(token)
    except Malformed as error:
        raise Misconfigured.one(f"this is no token: {error}") from None
    side = registry_side(given, settings, claims.get("aud"))
    verdicts = []
    for generation in _GENERATIONS[generations]:
        found = _verify(token, side, generation)
        if found.accepted:
            found = replace(found, steps=(*found.steps, *(check_access(claims, each) for each in wanted)))
        verdicts.append(found)
    print_report(header, claims, verdicts, output_format)
    raise SystemExit(0 if all(verdict.accepted for verdict in verdicts) else EXIT_FINDING)


def _verify(token: str, side: Side, generation: Generation) -> Verification:
    return verify_token(
        token,
        side.bundle,
        issuer=side.issuer,
        service=side.service,
        now=time.time(),
        generation=generation,
        jwks=side.jwks,
    )
