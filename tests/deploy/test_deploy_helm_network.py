"""Whom the chart lets in, and whom it lets the bridge ask."""

from typing import Any

import pytest

from tests.support.helm_chart import notes, only, template
from tests.support.helm_values import FULL, SMALL, Values, merged


def egress(values: Values) -> list[dict[str, Any]]:
    """The NetworkPolicy's rules for what goes out."""
    return list(only(template(values), "NetworkPolicy")["spec"]["egress"])


def ports(values: Values) -> list[list[int]]:
    """Those of each rule."""
    return [sorted({port["port"] for port in rule["ports"]}) for rule in egress(values)]


def test_what_goes_out_is_dns_the_directory_and_the_store() -> None:
    """And nothing else, unless it is named."""
    assert ports(SMALL) == [[53], [636]]
    assert ports(FULL) == [[53], [636, 3269], [6379], [443]]
    assert len(only(template(SMALL), "NetworkPolicy")["spec"]["ingress"]) == 1


@pytest.mark.parametrize(
    ("directory", "expected"),
    [
        ({"servers": ["ldap://a", "ldaps://b:1636/", "ldaps://[fd00::1]"]}, [389, 636, 1636]),
        ({"global_catalog": ["ldaps://gc:3269"], "domains": {"b": ["ldap://b:10389"]}}, [636, 3269, 10389]),
        ({"servers": [], "domain": "corp.example.com"}, [636]),
        ({"servers": [], "domain": "corp.example.com", "tls": {"start_tls": True}}, [389]),
        ({"servers": ["ldaps://a:3269"], "domains": {"b": "dns"}}, [636, 3269]),
    ],
)
def test_the_directorys_ports_are_those_of_its_addresses(directory: Values, expected: list[int]) -> None:
    """With the standard port where a URL names none; servers found by DNS are asked in TLS."""
    assert ports(merged(SMALL, {"bridge": {"directory": directory}})) == [[53], expected]


@pytest.mark.parametrize(
    ("store", "expected"),
    [
        ("redis://store", [[6379]]),
        ("rediss://bridge@[fd00::1]:6380/2", [[6380]]),
        ("valkey+cluster://a:7000,b:7001,c", [[6379, 7000, 7001]]),
        ("redis+sentinel://a,b:1/main/3", [[1, 6379, 26379]]),
        ("unix:///run/store.sock", []),
    ],
)
def test_the_stores_ports_are_those_of_its_address(store: str, expected: list[list[int]]) -> None:
    """The server that sentinels name has a port that only they know."""
    values = {"bridge": {"cache": {"shared": store}}, "sharedStore": {"existingSecret": "store"}}
    assert ports(merged(SMALL, values)) == [[53], [636], *expected]


def test_ports_and_peers_can_be_written() -> None:
    """Peers alone, ports alone: what is not written is what it would be without the other."""
    peers = [{"ipBlock": {"cidr": "10.0.0.0/24"}}]
    dns, ldap = egress(merged(SMALL, {"networkPolicy": {"ldap": {"to": peers}, "dns": {"ports": [5353], "to": peers}}}))
    assert dns["to"] == ldap["to"] == peers
    assert {(each["port"], each["protocol"]) for each in dns["ports"]} == {(5353, "UDP"), (5353, "TCP")}
    assert [each["port"] for each in ldap["ports"]] == [636]
    assert ports(merged(SMALL, {"networkPolicy": {"ldap": {"ports": [3269, 636]}}})) == [[53], [636, 3269]]


@pytest.mark.parametrize(
    ("service", "expected"),
    [
        ({}, None),
        ({"externalTrafficPolicy": "Local"}, None),
        ({"type": "NodePort"}, None),
        ({"type": "NodePort", "externalTrafficPolicy": "Local"}, "Local"),
        ({"type": "LoadBalancer"}, "Local"),
        ({"type": "LoadBalancer", "externalTrafficPolicy": "Cluster"}, "Cluster"),
    ],
)
def test_a_load_balancer_shows_the_clients_addresses(service: Values, expected: str | None) -> None:
    """Failed logins are counted by them. Kubernetes refuses the field where nothing comes from outside."""
    spec = only(template(merged(SMALL, {"service": service})), "Service")["spec"]
    assert spec.get("externalTrafficPolicy") == expected


def test_a_load_balancer_lets_in_whom_it_is_told() -> None:
    """Networks, to the letter."""
    ranges = ["10.0.0.0/8", "fd00::/8"]
    values = {"service": {"type": "LoadBalancer", "loadBalancerSourceRanges": ranges}}
    assert only(template(merged(SMALL, values)), "Service")["spec"]["loadBalancerSourceRanges"] == ranges


@pytest.mark.parametrize(
    ("url", "bundle"),
    [
        ("", "http://registry-ldap-token-bridge.registries.svc:5001/bundle.pem"),
        ("https://b.example/token", "https://b.example/bundle.pem"),
        ("https://b.example/bridge/auth/token", "https://b.example/bridge/bundle.pem"),
        ("https://b.example:8443/auth/", "https://b.example:8443/bundle.pem"),
    ],
)
def test_the_test_reads_the_bundle_where_it_gets_the_token(url: str, bundle: str) -> None:
    """Its authority is that of this address."""
    (container,) = only(template(merged(SMALL, {"test": {"url": url}})), "Pod")["spec"]["containers"]
    assert {each["name"]: each["value"] for each in container["env"]}["BUNDLE_URL"] == bundle


@pytest.mark.parametrize(
    ("changes", "times"),
    [
        ({"tls": {"existingSecret": "tls"}}, 1),
        ({}, 0),
        (
            {"tls": {"existingSecret": "tls"}, "ingress": {"annotations": {"nginx.org/backend-protocol": "HTTPS"}}},
            0,
        ),
    ],
)
def test_an_ingress_before_tls_is_told_of(changes: Values, times: int) -> None:
    """Most controllers speak HTTP to what is behind them; which one it is, and how it is told, no chart can know."""
    ingress = {
        "bridge": {"server": {"trusted_proxies": ["10.0.0.0/8"]}},
        "ingress": {"enabled": True, "host": "b.example"},
    }
    assert notes(merged(merged(SMALL, ingress), changes)).count("annotation nginx.ingress.kubernetes.io") == times
