"""The servers and clients of the tests are what they claim to be; other tests build on that."""

import base64
import socket
import subprocess
import sys
import time
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest

from tests.conftest import MakeRegistry, MakeSlapd, MakeWire
from tests.support import canaries, sample
from tests.support.certificates import Authority
from tests.support.clients import Docker, Skopeo
from tests.support.ldap_tools import Session
from tests.support.process import Process, ServerFailed, answers, can_listen, free_port, own_share
from tests.support.registry import TokenAuth
from tests.support.samba import SambaDC
from tests.support.slapd import Slapd

EVERYTHING = "(objectClass=*)"


def signed_in(directory: Slapd | SambaDC, login: str) -> Session:
    """The person with the right password, over verified TLS."""
    return Session(directory.ldaps_url, directory.ca_file, directory.person_dn(login), canaries.password(login))


def service(directory: Slapd | SambaDC) -> Session:
    """The service account, over verified TLS."""
    secret = canaries.password(sample.SERVICE_ACCOUNT)
    return Session(directory.ldaps_url, directory.ca_file, directory.bind_dn, secret)


class TestSlapd:
    """OpenLDAP."""

    def test_the_service_reads_over_verified_tls(self, slapd: Slapd) -> None:
        """A group of the sample is found, and every person but the service has no right to look."""
        (alice,) = service(slapd).search(slapd.base, "sub", "(uid=alice)", "mail", "memberOf", "userPassword")
        assert alice == {
            "dn": (slapd.person_dn("alice").encode(),),
            "mail": (b"alice@corp.example.com",),
            "memberof": (slapd.group_dn("Groups/Platform-Oncall").encode(),),
        }
        with pytest.raises(RuntimeError, match="Insufficient access"):
            signed_in(slapd, "alice").search(slapd.base, "sub", "(uid=alice)")

    def test_another_authority_is_not_believed(self, slapd: Slapd, tmp_path: Path) -> None:
        """The clients of the tests really verify: a stranger's certificate ends the connection."""
        stranger = Authority(tmp_path / "stranger")
        session = Session(slapd.ldaps_url, stranger.ca_file, slapd.bind_dn, "x")
        assert session.bind().code == 255

    def test_a_cycle_and_three_levels_stand_in_member_of(self, slapd: Slapd) -> None:
        """Groups are members of groups, in a circle too, and memberOf says so from both sides."""
        found = service(slapd).search(slapd.base, "sub", "(objectClass=groupOfNames)", "memberOf")
        parents = {entry["dn"][0].decode(): entry.get("memberof", ()) for entry in found}
        for inner, outer in (
            ("Groups/Platform-Oncall", "Groups/Platform-Engineers"),
            ("Groups/Platform-Engineers", "Groups/Platform"),
            ("Groups/Circle-A", "Groups/Circle-B"),
            ("Groups/Circle-B", "Groups/Circle-A"),
        ):
            assert parents[slapd.group_dn(inner)] == (slapd.group_dn(outer).encode(),)

    def test_without_member_of_groups_hold_members_only(self, make_slapd: MakeSlapd) -> None:
        """The overlay can be off: then no entry knows its groups."""
        slapd = make_slapd(member_of=False)
        assert service(slapd).search(slapd.base, "sub", "(memberOf=*)") == []
        (group,) = service(slapd).search(slapd.group_dn("Registry/reg-team-a-write"), "base", EVERYTHING, "member")
        assert group["member"] == (slapd.person_dn("bob").encode(),)

    def test_posix_groups_name_members_and_primary_group(self, slapd: Slapd) -> None:
        """One member is named by login, another only by the number of her primary group."""
        groups = service(slapd).search(f"ou=Unix,{slapd.base}", "one", "(memberUid=bob)", "cn")
        assert [group["cn"] for group in groups] == [(b"reg-team-a-write",)]
        (carol,) = service(slapd).search(slapd.person_dn("carol"), "base", EVERYTHING, "gidNumber")
        number = carol["gidnumber"][0].decode()
        (primary,) = service(slapd).search(f"ou=Unix,{slapd.base}", "one", f"(gidNumber={number})", "cn")
        assert primary["cn"] == (b"reg-team-b-write",)

    @pytest.mark.parametrize(
        ("login", "code", "words"),
        [
            ("alice", 0, ""),
            ("bob", 0, ""),
            ("jürgen", 0, ""),
            ("dave", 49, "Account locked"),
            ("erin", 49, ""),
            ("frank", 0, "Password must be changed"),
            ("gina", 49, "Password expired"),
            ("henry", 49, "Account locked"),
        ],
    )
    def test_each_account_is_in_its_state(self, slapd: Slapd, login: str, code: int, words: str) -> None:
        """With the right password each person gets the answer that the sample promises."""
        outcome = signed_in(slapd, login).bind("-e", "ppolicy")
        assert (outcome.code, words in outcome.text) == (code, True)

    def test_memberships_change(self, slapd: Slapd) -> None:
        """`join` and `leave` are seen by the service at once."""
        slapd.join("Registry/reg-team-a-write", ["carol"])
        query = f"(&(uid=carol)(memberOf={slapd.group_dn('Registry/reg-team-a-write')}))"
        assert len(service(slapd).search(slapd.base, "sub", query, "uid")) == 1
        slapd.leave("Registry/reg-team-a-write", ["carol"])
        assert service(slapd).search(slapd.base, "sub", query, "uid") == []

    def test_it_stops_hangs_and_comes_back(self, slapd: Slapd) -> None:
        """Stopped it refuses connections, hung it takes them and says nothing; afterwards the data is still there."""
        slapd.stop()
        assert not answers("127.0.0.1", slapd.port)
        slapd.start()
        slapd.hang()
        with socket.create_connection(("127.0.0.1", slapd.port), timeout=1) as connection:
            connection.settimeout(0.2)
            # An anonymous bind, which a server that lives answers at once.
            connection.sendall(bytes.fromhex("300c020101600702010304008000"))
            with pytest.raises(TimeoutError):
                connection.recv(1)
            slapd.resume()
            connection.settimeout(10)
            assert connection.recv(1) == b"0"
        assert signed_in(slapd, "alice").bind().ok


class TestSamba:
    """Active Directory."""

    @pytest.mark.parametrize(
        ("login", "reason"),
        [
            ("alice", ""),
            ("bob", ""),
            ("carol", ""),
            ("jürgen", ""),
            ("dave", "data 533"),
            ("erin", "data 701"),
            ("frank", "data 773"),
            ("gina", "data 532"),
            ("henry", "data 775"),
        ],
    )
    def test_each_account_is_in_its_state(self, samba: SambaDC, login: str, reason: str) -> None:
        """With the right password each person gets Active Directory's own reason."""
        outcome = signed_in(samba, login).bind()
        assert (outcome.ok, reason in outcome.text) == (not reason, True)

    def test_a_wrong_password_is_counted_and_forgotten(self, samba: SambaDC) -> None:
        """The domain counts wrong passwords, so a test can prove how many the bridge let through."""
        wrong = Session(samba.ldaps_url, samba.ca_file, samba.person_dn("carol"), "wrong")
        assert "data 52e" in wrong.bind().text
        assert samba.bad_passwords("carol") == 1
        samba.unlock_all()
        assert samba.bad_passwords("carol") == 0
        assert "data 775" in signed_in(samba, "henry").bind().text

    def test_a_domain_goes_back_to_how_it_was(self, samba: SambaDC) -> None:
        """What was written while `changes_undone` is gone afterwards."""

        def groups() -> tuple[bytes, ...]:
            (carol,) = samba.admin.search(samba.person_dn("carol"), "base", EVERYTHING, "memberOf")
            return carol["memberof"]

        before = groups()
        with samba.changes_undone():
            samba.join("Registry/reg-team-a-write", ["carol"])
            assert len(groups()) == len(before) + 1
        assert groups() == before

    @pytest.mark.parametrize(
        ("login", "expected"),
        [
            ("alice", {"Groups/Platform", "Groups/Platform-Engineers", "Groups/Platform-Oncall"}),
            ("bob", {"Lookalikes/Platform", "Registry/reg-team-a-write"}),
            ("carol", {"Registry/reg-team-b-write"}),
            ("jürgen", {"Groups/Circle-A", "Groups/Circle-B", "Registry/reg-team-a-read"}),
        ],
    )
    def test_token_groups_hold_nested_and_primary_groups(self, samba: SambaDC, login: str, expected: set[str]) -> None:
        """The service reads tokenGroups: nested groups, circles and the primary group are in it."""
        (person,) = service(samba).search(samba.person_dn(login), "base", EVERYTHING, "tokenGroups")
        groups = service(samba).search(samba.base, "sub", "(objectClass=group)", "objectSid")
        names = {entry["objectsid"][0]: entry["dn"][0].decode() for entry in groups}
        found = {names[sid] for sid in person["tokengroups"]}
        assert {name for name in found if "CN=Users" not in name and "CN=Builtin" not in name} == {
            samba.group_dn(key) for key in expected
        }

    def test_the_primary_group_is_no_member_of(self, samba: SambaDC) -> None:
        """The primary group does not stand in memberOf."""
        (carol,) = service(samba).search(samba.person_dn("carol"), "base", EVERYTHING, "memberOf")
        assert carol["memberof"] == (f"CN=Domain Users,CN=Users,{samba.base}".encode(),)

    def test_a_plain_simple_bind_is_refused(self, samba: SambaDC) -> None:
        """As on a domain controller of today: code 8, stronger authentication required."""
        plain = Session(f"ldap://{samba.address}", samba.ca_file, samba.person_dn("alice"), canaries.password("alice"))
        assert plain.bind().code == 8

    def test_it_comes_back_with_its_data(self, samba: SambaDC) -> None:
        """A stopped domain controller starts again, and the global catalog answers too."""
        samba.stop()
        assert not answers(samba.address, 636)
        samba.start()
        catalog = Session(
            samba.global_catalog_url, samba.ca_file, samba.bind_dn, canaries.password(sample.SERVICE_ACCOUNT)
        )
        assert len(catalog.search(samba.base, "sub", "(sAMAccountName=jürgen)", "cn")) == 1

    def test_no_password_stands_in_its_log(self, samba: SambaDC) -> None:
        """The sample's passwords are not printed while the domain is made and used."""
        assert canaries.leaks(samba.log_text()) == ()


class TestRegistry:
    """The registry and its clients."""

    def test_with_token_auth_it_sends_people_to_the_bridge(
        self, make_registry: MakeRegistry, authority: Authority
    ) -> None:
        """`/v2/` answers 401 with the challenge that names realm and service."""
        auth = TokenAuth("http://127.0.0.1:1/token", "registry.corp.example.com", "bridge", authority.ca_file)
        registry = make_registry(auth)
        with pytest.raises(HTTPError) as refused, urlopen(f"{registry.url}/v2/", timeout=10):  # noqa: S310 -- ours
            pass
        with refused.value as answer:
            assert answer.code == 401
            assert answer.headers["WWW-Authenticate"] == (
                'Bearer realm="http://127.0.0.1:1/token",service="registry.corp.example.com"'
            )

    def test_skopeo_pushes_pulls_moves_and_deletes(
        self, make_registry: MakeRegistry, skopeo: Skopeo, image: Path, tmp_path: Path
    ) -> None:
        """The whole life of an image in an open registry; after a restart it is still there."""
        registry = make_registry(None)
        name = f"{registry.address}/team-a/app:1"
        assert skopeo.push(image, name).ok
        registry.restart()
        assert skopeo.inspect(name).ok
        assert skopeo.pull(name, tmp_path / "pulled").ok
        layers = {path.name for path in (image / "blobs/sha256").iterdir()}
        assert {path.name for path in (tmp_path / "pulled/blobs/sha256").iterdir()} >= layers
        assert skopeo.move(name, f"{registry.address}/team-b/app:1").ok
        assert skopeo.delete(name).ok
        assert not skopeo.inspect(name).ok
        assert skopeo.inspect(f"{registry.address}/team-b/app:1").ok

    def test_docker_logs_in_and_out_without_an_engine(self, make_registry: MakeRegistry, docker: Docker) -> None:
        """The credentials are kept in a configuration of the test's own, and forgotten."""
        registry = make_registry(None)
        assert docker.login(registry.address, "bob").ok
        expected = base64.b64encode(f"bob:{canaries.password('bob')}".encode()).decode()
        assert expected in docker.config_file.read_text()
        assert docker.logout(registry.address).ok
        assert canaries.leaks(docker.config_file.read_text()) == ()


class TestWire:
    """The recording proxy."""

    def test_it_counts_binds_by_name_and_searches(self, slapd: Slapd, make_wire: MakeWire) -> None:
        """Whatever the client gets, the proxy has counted; names compare without regard to case."""
        wire = make_wire(slapd.port)
        secret = canaries.password(sample.SERVICE_ACCOUNT)
        through = Session(wire.url, slapd.ca_file, slapd.bind_dn, secret)
        assert len(through.search(slapd.base, "sub", "(uid=alice)", "uid")) == 1
        Session(wire.url, slapd.ca_file, slapd.person_dn("alice"), "wrong").bind()
        assert (wire.binds(), wire.binds(slapd.bind_dn.upper()), wire.binds(slapd.person_dn("bob"))) == (2, 1, 0)
        assert (wire.searches(), wire.connections) == (1, 2)
        wire.clear()
        assert (wire.seen, wire.connections) == ((), 0)

    def test_after_start_tls_it_only_passes_on(self, slapd: Slapd, make_wire: MakeWire) -> None:
        """StartTLS works through it, and what follows is not seen."""
        wire = make_wire(slapd.port)
        session = Session(wire.url, slapd.ca_file, slapd.person_dn("alice"), canaries.password("alice"))
        assert session.bind("-ZZ").ok
        assert [seen.operation for seen in wire.seen] == ["extended"]

    def test_it_cuts_connections(self, slapd: Slapd, make_wire: MakeWire) -> None:
        """After `cut` the client meets the end of the stream; a new connection works."""
        wire = make_wire(slapd.port)
        with socket.create_connection(("127.0.0.1", wire.port), timeout=5) as connection:
            # The answer shows that the connection has gone through.
            connection.sendall(bytes.fromhex("300c020101600702010304008000"))
            assert connection.recv(64)
            wire.cut()
            assert connection.recv(64) == b""
        assert answers("127.0.0.1", wire.port)


class TestCanaries:
    """The search for passwords."""

    def test_it_finds_every_disguise(self) -> None:
        """Plain, beside other text in base64, percent-encoded, in JSON and hashed."""
        secret = canaries.password("jürgen")
        hidden = base64.b64encode(f"x:{secret}".encode()).decode()
        assert "jürgen as base64" in canaries.leaks(f"Authorization: Basic {hidden}")
        assert "jürgen as plain text" in canaries.leaks(f"<{secret}>".encode())
        assert canaries.leaks("Canary+jürgen") == ()
        assert canaries.password("jürgen") == secret

    def test_a_short_secret_is_not_watched(self) -> None:
        """It would be found by chance."""
        with pytest.raises(ValueError, match="too short"):
            canaries.watch("short", "x" * 11)


class TestProcess:
    """What starts the servers."""

    def test_a_server_that_ends_tells_why(self, tmp_path: Path) -> None:
        """The error holds the end of the log."""
        server = Process(["sh", "-c", "echo no space left; exit 3"], tmp_path / "log", lambda: False)
        with pytest.raises(ServerFailed, match=r"ended with 3(.|\n)*no space left"):
            server.start()

    def test_no_server_outlives_a_killed_test_run(self, tmp_path: Path) -> None:
        """The kernel ends the server when the Python that started it is killed."""
        port = free_port()
        program = (
            "import sys, os, signal; from pathlib import Path; from tests.support.process import Process, answers\n"
            f"server = Process([sys.executable, '-m', 'http.server', '{port}', '--bind', '127.0.0.1'],"
            f" Path({str(tmp_path / 'log')!r}), lambda: answers('127.0.0.1', {port}))\n"
            "server.start(); print('started', flush=True); os.kill(os.getpid(), signal.SIGKILL)"
        )
        root = Path(__file__).parents[2]
        done = subprocess.run(
            [sys.executable, "-c", program], cwd=root, capture_output=True, text=True, check=False, timeout=60
        )
        assert done.stdout == "started\n"
        give_up = time.monotonic() + 20
        while not can_listen("127.0.0.1", port) and time.monotonic() < give_up:
            time.sleep(0.05)
        assert can_listen("127.0.0.1", port)

    def test_test_processes_share_the_ports_out(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Each place is one process's own, also if one is there in the stead of one that died; alone it has all."""
        places = range(20, 30)
        monkeypatch.delenv("PYTEST_XDIST_WORKER", raising=False)
        monkeypatch.delenv("PYTEST_XDIST_WORKER_COUNT", raising=False)
        assert own_share(places) == places
        monkeypatch.setenv("PYTEST_XDIST_WORKER_COUNT", "3")
        shares = []
        for worker in ("gw0", "gw1", "gw2"):
            monkeypatch.setenv("PYTEST_XDIST_WORKER", worker)
            shares.append(own_share(places))
        assert sorted(place for share in shares for place in share) == list(places)
        monkeypatch.setenv("PYTEST_XDIST_WORKER", "gw3")
        assert own_share(places) == shares[0]

    def test_no_port_is_given_twice(self) -> None:
        """Not even while nobody listens on it yet: servers are made before they start."""
        given = [free_port() for _ in range(300)]
        assert len(set(given)) == 300
