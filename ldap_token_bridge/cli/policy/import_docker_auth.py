"""`policy import-docker-auth`: a policy out of docker_auth's access list."""

from pathlib import Path

import click

from ldap_token_bridge.checkup import Grade, exit_code, items_of
from ldap_token_bridge.cli.common import ANY_PATH, examples, run_or_explain, say
from ldap_token_bridge.cli.items import lines_of
from ldap_token_bridge.cli.progress import progress
from ldap_token_bridge.policy import docker_auth
from ldap_token_bridge.policy.proof import Work
from ldap_token_bridge.yamlfile import read_text

from .effort import effort_option


@click.command(
    epilog=examples(
        "ldap-token-bridge policy import-docker-auth auth_config.yml > policy.yaml",
        "ldap-token-bridge policy check policy.yaml",
    )
)
@click.argument("path", type=ANY_PATH, metavar="FILE")
@effort_option
@run_or_explain()
def command(path: Path, *, effort: int) -> None:
    """Translate docker_auth's access list into a policy.

    The policy goes to standard output, with the lines that each rule comes from. What cannot be said exactly is left
    out and named on standard error: regular expressions, patterns of accounts, labels, and entries whose effect depends
    on their order where no deny rule can stand for it. So the policy never grants more than docker_auth does.

    Each entry is compared with those before it. What would take too many steps for that is left out from some entry on,
    which is named; --effort 10 goes on ten times as long.

    Exit code 0: all of it is translated. 1: something was left out. 2: the file cannot be read.
    """
    acl = docker_auth.read_acl(read_text(path, "docker_auth's configuration"), str(path))
    with progress("Translating") as show:
        translation = docker_auth.translate(acl, show, Work.of_effort(effort))
    click.echo(docker_auth.write_policy(translation, str(path)), nl=False)
    items = items_of("left out", Grade.FINDING, translation.left_out)
    items += items_of("note", Grade.WARNING, translation.notes)
    for line in lines_of(sorted(items, key=lambda item: item.where.line if item.where else 0)):
        say(line)
    raise SystemExit(exit_code(items))
