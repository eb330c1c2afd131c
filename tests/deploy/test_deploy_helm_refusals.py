"""Values that cannot work are refused by helm itself, in words that say which and why."""

import pytest

from tests.support.helm_chart import HelmRefused, template
from tests.support.helm_values import FULL, SMALL, Values, merged


def refusal(values: Values, *arguments: str) -> str:
    """What helm says; fails if it takes the values."""
    with pytest.raises(HelmRefused) as refused:
        template(values, *arguments)
    return str(refused.value)


SCHEMA: list[tuple[Values, str]] = [
    ({"replica": 3}, "additional properties 'replica' not allowed"),
    ({"replicas": "three"}, "at '/replicas': got string, want integer"),
    ({"bridge": {"directory": {"bind_password": "x"}}}, "additional properties 'bind_password' not allowed"),
    ({"directory": {"password": "x"}}, "at '/directory': additional properties 'password' not allowed"),
    ({"bridge": {"directory": {"kind": "ad"}}}, "at '/bridge/directory/kind': value must be one of"),
    ({"bridge": {"token": {"keys_dir": "/k"}}}, "at '/bridge/token': additional properties 'keys_dir' not allowed"),
    ({"bridge": {"server": {"listen": "0.0.0.0:1"}}}, "additional properties 'listen' not allowed"),
    ({"bridge": {"policy": "policy.yaml"}}, "at '/bridge': additional properties 'policy' not allowed"),
    ({"bridge": {"cache": {"shared": "redis://user:secret@store"}}}, "at '/bridge/cache/shared': "),
    ({"bridge": {"token": {"lifetime": 900}}}, "at '/bridge/token/lifetime': got number, want string"),
    ({"securityContext": {"runAsUser": 0}}, "at '/securityContext/runAsUser': minimum: got 0, want 1"),
    ({"policy": {"files": {"policy.yml": "x"}}}, "additional properties 'policy.yml' not allowed"),
    ({"secretEnv": {"LTB_LOGGING__LEVEL": "debug"}}, "at '/secretEnv/LTB_LOGGING__LEVEL': got string, want object"),
    ({"autoscaling": {"cpuOfEachReplica": "70%"}}, "at '/autoscaling/cpuOfEachReplica': '70%' does not match pattern"),
    ({"image": {"tag": "a b"}}, "at '/image/tag': 'a b' does not match pattern"),
    ({"networkPolicy": {"from": [{"cidr": "10.0.0.0/8"}]}}, "additional properties 'cidr' not allowed"),
]


@pytest.fixture(scope="module")
def told() -> str:
    """What helm says to all of that together: it ends at no first mistake."""
    values: Values = SMALL
    for changes, _ in SCHEMA:
        values = merged(values, changes)
    return refusal(values)


@pytest.mark.parametrize("words", [words for _, words in SCHEMA])
def test_the_schema_names_the_value(told: str, words: str) -> None:
    """Unknown keys, wrong kinds, and whatever belongs into a Secret."""
    assert "values don't meet the specifications of the schema" in told
    assert words in told


ALONE = {**SMALL, "bridge": {key: value for key, value in SMALL["bridge"].items() if key != "guard"}}
WORKLOAD = {"issuer": "https://ci", "audience": "registry", "subjects": [{"name": "x", "claims": {"sub": "x"}}]}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"image": {"repository": ""}}, "image.repository is missing. There is no public image"),
        ({"directory": {"existingSecret": ""}}, "directory.existingSecret is missing"),
        ({"signingKeys": {"keys": []}}, "signingKeys.keys is empty: no token can be signed"),
        ({"signingKeys": {"active": "b"}}, "signingKeys.active is b, which is none of signingKeys.keys: first"),
        ({"signingKeys": {"keys": [{"name": "a"}]}}, "a needs either existingSecret or certManager: true"),
        (
            {"signingKeys": {"keys": [{"name": "a", "existingSecret": "s"}, {"name": "b", "existingSecret": "t"}]}},
            "signingKeys.active is missing. Say which of the keys signs: a, b.",
        ),
        (
            {"signingKeys": {"keys": [{"name": "a", "existingSecret": "s"}, {"name": "a", "existingSecret": "t"}]}},
            "signingKeys.keys has two keys of the name a",
        ),
        (
            {"signingKeys": {"keys": [{"name": "a", "certManager": True}]}},
            "signingKeys.certManager.issuerRef is missing",
        ),
        ({"policy": {"existingConfigMap": "p"}}, "policy.files or policy.existingConfigMap is needed, and not both"),
        (
            {"tls": {"existingSecret": "t", "certManager": {"enabled": True, "issuerRef": {"name": "i"}}}},
            "tls.existingSecret and tls.certManager.enabled exclude each other",
        ),
        ({"tls": {"certManager": {"enabled": True}}}, "tls.certManager.issuerRef is missing"),
        ({"bridge": {"token": {"refresh": {"enabled": True}}}}, "needs refreshTokens.existingSecret"),
        (
            {"bridge": {"cache": {"shared": "redis://store"}}},
            "bridge.cache.shared and sharedStore.existingSecret belong together",
        ),
        ({"sharedStore": {"existingSecret": "s"}}, "belong together"),
        ({"ingress": {"enabled": True}}, "ingress.host is missing"),
        (
            {"ingress": {"enabled": True}},
            "bridge.server.trusted_proxies is missing, and ingress.enabled is set. All clients",
        ),
        (
            {"ingress": {"enabled": True, "host": "b.example"}, "test": {"url": "https://b.example/token"}},
            "ingress.paths lacks /bundle.pem, which `helm test` reads at test.url",
        ),
        ({"service": {"loadBalancerSourceRanges": ["10.0.0.0/8"]}}, "it would keep nobody away"),
        (
            {"networkPolicy": {"ldap": {"ports": [3269]}}},
            "networkPolicy.ldap.ports lacks 636, the port of ldaps://dc1.corp.example.com.",
        ),
        (
            {
                "bridge": {"cache": {"shared": "rediss://u@[fd00::1]:6380/2"}},
                "networkPolicy": {"sharedStore": {"ports": [6379]}},
            },
            "networkPolicy.sharedStore.ports lacks 6380, the port of [fd00::1]:6380.",
        ),
        (
            {"bridge": {"workloads": {"ci": WORKLOAD}, "tracing": {"otlp_endpoint": "http://otel:4318"}}},
            "could not reach the keys of bridge.workloads.ci and bridge.tracing.otlp_endpoint. Let them out",
        ),
        ({"metrics": {"enabled": True}}, "networkPolicy.metricsFrom is empty, so nobody could read the metrics"),
        ({"metrics": {"serviceMonitor": {"enabled": True}}}, "metrics.serviceMonitor.enabled needs metrics.enabled"),
        (
            {"metrics": {"prometheusRule": {"enabled": True}}},
            "prometheusRule.enabled needs metrics.serviceMonitor.enabled",
        ),
        ({"autoscaling": {"enabled": True, "minReplicas": 9}}, "autoscaling.minReplicas is larger"),
        ({"terminationGracePeriodSeconds": 15}, "terminationGracePeriodSeconds must be at least 16, or requests under"),
        (
            {"terminationGracePeriodSeconds": 19, "bridge": {"server": {"request_deadline": "0.2m"}}},
            "at least 20, or requests under way are cut off: 5 for preStopSeconds, 12 for bridge",
        ),
        (
            {"terminationGracePeriodSeconds": 9, "bridge": {"server": {"request_deadline": "1500ms"}}},
            "at least 10, or requests under way are cut off: 5 for preStopSeconds, 2 for bridge",
        ),
        ({"policy": {"files": {"b.yaml": "€" * 333_333}}}, "and the ConfigMap that it becomes holds 1,000,000"),
        ({"podLabels": {"app.kubernetes.io/component": "x"}}, "podLabels has app.kubernetes.io/component, by which"),
        ({"test": {"existingSecret": "p"}}, "a password is not sent in the clear"),
    ],
)
def test_what_does_not_fit_together_is_told(changes: Values, words: str) -> None:
    """With what to do about it."""
    assert words in refusal(merged(SMALL, changes))


@pytest.mark.parametrize("name", ["2026", "registry.corp"])
def test_a_release_whose_service_could_not_be_made_is_refused(name: str) -> None:
    """Helm allows such names. A name of one's own is the way out."""
    assert f"The release {name} would get a Service of the name" in refusal(SMALL, "--name-template", name)
    assert template(merged(SMALL, {"fullnameOverride": "bridge"}), "--name-template", name)


@pytest.mark.parametrize(
    ("changes", "replicas"),
    [({"replicas": 3}, 3), ({"replicas": 1, "autoscaling": {"enabled": True, "maxReplicas": 4}}, 4)],
)
def test_replicas_that_count_each_for_itself_are_refused(changes: Values, replicas: int) -> None:
    """By default each passes on three wrong passwords: several together pass on what locks accounts."""
    told = refusal(merged(ALONE, {**changes, "bridge": {"cache": {"shared": "none"}}}))
    assert f"{replicas} replicas count wrong passwords each for itself: {3 * replicas} for one account" in told
    assert f"(the directory's threshold less 1) ÷ {replicas}, less 1" in told
    assert f"1 per 15m fits a threshold of {2 * replicas + 1};" in told


@pytest.mark.parametrize(
    "changes",
    [
        {"replicas": 1},
        {"replicas": 5, "bridge": {"cache": {"shared": "redis://store"}}, "sharedStore": {"existingSecret": "store"}},
        {"bridge": {"guard": {"account_failures": "off"}}},
        {"secretEnv": {"LTB_GUARD__ACCOUNT_FAILURES": {"name": "guard", "key": "failures"}}},
        {"replicas": 5, "autoscaling": {"enabled": True, "minReplicas": 1, "maxReplicas": 1}},
    ],
)
def test_whoever_has_thought_of_the_lockout_is_let_in(changes: Values) -> None:
    """A store, a number of one's own, or one replica."""
    assert template(merged(ALONE, changes))


def test_everything_is_told_at_once() -> None:
    """Without any values: what is needed, and nothing of a template that stumbles."""
    told = refusal({})
    assert "These values cannot be used:" in told
    assert told.count("\n- ") == 7
    assert "nil pointer" not in told


def test_the_full_values_are_good() -> None:
    """What is refused above is refused for the change alone."""
    assert len(template(SMALL)) < len(template(FULL))
