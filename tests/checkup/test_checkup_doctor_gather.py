"""The real registry, misconfigured in each way, and what the doctor says; fakes only for what 2.8 cannot be."""

import base64
import json
import ssl
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from ldap_token_bridge.checkup import Grade, Item
from ldap_token_bridge.checkup.doctor import Evidence, Question, Wanted, diagnose, gather
from ldap_token_bridge.checkup.exchange import endpoint_at
from ldap_token_bridge.identity import Credentials, Secret
from ldap_token_bridge.settings import load_settings
from ldap_token_bridge.tokens import Keyring
from ldap_token_bridge.tokens.install import new_key
from ldap_token_bridge.tokens.rotate import activate_key
from tests.support.bridge import RunningBridge, openldap
from tests.support.certificates import Authority
from tests.support.http import request
from tests.support.key_folder import certificate, pem
from tests.support.process import answers, free_port
from tests.support.registry import Registry, TokenAuth
from tests.support.scripted_http import ScriptedHttp, json_reply, registry_3x

# Nobody signs in here: anonymous tokens need no directory.
NO_DIRECTORY = openldap("ldap://127.0.0.1:1", "dc=example", "cn=x,dc=example")
BEHIND = 3600.0
Start = Callable[..., Registry]
Findings = list[tuple[str, str]]


@pytest.fixture(scope="module")
def bridge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningBridge]:
    """One for all tests: change nothing."""
    with RunningBridge(tmp_path_factory.mktemp("doctor") / "bridge", NO_DIRECTORY) as bridge:
        yield bridge


@pytest.fixture
def registry(tmp_path: Path) -> Iterator[Start]:
    """Starts registries with the options of `Registry`, and stops them after the test."""
    with ExitStack() as stack:
        count = iter(range(100))
        yield lambda *given, **more: stack.enter_context(Registry(tmp_path / f"r-{next(count)}", *given, **more))


def _look(
    settings_file: Path,
    url: str,
    *,
    ca_file: Path | None = None,
    who: Credentials | None = None,
    scopes: Sequence[str] = (),
    bundle: str | None = None,
    clock: Callable[[], float] = time.time,
) -> tuple[Evidence, tuple[Item, ...]]:
    tls = ssl.create_default_context(cafile=ca_file)
    settings = load_settings(settings_file, {})
    question = Question(registry=endpoint_at(url, lambda: tls), tls=tls, who=who, scopes=scopes, bundle=bundle)
    evidence = gather(question, settings, clock=clock)
    return evidence, diagnose(evidence, settings, Wanted(scopes=scopes), clock())


def _findings(items: Sequence[Item]) -> Findings:
    """Topic and text of what is bad, but for the mere fact that the realm's token is refused."""
    return [(item.topic, item.what) for item in items if item.grade >= Grade.FINDING and item.topic != "token"]


def _only(items: Sequence[Item], topic: str) -> str:
    ((found, what),) = _findings(items)
    assert found == topic
    return what


def test_a_registry_that_believes(bridge: RunningBridge, registry: Start) -> None:
    """No finding; the first test token is the only one."""
    evidence, items = _look(bridge.settings, registry(bridge.token_auth()).url, scopes=["repository:public/x:pull"])
    assert {item.grade for item in items} == {Grade.FINE}
    assert len(evidence.tried) == 1
    assert "and the registry agrees" in items[-1].what
    assert "distribution 2.x" in items[-2].what


def test_no_right_to_the_repository(bridge: RunningBridge, registry: Start) -> None:
    """The policy's matter: the token is believed, and the registry says insufficient_scope."""
    scopes = ["repository:public/x:pull", "repository:team-a/x:pull", "registry:catalog:*"]
    target = registry(bridge.token_auth())
    evidence, items = _look(bridge.settings, target.url, scopes=scopes)
    assert [topic for topic, _ in _findings(items)] == ["access", "access"]
    assert evidence.given
    heard = {scope: heard.verdict for scope, heard in evidence.given.at_scopes.items()}
    assert heard == dict(zip(scopes, ("accepted", "lacking", "lacking"), strict=True))
    assert "got no token" in _only(_look(bridge.settings, target.url, scopes=scopes[1:])[1], "access")


@pytest.mark.parametrize("issuer", ["https://bridge.test", "Acme auth server", "registry.test"])
def test_a_wrong_issuer_that_can_be_guessed(bridge: RunningBridge, registry: Start, issuer: str) -> None:
    """Proved: a test token with it is believed."""
    _, items = _look(bridge.settings, registry(replace(bridge.token_auth(), issuer=issuer)).url)
    assert f"wants the issuer {issuer!r}" in _only(items, "issuer")


def test_a_wrong_issuer_that_nobody_guesses(bridge: RunningBridge, registry: Start) -> None:
    """Two suspects; the log's line that the finding names is there."""
    target = registry(replace(bridge.token_auth(), issuer="what else"))
    _, items = _look(bridge.settings, target.url)
    assert "refuses every test token" in _only(items, "tokens")
    assert [item.topic for item in items if item.grade is Grade.WARNING] == ["issuer", "key"]
    assert r"token from untrusted issuer: \"bridge.test\"" in target.log_text()
    assert "ldap-token-bridge-doctor" in target.log_text()


def test_a_wrong_service(bridge: RunningBridge, registry: Start) -> None:
    """The bridge's refusal comes along with the finding."""
    _, items = _look(bridge.settings, registry(replace(bridge.token_auth(), service="other")).url)
    assert "is the service 'other'" in _only(items, "service")
    assert "does not serve" in next(item.what for item in items if item.topic == "token")


def test_a_bundle_of_another_bridge(bridge: RunningBridge, registry: Start, tmp_path: Path) -> None:
    """Two suspects; with the file at hand it is clear."""
    new_key(tmp_path / "keys", common_name="other", now=datetime.now(UTC))
    file = tmp_path / "other.pem"
    file.write_text(Keyring.load(tmp_path / "keys", datetime.now(UTC)).bundle_pem())
    target = registry(replace(bridge.token_auth(), bundle=file))
    assert "one of the two below" in _only(_look(bridge.settings, target.url)[1], "tokens")
    assert "does not hold the key" in _only(_look(bridge.settings, target.url, bundle=file.read_text())[1], "key")
    assert "unable to verify certificate chain" in target.log_text()


def test_a_bundle_replaced_after_the_start(registry: Start, tmp_path: Path) -> None:
    """The old key is still believed, the new one is not; with the file at hand: not restarted. A restart mends it."""
    with RunningBridge(tmp_path / "bridge", NO_DIRECTORY) as bridge:
        auth = bridge.token_auth()
        target = registry(auth)
        keys = bridge.folder / "keys"
        made = new_key(keys, common_name="next", now=datetime.now(UTC))
        activate_key(keys, made.key.name, datetime.now(UTC))
        bridge.reload()
        what = _only(_look(bridge.settings, target.url)[1], "key")
        assert "its bundle is older than the key, or the registry was not restarted" in what
        auth = bridge.token_auth()
        what = _only(_look(bridge.settings, target.url, bundle=auth.bundle.read_text())[1], "key")
        assert "so it was not restarted" in what
        target.restart()
        assert _findings(_look(bridge.settings, target.url)[1]) == []


def test_another_certificate_of_the_same_key(registry: Start, tmp_path: Path) -> None:
    """Renewed, and the registry has the old one: by the key's id alone it would be believed."""
    with RunningBridge(tmp_path / "bridge", NO_DIRECTORY) as bridge:
        target = registry(bridge.token_auth())
        _renew(bridge.folder / "keys")
        bridge.reload()
        assert "another certificate of the same key" in _only(_look(bridge.settings, target.url)[1], "key")


def _renew(keys: Path) -> None:
    """Another certificate for the one key of the folder."""
    (pair,) = keys.glob("*.key")
    key = load_pem_private_key(pair.read_bytes(), None)
    assert isinstance(key, EllipticCurvePrivateKey)
    now = datetime.now(UTC)
    renewed = certificate(key, name="renewed", start=now - timedelta(days=1), end=now + timedelta(days=9))
    pair.with_suffix(".crt").write_text(pem(renewed))


def test_a_realm_where_nobody_listens(bridge: RunningBridge, registry: Start) -> None:
    """Test tokens show that all else is right."""
    realm = f"http://127.0.0.1:{free_port()}/token"
    evidence, items = _look(bridge.settings, registry(replace(bridge.token_auth(), realm=realm)).url)
    assert f"{realm} cannot be reached: nothing listens there" in _only(items, "realm")
    assert evidence.believed == evidence.usual


def test_a_realm_that_redirects(bridge: RunningBridge, registry: Start) -> None:
    """Named with where it leads; nobody's password goes there."""
    with ScriptedHttp(lambda path, _: (301, {"Location": f"{bridge.url}{path}"}, b"")) as proxy:
        target = registry(replace(bridge.token_auth(), realm=f"{proxy.url}/token"))
        who = Credentials("alice", Secret(b"secret"))
        evidence, items = _look(bridge.settings, target.url, who=who)
        assert f"redirects to {bridge.url}/token" in _only(items, "realm")
        assert evidence.withheld
        assert not any("authorization" in headers for _, headers in proxy.asked)


@pytest.mark.parametrize("kind", ["page", "json", "other bridge", "no jwks"])
def test_a_realm_elsewhere(bridge: RunningBridge, registry: Start, tmp_path: Path, kind: str) -> None:
    """A page, another API, a bridge with other keys, a proxy that passes on the token endpoint alone."""
    new_key(tmp_path / "keys", common_name="other", now=datetime.now(UTC))
    jwks = Keyring.load(tmp_path / "keys", datetime.now(UTC)).jwks()

    def script(path: str, _headers: Mapping[str, str]) -> tuple[int, Mapping[str, str], bytes]:
        if kind == "page":
            return 200, {"Content-Type": "text/html"}, b"<html>Please log in</html>"
        if kind == "json":
            return json_reply({"keys": []} if path.startswith("/jwks") else {"ok": True})
        if path.startswith("/jwks"):
            return json_reply(jwks) if kind == "other bridge" else (404, {}, b"")
        if kind == "other bridge":
            return json_reply({"details": "Sign in."}, 401)
        answer = request(f"{bridge.url}{path}")
        return answer.status, {}, answer.body

    with ScriptedHttp(script) as elsewhere:
        target = registry(replace(bridge.token_auth(), realm=f"{elsewhere.url}/token"))
        who = None if kind == "no jwks" else Credentials("alice", Secret(b"secret"))
        evidence, items = _look(bridge.settings, target.url, who=who)
        assert not any("authorization" in headers for _, headers in elsewhere.asked)
        if kind == "no jwks":
            # The token itself shows whose it is.
            assert _findings(items) == []
            assert "is this bridge" in next(item.what for item in items if item.topic == "realm")
            return
        words = {"page": "it answers 200 (text/html)", "json": "(application/json)", "other bridge": "with other keys"}
        assert words[kind] in _only(items, "realm")
        assert evidence.withheld


def test_tls_of_the_registry(bridge: RunningBridge, registry: Start, authority: Authority) -> None:
    """A private authority, a wrong name, an expired certificate, plain HTTP where TLS was meant and the reverse."""
    good = registry(bridge.token_auth(), tls=authority.issue("doctor-good", ["127.0.0.1"]))
    assert "nobody trusted here has signed" in _only(_look(bridge.settings, good.url)[1], "registry")
    _, items = _look(bridge.settings, good.url, ca_file=authority.ca_file)
    assert _findings(items) == []
    (warning,) = [item.what for item in items if item.grade is Grade.WARNING]
    assert "the registry speaks TLS and its realm" in warning
    plain = good.url.replace("https", "http")
    assert "speaks TLS on this port" in _only(_look(bridge.settings, plain)[1], "registry")
    named = registry(bridge.token_auth(), tls=authority.issue("doctor-name", ["registry.corp.example.com"]))
    what = _only(_look(bridge.settings, named.url, ca_file=authority.ca_file)[1], "registry")
    assert "has a certificate for another name" in what
    old = registry(bridge.token_auth(), tls=authority.issue("doctor-old", ["127.0.0.1"], days=-1))
    assert "out of its time" in _only(_look(bridge.settings, old.url, ca_file=authority.ca_file)[1], "registry")
    http = registry(bridge.token_auth()).url.replace("http", "https")
    assert "most likely it speaks plain HTTP" in _only(_look(bridge.settings, http)[1], "registry")


def test_tls_of_the_realm(registry: Start, tmp_path: Path, authority: Authority) -> None:
    """The same for a bridge with server.tls, told as the realm's; the registry cannot know."""
    for name, host, words in (("name", "bridge.corp.example.com", "for another name"), ("good", "127.0.0.1", "")):
        pair = authority.issue(f"doctor-realm-{name}", [host])
        folder = tmp_path / name
        tls = {"tls": {"certificate": str(pair.certificate), "key": str(pair.key)}}
        bridge = RunningBridge(folder, NO_DIRECTORY)
        bridge.sections["server"] |= tls
        bridge.write_settings()
        bridge.ready_when(partial(answers, "127.0.0.1", bridge.port))
        auth = TokenAuth(f"https://127.0.0.1:{bridge.port}/token", "registry.test", "bridge.test", folder / "b.pem")
        auth.bundle.write_text(Keyring.load(folder / "keys", datetime.now(UTC)).bundle_pem())
        with bridge:
            target = registry(auth)
            if words:
                assert words in _only(_look(bridge.settings, target.url, ca_file=authority.ca_file)[1], "realm")
            else:
                assert _findings(_look(bridge.settings, target.url, ca_file=authority.ca_file)[1]) == []
                assert "nobody trusted here" in _only(_look(bridge.settings, target.url)[1], "realm")


def test_no_registry_at_all(bridge: RunningBridge) -> None:
    """Nothing listens; no such name."""
    what = _only(_look(bridge.settings, f"http://127.0.0.1:{free_port()}")[1], "registry")
    assert "nothing listens there" in what
    assert "finds no address" in _only(_look(bridge.settings, "http://registry.invalid")[1], "registry")


def test_other_authentication(bridge: RunningBridge, registry: Start, tmp_path: Path) -> None:
    """None, htpasswd and silly, each by its name."""
    assert "asks nobody for a token" in _only(_look(bridge.settings, registry().url)[1], "registry")
    htpasswd = {"htpasswd": {"realm": "here", "path": str(tmp_path / "htpasswd")}}
    assert "asks for Basic credentials" in _only(_look(bridge.settings, registry(htpasswd).url)[1], "registry")
    silly = {"silly": {"realm": f"{bridge.url}/token", "service": "registry.test"}}
    evidence, items = _look(bridge.settings, registry(silly).url)
    assert "believes anything that is called a token" in _only(items, "tokens")
    assert evidence.tried == ()


def _with_clock(bridge: RunningBridge, folder: Path, ahead: float) -> None:
    """Lets the bridge's process live in another time."""
    folder.mkdir()
    shift = f"import time\n_now = time.time\ntime.time = lambda: _now() + {ahead}\n"
    (folder / "sitecustomize.py").write_text(shift)
    environment = dict(bridge._environment or {})
    bridge._environment = {**environment, "PYTHONPATH": f"{folder}:{environment['PYTHONPATH']}"}


@pytest.mark.parametrize(("ahead", "words"), [(BEHIND, "not valid yet"), (-BEHIND, "have ended")])
def test_clocks_that_differ(registry: Start, tmp_path: Path, ahead: float, words: str) -> None:
    """The bridge's is wrong, or this machine's and the bridge's: told by the answers, proved by a test token."""
    bridge = RunningBridge(tmp_path / "bridge", NO_DIRECTORY)
    _with_clock(bridge, tmp_path / "time", ahead)
    _renew(bridge.folder / "keys")  # the certificate of a new key is not valid yet in an earlier time
    with bridge:
        target = registry(bridge.token_auth())
        for clock in (time.time, lambda: time.time() + ahead):
            _, items = _look(bridge.settings, target.url, clock=clock)
            what = _only(items, "clock")
            assert words in what and "believed" in what


@pytest.mark.parametrize("x5c", [True, False])
@pytest.mark.parametrize("has", ["bundle", "jwks", "other jwks"])
def test_a_registry_3x(bridge: RunningBridge, tmp_path: Path, *, x5c: bool, has: str) -> None:
    """With a bundle it needs x5c, with a JWKS alone it must not have it; by rules, since 2.8 is what there is."""
    settings = tmp_path / "bridge.yaml"
    sections = {**bridge.sections, "token": {**bridge.sections["token"], "x5c": x5c}}
    for name in ("keys", "ldap-password", "policy.yaml"):
        (tmp_path / name).symlink_to(bridge.folder / name)
    settings.write_text(json.dumps(sections))
    keyring = Keyring.load(bridge.folder / "keys", datetime.now(UTC))
    files = {"bundle": (keyring.bundle_pem(), None), "jwks": ("", keyring.jwks())}
    bundle, jwks = files.get(has, ("", {"keys": [dict(keyring.active.jwk, kid="other")]}))
    with ScriptedHttp(registry_3x(bridge.token_auth(), bundle=bundle, jwks=jwks)) as registry:
        _, items = _look(settings, registry.url)
    about = [(topic, what) for topic, what in _findings(items) if "the bridge that runs" not in what]
    if has == "other jwks":
        assert [topic for topic, _ in about] == ["tokens"]
    elif (has == "bundle") is x5c:
        assert about == []
        assert "as distribution 3.x does" in items[-1].what
    else:
        ((topic, what),) = about
        assert topic == "x5c"
        assert ("auth.token.jwks" if x5c else "token.x5c is off") in what


@pytest.mark.parametrize("status", [401, 431])
def test_a_proxy_that_spoils_the_header(bridge: RunningBridge, status: int) -> None:
    """It takes it away, or cannot take it."""
    challenge = f'Bearer realm="{bridge.url}/token",service="registry.test"'

    def script(_path: str, headers: Mapping[str, str]) -> tuple[int, Mapping[str, str], bytes]:
        return status if "authorization" in headers else 401, {"WWW-Authenticate": challenge}, b""

    with ScriptedHttp(script) as proxy:
        _, items = _look(bridge.settings, proxy.url)
    assert ("as if there were none" if status == 401 else "answers 431") in _only(items, "tokens")


@pytest.mark.parametrize(
    "realm",
    ["", "token", "http://[x", "http://bridge:99999/token", "http://a b/token", "http://127.0.0.1:1/a b"],
)
def test_a_realm_that_is_no_address(bridge: RunningBridge, realm: str) -> None:
    """Whatever a registry names: a finding about the realm, and no more."""
    challenge = f'Bearer realm="{realm}",service="registry.test",error="invalid_token"'
    with ScriptedHttp(lambda _path, _headers: (401, {"WWW-Authenticate": challenge}, b"")) as registry:
        _, items = _look(bridge.settings, registry.url)
    assert [what for topic, what in _findings(items) if topic == "realm"]


def test_a_realm_with_strange_answers(bridge: RunningBridge) -> None:
    """A token and keys of types that nobody expects are a foreign token server's."""
    parts = [{"alg": [], "kid": [1], "x5c": 1}, {"iss": 1, "aud": [1], "access": "all", "exp": "x"}]
    encoded = [base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts]

    def script(path: str, _headers: Mapping[str, str]) -> tuple[int, Mapping[str, str], bytes]:
        if path.startswith("/jwks"):
            return json_reply({"keys": [{"kid": 1}, {"kid": None}, {"kid": ["a"]}]})
        if path.startswith("/v2/"):
            challenge = f'Bearer realm="{server.url}/token",service="registry.test",error="invalid_token"'
            return 401, {"WWW-Authenticate": challenge}, b""
        return json_reply({"token": ".".join([*encoded, "c2ln"])})

    with ScriptedHttp(script) as server:
        _, items = _look(bridge.settings, server.url, scopes=["repository:a/b:pull"])
    assert {"realm", "service", "issuer", "key"} <= {topic for topic, _ in _findings(items)}


def test_without_the_keys(bridge: RunningBridge, registry: Start, tmp_path: Path) -> None:
    """The realm's token alone: believed, or refused with what may be the cause."""
    settings = tmp_path / "bridge.yaml"
    sections = {**bridge.sections, "token": {**bridge.sections["token"], "keys_dir": "nowhere"}}
    for name in ("ldap-password", "policy.yaml"):
        (tmp_path / name).symlink_to(bridge.folder / name)
    settings.write_text(json.dumps(sections))
    _, items = _look(settings, registry(bridge.token_auth()).url)
    assert _findings(items) == []
    assert any("no test tokens could be made" in item.what for item in items)
    _, items = _look(settings, registry(replace(bridge.token_auth(), issuer="what else")).url)
    assert "its issuer, its bundle or a clock" in _only(items, "tokens")


def test_evidence_holds_no_token(bridge: RunningBridge, registry: Start) -> None:
    """Neither printed nor logged with everything else, it shows no signature."""
    target = registry(bridge.token_auth())
    evidence, _ = _look(bridge.settings, target.url)
    token = bridge.get().token
    assert evidence.given and evidence.given.header["kid"] in repr(evidence)
    assert token.partition(".")[0] not in repr(evidence)
