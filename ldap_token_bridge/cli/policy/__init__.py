"""`policy`: commands about policies, one file a command. Those that ask the directory need bridge.yaml, too."""

from ldap_token_bridge.cli.common import examples
from ldap_token_bridge.cli.lazy import LazyGroup

# A new command: its file here, and one line with the same words as the first line of its help.
COMMANDS = {
    "check": "Read policy files and show every problem with its place.",
    "test": "Run the tests that stand in policy files.",
    "explain": "Explain why somebody may do something, or may not.",
    "who-can": "Name everybody who may do one thing.",
    "what-can": "List what somebody may do, as patterns with their exceptions.",
    "diff": "Show who gains and who loses what by a change.",
    "import-docker-auth": "Translate docker_auth's access list into a policy.",
    "schema": "Print the JSON Schema of the policy file.",
}

_HELP = """\
Check, test and explain policies.

A FILE may be a folder: every *.yaml in it, joined to one policy.
"""

command = LazyGroup(
    name="policy",
    help=_HELP,
    package="ldap_token_bridge.cli.policy",
    table=COMMANDS,
    epilog=examples(
        "ldap-token-bridge policy check policy.yaml",
        "ldap-token-bridge policy test policy.yaml",
        "ldap-token-bridge policy explain --user alice team-a/app",
        "ldap-token-bridge policy who-can push team-a/app --policy policy.yaml",
        "ldap-token-bridge policy diff --no-new-access origin/main:policy.yaml policy.yaml",
        "ldap-token-bridge policy schema > policy.schema.json",
    ),
)
