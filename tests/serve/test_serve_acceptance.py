"""A service password that the directory refuses at the start: the bridge is up, not ready, and locks no account."""

import asyncio
import os
import signal
import socket
import ssl
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from ldap_token_bridge.ldap import service_account
from ldap_token_bridge.serve import Bridge, acceptance, misfit
from ldap_token_bridge.settings import load_settings
from tests.conftest import MakeSlapd
from tests.support import canaries, sample
from tests.support.bridge import RunningBridge, openldap
from tests.support.certificates import Authority
from tests.support.http import Answer, request
from tests.support.scripted_ldap import FoundEntry, Reply, ScriptedLdap
from tests.support.scripted_thread import ScriptedThread
from tests.support.slapd import Slapd

_PASSWORD = canaries.password(sample.SERVICE_ACCOUNT)
_WRONG, _COMING = "not the password", canaries.password("the coming one")
_NOT_READY = "the bridge is not ready: the directory refuses it"
_SCOPE = "repository:team-a/app:push"


def _bridge(folder: Path, slapd: Slapd, password: str = _WRONG, **environment: str) -> RunningBridge:
    """One whose password is not the directory's; it has started when it lives."""
    settings = openldap(slapd.ldaps_url, slapd.base, slapd.bind_dn, slapd.ca_file)
    bridge = RunningBridge(folder, settings, environment=environment)
    _write_password(bridge, password)
    bridge.ready_when(lambda: _lives(bridge))
    return bridge


@asynccontextmanager
async def _started(files: RunningBridge, meanwhile: Callable[[], None] = lambda: None) -> AsyncIterator[Bridge]:
    """One in this process, of the same files; `meanwhile` comes between reading them and starting."""
    bridge = Bridge(lambda: load_settings(files.settings, {}))
    meanwhile()
    await bridge.start()
    try:
        yield bridge
    finally:
        await bridge.stop()


def _write_password(bridge: RunningBridge, password: str) -> None:
    (bridge.folder / "ldap-password").write_text(password)


def _lives(bridge: RunningBridge) -> bool:
    try:
        return request(f"http://127.0.0.1:{bridge.admin_port}/livez").status == 200
    except OSError:
        return False


def _readiness(bridge: RunningBridge, query: str = "") -> Answer:
    return request(f"http://127.0.0.1:{bridge.admin_port}/readyz{query}")


def _tries(slapd: Slapd) -> int:
    """How often the service account was shown to the server: what a directory counts before it locks."""
    return slapd.log_text().count(f'BIND dn="{slapd.bind_dn}" method=')


def _until(what: Callable[[], bool]) -> None:
    give_up = time.monotonic() + 20
    while not what():
        assert time.monotonic() < give_up, "it did not come"
        time.sleep(0.05)


def test_a_refused_password_is_shown_once_and_told_with_its_cure(tmp_path: Path, slapd: Slapd) -> None:
    """Not in a circle of ends and starts: one try, and none for the probes, for logins or for `/metrics`.

    Log and admin listener say what is wrong, where, and what to do; whoever reaches the public listener learns little.
    """
    with _bridge(tmp_path, slapd) as bridge:
        refused = _readiness(bridge)
        assert refused.status == 503
        line = next(n for n, text in enumerate(bridge.settings.read_text().splitlines(), 1) if "password_file" in text)
        for words in (f"bridge.yaml:{line}:", "49 invalidCredentials", "the password is wrong", "SIGHUP", "_file."):
            assert words in refused.body.decode()
        verbose = _readiness(bridge, "?verbose")
        assert (verbose.status, "the password is wrong" in verbose.json["not_ready"]) == (503, True)
        public = request(f"{bridge.url}/readyz")
        assert public.status == 503
        assert slapd.base not in public.body.decode()
        assert slapd.ldaps_url not in public.body.decode()
        for url in (bridge.url, f"http://127.0.0.1:{bridge.admin_port}"):
            assert request(f"{url}/livez").status == 200
        for _ in range(3):
            login = bridge.get(_SCOPE, login="bob")
            assert (login.status, "retry-after" in login.headers) == (503, True)
        assert bridge.get("repository:public/x:pull").status == 200, "who asks no directory is answered"
        assert "\nltb_service_account_refused 1.0\n" in bridge.metrics()
        log = bridge.log_text()
        assert log.count(_NOT_READY) == 1
        assert "error" in next(text for text in log.splitlines() if _NOT_READY in text)
        assert _tries(slapd) == 1
        assert not canaries.leaks(log)


@pytest.mark.parametrize(("place", "cure"), [("variable", "restart the bridge"), ("bridge.yaml", "send SIGHUP")])
def test_a_password_from_a_variable_takes_a_restart(tmp_path: Path, slapd: Slapd, place: str, cure: str) -> None:
    """A process keeps its environment: SIGHUP would show the wrong one once more. bridge.yaml is read anew."""
    settings = openldap(slapd.ldaps_url, slapd.base, slapd.bind_dn, slapd.ca_file)
    environment = {"LTB_DIRECTORY__BIND_PASSWORD": _WRONG} if place == "variable" else {}
    bridge = RunningBridge(tmp_path, settings, environment=environment)
    del bridge.sections["directory"]["bind_password_file"]
    if place == "bridge.yaml":
        bridge.sections["directory"]["bind_password"] = _WRONG
    bridge.write_settings()
    bridge.ready_when(lambda: _lives(bridge))
    with bridge:
        why = _readiness(bridge).body.decode()
        assert "Check directory.bind_dn and directory.bind_password. Then " in why
        assert f" Then {cure}, or wait: " in why


def test_a_server_that_wants_tls_has_refused_no_account(tmp_path: Path, slapd: Slapd) -> None:
    """Nothing is counted against that, and waiting would mend nothing: exit code 2, as for any other misfit."""
    server = ScriptedLdap()
    server.on_bind = lambda _: Reply(8)  # as Windows Server 2025 answers a bind in the clear
    with ScriptedThread(server):
        code, output = RunningBridge(tmp_path, openldap(server.url, slapd.base, slapd.bind_dn)).fails_to_start()
    assert code == 2
    assert "8 strongerAuthRequired" in output
    assert "use ldaps://" in output


@pytest.mark.parametrize("poll", ["1s", "off"], ids=["the file is watched", "SIGHUP"])
def test_once_the_password_is_right_the_bridge_is_ready(tmp_path: Path, slapd: Slapd, poll: str) -> None:
    """By the file's content alone, or at once by SIGHUP. Another wrong one is one more try."""
    policy = {"path": "policy.yaml", "poll": poll}
    settings = _bridge(tmp_path, slapd)
    settings.sections["policy"] = policy
    settings.write_settings()
    with settings as bridge:
        before = _tries(slapd)
        for password, status in (("wrong again", 503), (_PASSWORD, 200)):
            _write_password(bridge, password)
            if poll == "off":
                os.kill(bridge.pid, signal.SIGHUP)
            _until(lambda before=before: _tries(slapd) > before)  # type: ignore[misc]
            _until(lambda status=status: _readiness(bridge).status == status)  # type: ignore[misc]
            if status == 503:
                time.sleep(3)
                assert _tries(slapd) == before + 1
                assert bridge.log_text().count(_NOT_READY) == 2, "whoever changed it is told"
            before = _tries(slapd)
        assert "the directory takes the bridge now; it is ready" in bridge.log_text()
        assert bridge.get(_SCOPE, login="bob").status == 200
        assert "\nltb_service_account_refused 0.0\n" in bridge.metrics()


def test_another_client_certificate_is_taken_up_as_another_password(tmp_path: Path, authority: Authority) -> None:
    """Where the bridge signs in by one: nobody sends a signal to a Pod whose Secret was renewed."""
    first, second = (authority.issue(name, ["127.0.0.1"]) for name in ("first", "second"))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(first.certificate, first.key)
    server = ScriptedLdap(context)
    server.entries = [FoundEntry("dc=x", {})]
    server.on_bind = lambda _: Reply(49)
    bridge = RunningBridge(tmp_path / "bridge", openldap(server.url, "dc=x", "", authority.ca_file))
    certificate, key = tmp_path / "client.pem", tmp_path / "client.key"
    certificate.write_bytes(first.certificate.read_bytes())
    key.touch(mode=0o600)
    key.write_bytes(first.key.read_bytes())
    del bridge.sections["directory"]["bind_dn"], bridge.sections["directory"]["bind_password_file"]
    bridge.sections["directory"]["tls"] |= {"certificate": str(certificate), "key": str(key)}
    bridge.write_settings()
    bridge.ready_when(lambda: _lives(bridge))
    with ScriptedThread(server), bridge:
        assert _readiness(bridge).status == 503
        server.on_bind = lambda _: Reply()
        certificate.write_bytes(second.certificate.read_bytes())
        key.write_bytes(second.key.read_bytes())
        _until(lambda: _readiness(bridge).status == 200)


def test_a_supervisor_hears_that_it_runs_and_is_not_ready(tmp_path: Path, slapd: Slapd) -> None:
    """It would end a start that does not come to its end, and begin it anew. Its status says so while it is."""
    address = tmp_path / "notify"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(str(address))
        listening.settimeout(20)
        with _bridge(tmp_path / "bridge", slapd, NOTIFY_SOCKET=str(address)) as bridge:
            said = listening.recv(4096).decode()
            assert said.startswith("READY=1\nSTATUS=Listening on ")
            assert said.endswith("; not ready: the directory refuses the bridge's own account; see the log")
            _write_password(bridge, _PASSWORD)
            assert listening.recv(4096).decode() == said.partition(";")[0]


def test_a_hook_that_reloads_again_and_again_locks_nobody_out(tmp_path: Path, slapd: Slapd) -> None:
    """A bridge that runs, and a wrong password in the file: the first SIGHUP shows it, one may do so early, no more do.

    What is in force stays meanwhile, and the right password is taken up at once.
    """
    with _bridge(tmp_path, slapd, _PASSWORD) as bridge:
        assert bridge.get(_SCOPE, login="bob").status == 200
        before = _tries(slapd)
        _write_password(bridge, _WRONG)
        for _ in range(5):
            assert not bridge.reload()
        assert _tries(slapd) == before + 2
        assert request(f"{bridge.url}/readyz").status == 200
        assert bridge.get(_SCOPE, login="carol").status == 200
        _write_password(bridge, f"{_PASSWORD}\n")
        assert bridge.reload()
        _write_password(bridge, _COMING)
        assert not bridge.reload()
        assert _tries(slapd) == before + 3


def test_other_settings_beside_a_refused_password_do_not_show_it_again(tmp_path: Path, slapd: Slapd) -> None:
    """New parts, and the same account: its pause holds for them, and one SIGHUP alone may be early."""
    with _bridge(tmp_path, slapd) as bridge:
        changes = [("cache", {"credentials": f"{seconds}s"}) for seconds in (61, 62, 63)]
        changes += [("directory", bridge.sections["directory"] | {"timeouts": {"operation": "4s"}})]
        for told, (section, values) in enumerate(changes, 2):
            bridge.sections[section] = values
            bridge.write_settings()
            assert bridge.reload()
            _until(lambda told=told: bridge.log_text().count(_NOT_READY) == told)  # type: ignore[misc]
        assert _readiness(bridge).status == 503
        assert _tries(slapd) == 2
        _write_password(bridge, _PASSWORD)
        _until(lambda: _readiness(bridge).status == 200)


def test_a_running_bridge_does_not_show_it_again_either(tmp_path: Path, make_slapd: MakeSlapd) -> None:
    """Its password became wrong in the directory: the first reload tries, one may be early, no login and no more do."""
    slapd = make_slapd(ppolicy=False)
    with _bridge(tmp_path, slapd, _PASSWORD) as bridge:
        _until(lambda: _readiness(bridge).status == 200)
        slapd.change(f"dn: {slapd.bind_dn}\nchangetype: modify\nreplace: userPassword\nuserPassword: {_COMING}\n\n")
        before = _tries(slapd)
        for section, values in (
            ("cache", {"credentials": "61s"}),
            ("cache", {"credentials": "62s"}),
            ("guard", {"account_failures": "4 per 15m"}),
            ("directory", bridge.sections["directory"] | {"timeouts": {"operation": "3s"}}),
            ("directory", bridge.sections["directory"] | {"timeouts": {"operation": "4s"}}),
        ):
            bridge.sections[section] = values
            bridge.write_settings()
            assert not bridge.reload()
        assert _tries(slapd) == before + 2
        _write_password(bridge, _COMING)
        assert bridge.reload()
        assert _tries(slapd) > before + 2
        assert bridge.get(_SCOPE, login="bob").status == 200


def test_what_changed_beside_a_refused_password_counts(tmp_path: Path, slapd: Slapd, authority: Authority) -> None:
    """Other authorities in a file of the same name: the server is asked anew, by them."""
    with _bridge(tmp_path, slapd, _PASSWORD) as bridge:
        bridge.sections["directory"]["tls"]["ca_file"] = str(tmp_path / "ca.pem")
        bridge.write_settings()
        (tmp_path / "ca.pem").write_bytes(authority.ca_file.read_bytes())
        assert bridge.reload()
        _write_password(bridge, _WRONG)
        assert not bridge.reload()
        assert "is refused: 49" in _readiness(bridge, "?verbose").json["last_reload"]
        (tmp_path / "ca.pem").write_bytes(Authority(tmp_path / "other-ca", "Another CA").ca_file.read_bytes())
        assert not bridge.reload()
        assert "not signed by a trusted authority" in _readiness(bridge, "?verbose").json["last_reload"]


async def test_what_was_mended_in_the_directory_counts_at_the_next_try(
    tmp_path: Path, make_slapd: MakeSlapd, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody has to tell the bridge: it tries by itself after each pause."""
    slapd = make_slapd(ppolicy=False)  # with it, a password that an administrator sets must be changed
    monkeypatch.setattr(service_account, "REFUSAL_SECONDS", 0.2)
    monkeypatch.setattr(acceptance, "_LOOK", 0.05)
    files = _bridge(tmp_path, slapd, _COMING)
    async with _started(files) as bridge:
        async with asyncio.timeout(20):
            while _tries(slapd) < 3:  # noqa: ASYNC110 -- another process counts
                await asyncio.sleep(0.05)
        assert not bridge.ready.is_set()
        slapd.change(f"dn: {slapd.bind_dn}\nchangetype: modify\nreplace: userPassword\nuserPassword: {_COMING}\n\n")
        await asyncio.wait_for(bridge.ready.wait(), 20)


async def test_a_directory_that_goes_away_meanwhile_makes_nothing_ready(
    tmp_path: Path, slapd: Slapd, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The last that is known of the account is that it was refused. Nothing is shown to a server that is not there."""
    monkeypatch.setattr(service_account, "REFUSAL_SECONDS", 0.2)
    monkeypatch.setattr(acceptance, "_LOOK", 0.05)
    monkeypatch.setattr(acceptance, "_AGAIN", 0.1)
    files = _bridge(tmp_path, slapd)
    async with _started(files) as bridge:
        slapd.stop()
        await asyncio.sleep(1)
        assert not bridge.ready.is_set()
        _write_password(files, _PASSWORD)
        slapd.start()
        assert await bridge.reload()
        await asyncio.wait_for(bridge.ready.wait(), 20)


async def test_a_look_that_takes_too_long_promises_nothing(
    tmp_path: Path, slapd: Slapd, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The last that is known is the refusal: the bridge stays not ready, and its log does not say that it goes on."""
    monkeypatch.setattr(acceptance, "_LOOK", 0.05)
    files = _bridge(tmp_path, slapd)
    async with _started(files) as bridge:
        monkeypatch.setattr(misfit, "_LIMIT", 0.0)
        assert await bridge.reload()
        log = ""
        async with asyncio.timeout(20):
            while "too slow to be checked" not in log:
                await asyncio.sleep(0.05)
                log += capsys.readouterr().err
        assert "too slow to be checked; the bridge stays not ready" in log
        assert "goes on all the same" not in log
        assert not bridge.ready.is_set()


async def test_what_else_stands_in_the_way_then_is_told(
    tmp_path: Path, slapd: Slapd, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The password is right at last, and the base is not there: the bridge stays up, and says so in its place."""
    monkeypatch.setattr(acceptance, "_LOOK", 0.05)
    files = _bridge(tmp_path, slapd)
    files.sections["directory"]["base"] = "dc=nowhere"
    files.write_settings()
    async with _started(files) as bridge:
        assert "password is wrong" in str(bridge.detail()["not_ready"])
        _write_password(files, _PASSWORD)
        assert await bridge.reload()
        async with asyncio.timeout(20):
            while "there is no dc=nowhere" not in str(bridge.detail()["not_ready"]):  # noqa: ASYNC110 -- no event tells
                await asyncio.sleep(0.05)
        assert not bridge.ready.is_set()


async def test_a_password_that_changed_during_the_start_is_taken_up(
    tmp_path: Path, slapd: Slapd, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also before its file is looked at for the first time: nobody would write it once more."""
    monkeypatch.setattr(acceptance, "_LOOK", 0.05)
    files = _bridge(tmp_path, slapd)
    async with _started(files, lambda: _write_password(files, _PASSWORD)) as bridge:
        assert not bridge.ready.is_set()
        await asyncio.wait_for(bridge.ready.wait(), 20)


async def test_what_comes_of_a_change_is_told_though_a_login_was_first(tmp_path: Path, slapd: Slapd) -> None:
    """It was the login then that showed the account, and began a pause: nobody has to wait for its end to hear why."""
    files = _bridge(tmp_path, slapd)
    async with _started(files) as bridge:
        files.sections["directory"]["tls"] = {"allow_plaintext": True}
        files.sections["directory"]["servers"] = [slapd.url]
        files.write_settings()
        assert await bridge.reload()
        assert (await asyncio.to_thread(lambda: files.get(_SCOPE, login="bob"))).status == 503
        async with asyncio.timeout(20):
            while f"{slapd.url}: " not in str(bridge.detail()["not_ready"]):  # noqa: ASYNC110 -- no event tells
                await asyncio.sleep(0.05)
        assert _tries(slapd) == 2


async def test_the_file_is_watched_as_the_settings_in_force_say(
    tmp_path: Path, slapd: Slapd, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`policy.poll` counts from the reload on that brings it."""
    monkeypatch.setattr(acceptance, "_LOOK", 0.05)
    files = _bridge(tmp_path, slapd)
    files.sections["policy"] = {"path": "policy.yaml", "poll": "off"}
    files.write_settings()
    async with _started(files) as bridge:
        files.sections["policy"]["poll"] = "1s"
        files.write_settings()
        assert await bridge.reload()
        _write_password(files, _PASSWORD)
        await asyncio.wait_for(bridge.ready.wait(), 20)
