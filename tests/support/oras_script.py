"""What a script with the library oras does: `VERB TARGET [LOGIN]`, the password on standard input.

It is run by `tests.support.client_table` in a process of its own, as people run theirs.
"""

import sys

from oras.client import OrasClient


def main(verb: str, target: str, login: str = "") -> None:
    """One of login, push and pull; a file `content` in the current folder is what is pushed."""
    registry = target.partition("/")[0]
    client = OrasClient(hostname=registry, insecure=True)
    if login:
        client.login(hostname=registry, username=login, password=sys.stdin.read(), insecure=True)
    if verb == "push":
        client.push(target=target, files=["content"])
    elif verb == "pull":
        client.pull(target=target, outdir="pulled")


if __name__ == "__main__":
    main(*sys.argv[1:])
