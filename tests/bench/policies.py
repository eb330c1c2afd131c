"""The policy: one decision by policies of growing size, how long a large one takes to load, and who notices that."""

import http.client
import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from ldap_token_bridge.policy import Policy, Question, ask_shadow, load_policy, parse_policy
from ldap_token_bridge.policy.proof.diff import diff_policies
from ldap_token_bridge.registry import Access
from ldap_token_bridge.serve.unnoticed import unnoticed
from tests.support import large_policy
from tests.support.bridge import SERVICE, RunningBridge, openldap
from tests.support.changed_policy import two_policies
from tests.support.process import free_port

from .clock import microseconds
from .figures import Figure, figure
from .progress import steps, tell

SIZES = (10, 100, 1000, 10_000)
LARGEST = SIZES[-1]
GROUPS = 50
DECIDE = tuple(f"policy_decide_{size}_us" for size in SIZES)
SHADOW = "policy_shadow_added_us"
GROWTH = "policy_decide_growth_100_to_10000"
LOAD = "policy_load_10000_s"
RELOAD = "policy_reload_added_ms"
DIFF_SMALL = "policy_diff_200_s"
DIFF_LARGE = "policy_diff_2000_s"

_NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
_PAUSE = 0.002
_CALM = 2.0  # seconds of requests before the reload that it is compared with
_PUBLIC = "  - {id: public, who: [anyone], repositories: ['public/**'], actions: [pull]}"
_PATH = f"/token?service={SERVICE}&scope=repository:public/base:pull"


def decide(rounds: int) -> Iterator[Figure]:
    """One scope, someone in 50 groups; all sizes by turns, so that the growth is not the machine's."""
    tell("policies are made")
    asked = {size: (_policy(size), _question(size)) for size in SIZES}
    spent: dict[int, list[float]] = {size: [] for size in SIZES}
    for _ in steps(DECIDE[0], range(rounds), rounds):
        for size, (policy, question) in asked.items():
            spent[size].append(microseconds(partial(policy.decide, question)))
    for name, size in zip(DECIDE, SIZES, strict=True):
        yield figure(name, spent[size], "us")
    yield figure(GROWTH, [large / small for small, large in zip(spent[100], spent[LARGEST], strict=True)], "times")


def shadow(rounds: int) -> Iterator[Figure]:
    """What a shadow policy of 1,000 rules adds to a request: a second decision, and the comparison."""
    size = 1000
    policy, question = _policy(size), _question(size)
    decision = policy.decide(question)
    spent = (microseconds(partial(ask_shadow, policy, question, decision)) for _ in range(rounds))
    yield figure(SHADOW, list(steps(SHADOW, spent, rounds)), "us")


def load(rounds: int) -> Iterator[Figure]:
    """A file of 10,000 rules, as `serve` reads it: parsed, checked, compiled."""
    with TemporaryDirectory(prefix="ldap-token-bridge-bench-") as folder:
        path = Path(folder) / "policy.yaml"
        path.write_text(large_policy.policy_text(LARGEST))
        yield figure(LOAD, list(steps(LOAD, (_load(path) for _ in range(rounds)), rounds)), "s")


def reload(rounds: int) -> Iterator[Figure]:
    """The slowest reply while a policy of 10,000 rules is reloaded, less the median reply before; one client."""
    with TemporaryDirectory(prefix="ldap-token-bridge-bench-") as folder:
        directory = openldap(f"ldap://127.0.0.1:{free_port()}", "dc=corp", "cn=svc,dc=corp")
        text = large_policy.policy_text(LARGEST, _PUBLIC)
        tell("a bridge with 10,000 rules starts")
        sections = {"policy": {"path": "policy.yaml", "poll": "off"}}
        bridge = RunningBridge(Path(folder), directory, policy=text, sections=sections)
        bridge.as_people_run_it()
        with bridge:
            yield figure(RELOAD, list(steps(RELOAD, (_added(bridge) for _ in range(rounds)), rounds)), "ms")


def diff_small(rounds: int) -> Iterator[Figure]:
    """Two policies of 200 rules and 50 groups, a tenth of the rules changed."""
    yield figure(DIFF_SMALL, list(steps(DIFF_SMALL, (_diff(200, 50) for _ in range(rounds)), rounds)), "s")


def diff_large(rounds: int) -> Iterator[Figure]:
    """Two policies of 2,000 rules and 300 groups, a tenth of the rules changed: once, however many rounds."""
    del rounds
    yield figure(DIFF_LARGE, list(steps(DIFF_LARGE, (_diff(2000, 300) for _ in range(1)), 1)), "s")


def _diff(rules: int, groups: int) -> float:
    """Seconds."""
    old, new = (parse_policy([("policy.yaml", text)]) for text in two_policies(rules, groups, 0.1))
    start = time.perf_counter()
    found = diff_policies(old, new, _NOW.date())
    spent = time.perf_counter() - start
    if found.gaps:
        raise RuntimeError(f"not all was proved: {found.gaps[0].bound}")
    return spent


def _policy(size: int) -> Policy:
    return parse_policy([("policy.yaml", large_policy.policy_text(size))])


def _question(size: int) -> Question:
    """About a repository that one of the person's groups gives."""
    access = Access("repository", f"team-{4 * large_policy.stride(GROUPS, size)}/app-1", ("pull", "push"))
    return Question(large_policy.member(GROUPS, size), (access,), SERVICE, None, _NOW)


def _load(path: Path) -> float:
    start = time.perf_counter()
    with unnoticed():
        load_policy(path)
    return time.perf_counter() - start


def _added(bridge: RunningBridge) -> float:
    """Milliseconds."""
    before = _reloads(bridge)
    end = time.perf_counter() + _CALM
    calm = list(_replies(bridge, lambda now: now > end))
    os.kill(bridge.pid, signal.SIGHUP)
    return max(_replies(bridge, lambda _: _reloads(bridge) > before)) - median(calm)


def _replies(bridge: RunningBridge, is_over: Callable[[float], bool]) -> Iterator[float]:
    """Milliseconds until each reply; one connection, a request every few milliseconds."""
    client = http.client.HTTPConnection("127.0.0.1", bridge.port, timeout=10)
    with closing(client):
        while not is_over(start := time.perf_counter()):
            client.request("GET", _PATH)
            answer = client.getresponse()
            if answer.status != 200 or not answer.read():
                raise RuntimeError("a request was refused")
            yield (time.perf_counter() - start) * 1000
            time.sleep(_PAUSE)


def _reloads(bridge: RunningBridge) -> int:
    return bridge.log.read_text(errors="replace").count('"event": "reloaded"')
