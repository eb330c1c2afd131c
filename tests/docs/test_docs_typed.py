"""Every shell command of the documents is run as it stands there, or the table says why it cannot be run here."""

import re
from collections.abc import Iterator, Mapping
from itertools import groupby

import pytest

from tests.support.certificates import Authority
from tests.support.documents import ROOT, Document, documents
from tests.support.reader import Reader
from tests.support.slapd import Slapd
from tests.support.typed import commands

PAGES = [page for page in documents() if commands(page)]

_SYSTEM = "changes this machine: its users, /opt, /etc and systemd; tests/deploy/test_deploy_systemd.py has its parts"
_PROGRAM, _UNIT = "/opt/ldap-token-bridge/bin/ldap-token-bridge", "deploy/systemd/ldap-token-bridge"
_ON_THAT_MACHINE = ("check --connect", "whoami alice", "cache flush --account alice", "keys list")
NOT_HERE: Mapping[str, str] = {
    "docker build -f deploy/Containerfile -t ldap-token-bridge .": "minutes, without an engine of docker; "
    "tests/deploy/test_deploy_image.py builds the same by buildah",
    "docker compose -f deploy/compose/compose.yaml up --build": "minutes, without an engine of docker; "
    "tests/deploy/test_deploy_compose.py does the same by podman-compose",
    "pip install '.[otel]'": "brings packages from an index into the Python of the tests",
    "helm -n registries test bridge --logs": "needs a cluster; "
    "tests/deploy/test_deploy_helm_exchange.py runs the program that it starts there",
    **dict.fromkeys(
        (
            "python3 -m venv /opt/ldap-token-bridge",
            "/opt/ldap-token-bridge/bin/pip install .",
            f"install -D -m 0644 {_UNIT}.sysusers /etc/sysusers.d/ldap-token-bridge.conf",
            "systemd-sysusers",
            "install -d /etc/ldap-token-bridge",
            "install -d -m 0700 /etc/ldap-token-bridge/secrets",
            "install -d -m 0700 -o ldap-token-bridge -g ldap-token-bridge /var/lib/ldap-token-bridge",
            f"runuser -u ldap-token-bridge -- {_PROGRAM} keys new --keys-dir /var/lib/ldap-token-bridge/keys",
            f"install -m 0644 {_UNIT}.service /etc/systemd/system/",
            "systemctl daemon-reload",
            "systemctl enable --now ldap-token-bridge",
            *(f"ldap-token-bridge {words}" for words in _ON_THAT_MACHINE),
            "export PATH=$PATH:/opt/ldap-token-bridge/bin",
            "set -a; test ! -e /etc/default/ldap-token-bridge || . /etc/default/ldap-token-bridge; set +a",
        ),
        _SYSTEM,
    ),
}
"""Commands that are not run, with the reason."""

_EXPLAIN, _ON_DEMO = "ldap-token-bridge policy explain", "127.0.0.1:54033"
ENDS: Mapping[str, int] = {
    # The page shows the refusal.
    f"skopeo copy --dest-tls-verify=false oci:image docker://{_ON_DEMO}/team-b/app:1": 1,
    f"docker login {_ON_DEMO} -u dave": 1,
    # Something of what is asked about is not granted, as the page says of the exit code.
    f"{_EXPLAIN} --user alice --group team-write:team-a --policy policy.yaml repository:team-b/app:push": 1,
    f"{_EXPLAIN} --robot ci-deployer --address 10.20.0.7 --at 2027-01-05 team-a/release-1": 1,
}
"""Those that end with another exit code than 0, as the page has it."""

HERE = re.compile(
    r"(ldap-token-bridge|make|docker login|skopeo|kubectl|helm|promtool|grep|jq) |day=\$\(date |\(umask 077; tar "
    r"|export LTB_|install -\S.* secrets(/|$)"
)
"""How a command begins that is run. Others are not tried: the tests are run by root, and a page may say `rm`."""

INSTEAD = (
    # Of make it is shown what it would do: some of it is this very test run, all of it takes minutes.
    (re.compile(r"^make (?!help)"), f"make -n -C {ROOT} "),
    (re.compile(r"^make help"), f"make -C {ROOT} help"),
    # There is no cluster. What needs one is checked and rendered by the real programs as far as they go without.
    (re.compile(r"^(kubectl .*\bcreate .*)$"), r"\1 --dry-run=client --output=name"),
    (re.compile(r"^kubectl apply -k "), "kubectl kustomize "),
    (re.compile(r"^(helm .*)\bupgrade --install "), r"\1 template "),
)
"""What is run in the place of commands of other programs, and why."""


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory, authority: Authority) -> Iterator[Reader]:
    """With servers of its own."""
    folder = tmp_path_factory.mktemp("reader")
    with Slapd(folder / "slapd", authority) as slapd, Reader(folder / "reader", slapd, authority) as reader:
        yield reader


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_command_comes_to_the_end_that_the_page_says(page: Document, reader: Reader) -> None:
    """Each section from its top to its bottom, in one folder, as somebody types it who follows the page.

    What the README shows below its commands is what they print.
    """
    surprises = []
    for section, typed_there in groupby(commands(page), key=lambda typed: typed.section):
        place = reader.place(page.name, section)
        for typed in typed_there:
            if typed.text in NOT_HERE:
                continue
            assert _is_known(typed.text), typed.text
            text = typed.text
            for pattern, replacement in INSTEAD:
                text = pattern.sub(replacement, text)
            code, shown = reader.type(typed, place, text)
            if code != ENDS.get(typed.text, 0) or (page.name == "README.md" and not reader.has_shown(typed, shown)):
                surprises.append(f"{typed.block}: {typed.text}\nended with {code}:\n{shown}")
    assert surprises == [], "\n".join(surprises)


def test_every_command_is_run_or_has_a_reason() -> None:
    """One that a page is given tomorrow must be in one of the two."""
    unknown = [f"{each.block}: {each.text}" for page in PAGES for each in commands(page) if not _is_known(each.text)]
    assert unknown == []


def _is_known(text: str) -> bool:
    return text in NOT_HERE or HERE.match(text) is not None


def test_no_table_names_a_command_that_is_gone() -> None:
    """What a page no longer says needs no exception."""
    typed = {each.text for page in PAGES for each in commands(page)}
    assert (NOT_HERE.keys() | ENDS.keys()) - typed == set()
    assert not NOT_HERE.keys() & ENDS.keys()
    assert [pattern.pattern for pattern, _ in INSTEAD if not any(map(pattern.search, typed))] == []
