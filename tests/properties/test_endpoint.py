"""Whatever is sent while the directory is up: an answer that docs/openapi.yaml describes, never a 5xx.

And whoever asks for whatever: nothing is granted that was not asked for.
"""

import base64
import json
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote_plus, urlencode

import pytest
from hypothesis import HealthCheck, assume, event, example, given, settings
from hypothesis import strategies as st

from ldap_token_bridge.demo.people import PEOPLE
from tests.support.examples import examples
from tests.support.in_process import InProcess, running_in_process
from tests.support.openapi import METHODS, Operation, api_document

DOCUMENT = api_document()
LISTENERS = ("public", "admin")
TOKEN_PATHS = [each.path for each in DOCUMENT.operations if each.method == "POST" and "public" in each.tags]
SERVICE = "demo-registry"
PASSWORDS = {person.account: person.password for person in PEOPLE}
# What clients send under their names, and what nobody should.
NAMES = ["service", "scope", "account", "client_id", "offline_token", "grant_type", "access_type", "username"]
NAMES += ["password", "refresh_token", "x"]
ACTIONS = ["pull", "push", "delete", "*", "pull,push", "push,pull", "PULL", "", "pull,,push", "admin", "pull,*"]
RESOURCES = ["repository", "repository(plugin)", "registry", "artifact", "", "Repository", "repository()"]
REPOSITORIES = ["team-a/app", "team-b/app", "public/base", "users/bob/x", "catalog", "host:5000/a", "Team", "a//b", ""]


@pytest.fixture(scope="module")
def bridge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[InProcess]:
    """One for all examples."""
    with running_in_process(tmp_path_factory.mktemp("endpoint")) as bridge:
        yield bridge
        assert bridge.errors() == []


scopes = st.builds(
    "{}:{}:{}".format, st.sampled_from(RESOURCES), st.sampled_from(REPOSITORIES), st.sampled_from(ACTIONS)
) | st.text(max_size=30)
values = (
    st.sampled_from([SERVICE, "password", "refresh_token", "online", "offline", "true", "bob", ""])
    | scopes
    | st.text(max_size=40)
)
# Percent-encoded as it should be, or the raw text, or bytes that are no UTF-8.
encoded = values.map(quote_plus) | st.sampled_from(["%", "%zz", "%ff", "%00", "+", "%C3%28", "a%0d%0ab"])
pairs = st.builds("{}={}".format, st.sampled_from(NAMES), encoded) | encoded
# What a line of HTTP can hold at all: no control characters, no space.
queries = st.lists(pairs, max_size=12).map("&".join)
basics = st.builds(
    lambda user, password: "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode(),
    st.sampled_from([*PASSWORDS, "nobody", "CORP\\bob", "<token>", "", "*", "a)(b"]) | st.text(max_size=20),
    st.sampled_from([*PASSWORDS.values(), "", "wrong"]) | st.text(max_size=20),
)
header_text = st.text(st.characters(min_codepoint=33, max_codepoint=255), max_size=40)
headers = st.lists(
    st.tuples(st.just("Authorization"), basics | header_text)
    | st.tuples(st.just("X-Forwarded-For"), header_text | st.sampled_from(["10.0.0.1", "::1, x", "1.2.3.4:5"]))
    | st.tuples(
        st.sampled_from(
            ["User-Agent", "Cookie", "Accept", "Accept-Encoding", "If-None-Match", "Range", "X-Request-Id"]
        ),
        header_text,
    ),
    max_size=4,
)
content_types = st.sampled_from(
    [
        *["application/x-www-form-urlencoded", "application/x-www-form-urlencoded; charset=utf-8"] * 4,
        "application/x-www-form-urlencoded; charset=utf-16",
        'application/x-www-form-urlencoded; charset="',
        "application/json",
        "multipart/form-data; boundary=x",
        "multipart/form-data",
        "x",
        "",
    ]
)
_GRANT = "grant_type=password&service=demo-registry&client_id=x"
# Forms that are in order up to who asks for what, so that not every one is refused for its form.
forms = st.builds(
    "{}&{}&{}".format,
    st.just(_GRANT),
    st.sampled_from([f"username={name}&password={quote_plus(word)}" for name, word in PASSWORDS.items()])
    | st.builds("username={}&password={}".format, encoded, encoded),
    st.lists(scopes.map(lambda scope: f"scope={quote_plus(scope)}"), max_size=6).map("&".join) | queries,
)
bodies = forms.map(str.encode) | queries.map(str.encode) | st.binary(max_size=200)
paths = st.sampled_from(TOKEN_PATHS)
one_bridge = settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])


def _request(method: str, target: str, fields: list[tuple[str, str]], body: bytes = b"") -> bytes:
    lines = [f"{method} {target} HTTP/1.1", "Host: bridge.test", "Connection: close"]
    lines += [f"{name}: {value}" for name, value in fields]
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body


def _answer(raw: bytes) -> tuple[int, dict[str, str], Any]:
    """Status, headers, and the body as text or as what its JSON holds."""
    head, _, body = raw.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    fields = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    status = int(first.split()[1])
    is_json = fields.get("content-type", "").startswith("application/json")
    return status, fields, json.loads(body) if is_json and body else body.decode()


def _check(raw: bytes, method: str = "GET", path: str = "/token") -> dict[str, Any]:
    """The rules for every answer of the token endpoint; gives the body."""
    status, fields, body = _answer(raw)
    event(f"status {status}")
    assert status in (200, 400, 401), (status, body)
    assert DOCUMENT.operation(method, path).faults(status, fields, body) == []
    if status == 200:
        assert body["token"] == body["access_token"]
    else:
        (error,) = body["errors"]
        assert error["message"] == body["details"]
    assert isinstance(body, dict)
    return body


def _claims(token: str) -> dict[str, Any]:
    part = token.split(".")[1]
    claims: dict[str, Any] = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return claims


def _asked(texts: list[str]) -> set[tuple[str, str, str]]:
    """A literal reading of scopes: type, name and action of everything that any of them could mean."""
    found = set()
    for scope in (part for text in texts for part in text.split(" ")):
        kind, _, rest = scope.partition(":")
        name, _, actions = rest.rpartition(":")
        for action in actions.split(","):
            found.add((kind.partition("(")[0], name, action))
    return found


@settings(one_bridge, max_examples=examples(300))
@given(paths, queries, headers)
@example("/token", "service=demo-registry&scope=%F0%9F%92%A9:x:pull", [("Authorization", "Basic Og==")])
@example("/token", "&&&=&=&;", [("Authorization", "")])
def test_any_get_is_answered(bridge: InProcess, path: str, query: str, fields: list[tuple[str, str]]) -> None:
    """Any query, any credentials, any headers that a line of HTTP can hold."""
    _check(bridge.send(_request("GET", f"{path}?{query}", fields)), "GET", path)


@settings(one_bridge, max_examples=examples(300))
@given(paths, bodies, content_types, headers, st.booleans())
def test_any_form_is_answered(
    bridge: InProcess,
    path: str,
    body: bytes,
    kind: str,
    fields: list[tuple[str, str]],
    chunked: bool,  # noqa: FBT001 -- Hypothesis draws it
) -> None:
    """Any bytes under any type, whole or in chunks."""
    if chunked:
        sent = b"%x\r\n%b\r\n" % (len(body), body) if body else b""
        extra = [("Transfer-Encoding", "chunked")]
        body = sent + b"0\r\n\r\n"
    else:
        extra = [("Content-Length", str(len(body)))]
    _check(bridge.send(_request("POST", path, [*fields, ("Content-Type", kind), *extra], body)), "POST", path)


def _values(schema: Mapping[str, Any]) -> st.SearchStrategy[list[str]]:
    """What may stand for one parameter, as often as it may stand there; and now and then what may not."""
    if schema["type"] == "array":
        return st.lists(_values(schema["items"]), max_size=4).map(lambda found: [each for one in found for each in one])
    known = st.sampled_from([*schema.get("enum", ()), *schema.get("examples", ()), SERVICE])
    return st.lists(known | st.text(max_size=20), min_size=1, max_size=1)


SERVED = [(each, listener) for each in DOCUMENT.operations for listener in LISTENERS if listener in each.tags]


@st.composite
def served(draw: st.DrawFn) -> tuple[Operation, str, str]:
    """An operation, a listener that serves it, and a query or form of the parameters that the document names."""
    operation, listener = draw(st.sampled_from(SERVED))
    forms = operation.description.get("requestBody", {}).get("content", {}).values()
    described = [(each["name"], each["schema"]) for each in operation.description.get("parameters", ())]
    described += [pair for each in forms for pair in each["schema"]["properties"].items()]
    chosen = draw(st.lists(st.sampled_from(described), max_size=8, unique_by=lambda pair: pair[0])) if described else []
    fields = [(name, value) for name, schema in chosen for value in draw(_values(schema))]
    return operation, listener, urlencode(fields)


@settings(one_bridge, max_examples=examples(300))
@given(served(), basics | st.none(), st.booleans())
def test_the_document_holds_for_every_operation(
    bridge: InProcess,
    drawn: tuple[Operation, str, str],
    basic: str | None,
    head: bool,  # noqa: FBT001 -- Hypothesis draws it
) -> None:
    """On both listeners: requests made of the parameters that it names are answered as it says, HEAD as GET."""
    operation, listener, sent = drawn
    fields = [("Authorization", basic)] if basic else []
    if operation.method == "POST":
        fields += [("Content-Type", "application/x-www-form-urlencoded"), ("Content-Length", str(len(sent)))]
        raw = bridge.send(_request("POST", operation.path, fields, sent.encode()), admin=listener == "admin")
    else:
        method = "HEAD" if head and operation.path not in TOKEN_PATHS else "GET"
        raw = bridge.send(_request(method, f"{operation.path}?{sent}", fields), admin=listener == "admin")
    status, headers, body = _answer(raw)
    event(f"{operation}: {status}")
    assert status < 500
    if head and operation.method == "GET" and operation.path not in TOKEN_PATHS:
        assert (status, body) == (200, "")
    else:
        assert operation.faults(status, headers, body) == []


@pytest.mark.parametrize("path", TOKEN_PATHS)
def test_a_body_beyond_the_bound_is_refused(bridge: InProcess, path: str) -> None:
    """64 KiB and a byte: 413 as the document has it, in the two shapes."""
    body = b"a" * 65537
    fields = [("Content-Type", "application/x-www-form-urlencoded"), ("Content-Length", str(len(body)))]
    status, headers, answer = _answer(bridge.send(_request("POST", path, fields, body)))
    assert status == 413
    assert DOCUMENT.operation("POST", path).faults(status, headers, answer) == []


@settings(one_bridge, max_examples=examples(200))
@given(st.sampled_from(METHODS), paths | st.from_regex(r"/[a-z./%]{0,20}", fullmatch=True), st.sampled_from(LISTENERS))
def test_what_the_document_does_not_name_is_refused(bridge: InProcess, method: str, path: str, listener: str) -> None:
    """Other methods with 405, other paths with 404; on the public listener in the two shapes of an error."""
    method = method.upper()
    named = {each.method for each in DOCUMENT.operations if each.path == path and listener in each.tags}
    assume(method not in named)
    status, headers, body = _answer(bridge.send(_request(method, path, []), admin=listener == "admin"))
    if method == "HEAD" and "GET" in named and path not in TOKEN_PATHS:
        assert status == 200
    else:
        assert status == (405 if named else 404)
        assert ("allow" in headers) is bool(named)
        assert listener == "admin" or method == "HEAD" or DOCUMENT.error_faults(body) == []


people = st.sampled_from(["alice", "bob", "carol", "carol", "auditor"])
likely = st.builds("repository:{}:{}".format, st.sampled_from(REPOSITORIES[:4]), st.sampled_from(ACTIONS))
mixed = st.lists(likely | scopes | st.just("registry:catalog:*"), max_size=8).map(
    # Several in one parameter, too.
    lambda found: [" ".join(found[:2]), *found[2:]]
)


@settings(one_bridge, max_examples=examples(300))
@given(people, mixed, st.booleans())
def test_what_is_granted_was_asked_for(bridge: InProcess, user: str, texts: list[str], form: bool) -> None:  # noqa: FBT001 -- Hypothesis draws it
    """For people who may a lot, by both methods; a `*` on a repository asks for every action by name."""
    pairs = [("service", SERVICE), *(("scope", text) for text in texts)]
    if form:
        pairs += [("grant_type", "password"), ("client_id", "x"), ("username", user), ("password", PASSWORDS[user])]
    sent = "&".join(f"{name}={quote_plus(value)}" for name, value in pairs).encode()
    if form:
        fields = [("Content-Type", "application/x-www-form-urlencoded"), ("Content-Length", str(len(sent)))]
        body = _check(bridge.send(_request("POST", "/token", fields, sent)), "POST")
    else:
        basic = base64.b64encode(f"{user}:{PASSWORDS[user]}".encode()).decode()
        target = f"/token?{sent.decode()}"
        body = _check(bridge.send(_request("GET", target, [("Authorization", f"Basic {basic}")])))
    claims = _claims(body["token"])
    asked = _asked(texts)
    assert claims["sub"] == user
    names = [(entry["type"], entry["name"]) for entry in claims["access"]]
    assert len(names) == len(set(names))
    event(f"{len(names)} granted")
    for entry in claims["access"]:
        assert entry["actions"]
        for action in entry["actions"]:
            wanted = {(entry["type"], entry["name"], action)}
            if entry["type"] == "repository":
                assert action in ("pull", "push", "delete")
                wanted.add((entry["type"], entry["name"], "*"))
            assert wanted & asked


@settings(one_bridge, max_examples=examples(200))
@given(st.binary(max_size=300))
def test_any_bytes_end_in_an_answer_or_a_closed_connection(bridge: InProcess, raw: bytes) -> None:
    """What is no HTTP at all: never a 5xx, and the service goes on."""
    for line in bridge.send(raw, hang_up=True).split(b"\r\n"):
        if line.startswith(b"HTTP/1."):
            assert not line.split()[1].startswith(b"5"), line
    _check(bridge.send(_request("GET", f"/token?service={SERVICE}", [])))
