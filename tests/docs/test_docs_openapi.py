"""docs/openapi.yaml is a proper document, and the code's routes and answers are those that it describes."""

import json
from collections.abc import Iterator
from typing import get_args
from unittest.mock import AsyncMock

import pytest
from aiohttp import web
from jsonschema import Draft202012Validator

from ldap_token_bridge.errors import BridgeError, Unavailable
from ldap_token_bridge.guard import Block, BudgetName
from ldap_token_bridge.identity import Refusal
from ldap_token_bridge.web import DEFAULT_MESSAGES, admin_app, answers, public_app
from tests.support.openapi import api_document

DOCUMENT = api_document()
GET, POST = DOCUMENT.operation("GET", "/token"), DOCUMENT.operation("POST", "/token")


def _routes(listener: str) -> set[tuple[str, str]]:
    # Routes do not depend on what is behind them.
    app = public_app(AsyncMock(), AsyncMock()) if listener == "public" else admin_app(AsyncMock(), dict, AsyncMock())
    return {(route.method, route.resource.canonical) for route in app.router.routes() if route.resource}


@pytest.mark.parametrize("listener", ["public", "admin"])
def test_every_route_is_described_and_the_reverse(listener: str) -> None:
    """On its listener; HEAD goes with GET wherever the document does not say otherwise."""
    described = {(each.method, each.path) for each in DOCUMENT.operations if listener in each.tags}
    headless = {path for path, item in DOCUMENT.whole["paths"].items() if "post" in item}
    described |= {("HEAD", path) for method, path in described if method == "GET" and path not in headless}
    assert _routes(listener) == described


def test_the_token_paths_are_one_endpoint() -> None:
    """Whatever name a chart uses for it, the description is the same."""
    items = [item for item in DOCUMENT.whole["paths"].values() if "post" in item and "public" in item["post"]["tags"]]
    assert len(items) == 6
    assert all(item == items[0] for item in items)


def _problems() -> Iterator[Exception]:
    """One of each kind in the table of answers."""
    for kind, _, _ in answers._TABLE:
        if issubclass(kind, Unavailable):
            yield kind("nobody answers", retry_after=3)
        elif issubclass(kind, web.HTTPException):
            # What a handler can meet: the router's own answers belong to no operation.
            yield web.HTTPRequestEntityTooLarge(max_size=1, actual_size=2)
        else:
            yield kind("the reason") if issubclass(kind, BridgeError) else kind()


def _faults(response: web.Response) -> list[str]:
    # These two are put there for every answer, behind the table.
    headers = {**response.headers, "X-Request-Id": "0" * 16, "Server": answers.SERVER}
    return POST.faults(response.status, headers, json.loads(response.text or ""))


@pytest.mark.parametrize("problem", list(_problems()), ids=lambda problem: type(problem).__name__)
def test_every_answer_of_the_table_is_described(problem: Exception) -> None:
    """With its status, its headers and its body: also those that no client can bring about at will."""
    _, response = answers.answer_to(problem, DEFAULT_MESSAGES)
    assert _faults(response) == []


def test_the_answer_to_a_refused_refresh_token_is_described() -> None:
    """Beside the two shapes it has the key of RFC 6749."""
    response = answers.refresh_refused(DEFAULT_MESSAGES)
    assert json.loads(response.text or "")["error"] == "invalid_grant"
    assert _faults(response) == []


@pytest.mark.parametrize("refusal", list(Refusal))
def test_every_refusal_is_described(refusal: Refusal) -> None:
    """A login that is refused is one kind of answer, whatever the reason."""
    assert _faults(answers.refused(refusal, DEFAULT_MESSAGES)) == []


@pytest.mark.parametrize("budget", get_args(BudgetName))
def test_the_answer_to_too_many_attempts_is_described(budget: BudgetName) -> None:
    """Whichever budget is used up."""
    assert _faults(answers.throttled(Block(budget, 7), DEFAULT_MESSAGES)) == []


def test_no_status_is_described_that_is_never_given() -> None:
    """The document promises nothing: all but 200 and 429 come from the table. A query has no body to wait for."""
    given = {answers.answer_to(problem, DEFAULT_MESSAGES)[1].status for problem in _problems()}
    assert POST.statuses == given | {200, 429}
    assert GET.statuses == POST.statuses - {408, 413}


def test_every_schema_is_one() -> None:
    """JSON Schema 2020-12, as OpenAPI 3.1 has it; and each example is what its schema allows."""
    assert DOCUMENT.raw["openapi"].startswith("3.1.")
    for schema in DOCUMENT.schemas():
        Draft202012Validator.check_schema(schema)
        validator = Draft202012Validator(schema)
        assert [each for each in schema.get("examples", ()) if not validator.is_valid(each)] == []


def test_nothing_is_left_over() -> None:
    """Each component is used by some operation."""
    used = json.dumps(DOCUMENT.raw)
    names = [
        f"#/components/{kind}/{name}"
        for kind, components in DOCUMENT.raw["components"].items()
        if kind != "securitySchemes"
        for name in components
    ]
    assert [name for name in names if f'"{name}"' not in used] == []


def test_a_wrong_answer_is_noticed() -> None:
    """A status, header, type and body that are not described are each a fault: the checks above can fail."""
    right = answers.throttled(Block("account", 7), DEFAULT_MESSAGES)
    body = json.loads(right.text or "")
    headers = {**right.headers, "X-Request-Id": "0" * 16, "Server": answers.SERVER}
    assert POST.faults(429, headers, body) == []
    assert POST.faults(418, headers, body) == ["status 418 is not described"]
    assert POST.faults(429, headers | {"Content-Type": "text/html"}, body) == ["the type text/html is not described"]
    assert POST.faults(429, headers | {"Retry-After": "soon"}, body) != []
    assert POST.faults(429, {name: value for name, value in headers.items() if name != "Retry-After"}, body) == [
        "Retry-After is missing"
    ]
    assert POST.faults(429, headers, body | {"token": "x"}) != []
