"""Every mistake in bridge.yaml is told with its line and column and how to mend it."""

from pathlib import Path
from typing import Any

import pytest

from ldap_token_bridge.errors import Misconfigured
from ldap_token_bridge.settings import load_settings
from tests.support.settings_file import ABSENT, write_settings

# (changes to the good file, line:column, what, a part of the remedy)
MISTAKES: list[tuple[dict[str, Any], str, str, str]] = [
    (
        {"directory__groups__nested": False},
        "12:13",
        "directory.groups.nested: false cannot hold: Active Directory's token-groups hold nested groups too",
        "Write directory.groups.strategy: member-of in place of auto, or remove nested.",
    ),
    (
        {"directory__bind_password_file": "utf-16"},
        "10:23",
        "directory.bind_password_file: FOLDER/utf-16 holds no password: a zero byte, or more than 1024 bytes",
        "Write the password alone into it, as UTF-8 text.",
    ),
    (
        {"directory__bind_password_file": ABSENT, "directory__bind_password": "x" * 1025},
        "10:18",
        "directory.bind_password: is no password: a zero byte, or more than 1024 bytes",
        "Write the password alone.",
    ),
    (
        {"directory__bind_password_file": ABSENT, "directory__bind_password": ""},
        "10:18",
        "directory.bind_password: is empty",
        "Write the password; the bridge never signs in without one.",
    ),
    (
        {"directory__bind_password_file": ABSENT, "directory__bind_password": 12345},
        "10:18",
        "directory.bind_password: must be text",
        "Put a password that looks like a number in quotes.",
    ),
    ({"token__lifetim": "5m"}, "5:3", "unknown key 'lifetim'", "Did you mean 'lifetime'?"),
    ({"tokens": {"x": 1}}, "12:1", "unknown key 'tokens'", "Did you mean 'token'?"),
    ({"server__xyzzy": 1}, "13:3", "unknown key 'xyzzy'", "Known here: admin_listen, listen,"),
    ({"token__issuer": ABSENT}, "2:3", "the key 'token.issuer' is missing", "Add 'issuer' here."),
    ({"token": ABSENT}, "1:1", "the key 'token' is missing", "Add 'token' here."),
    ({"directory__base": ABSENT}, "6:3", "the key 'directory.base' is missing", "Add 'base' here."),
    ({"policy": ABSENT}, "1:1", "the key 'policy' is missing", "Add 'policy' here."),
    # What has no default is not said to have one.
    ({"policy": None}, "11:1", "policy has no value", "Write a value."),
    ({"directory__kind": None}, "6:3", "directory.kind has no value", "Write a value."),
    ({"server": None}, "12:1", "server has no value", "Write a value, or remove the key to keep its default."),
    ({"directory__tls__ca_file": None}, "12:5", "directory.tls.ca_file has no value", "Write a value"),
    ({"token__issuer": 12}, "2:11", "token.issuer: must be text", "put it in quotes"),
    ({"token__issuer": " x"}, "2:11", "token.issuer: has white space around it or a control character in it", "Remove"),
    ({"token__services": []}, "3:13", "token.services is empty", "List at least one."),
    ({"token__services": "x"}, "3:13", "token.services must be a list", 'as in services: ["reg'),
    ({"token__services": ["x", ""]}, "3:19", "token.services.1: must be text", "Write a word"),
    ({"token__services": ["x", "x"]}, "3:19", "token.services lists x twice", "Remove one of them."),
    ({"token__lifetime": "59s"}, "5:13", "token.lifetime: must be from 1m to 1d", "take a token to live at least 60 s"),
    ({"token__lifetime": "61500ms"}, "5:13", "token.lifetime: must be in whole seconds", "Write it as in 90s or 15m."),
    ({"token__lifetime": 900}, "5:13", "token.lifetime: is not a duration", "Write a number and a unit"),
    ({"token__x5c": "yes"}, "5:8", "token.x5c must be true or false", "Write true or false."),
    (
        {"server__request_deadline": "15s"},
        "13:21",
        "server.request_deadline: must be from 500ms to 14s",
        "docker gives up",
    ),
    ({"server__listen": "5001"}, "13:11", "server.listen: '5001' has no port from 0 to 65535", "0.0.0.0:5001"),
    ({"server__listen": ":5001"}, "13:11", "server.listen: ':5001' has no address before the port", "0.0.0.0:5001"),
    ({"server__listen": "::1:5001"}, "13:11", "server.listen: '::1:5001' has no address before the port", "[::]:5001"),
    ({"server__listen": "[x]:1"}, "13:11", "server.listen: '[x]:1' has no address before the port", "[::]:5001"),
    ({"server__listen": "a:70000"}, "13:11", "server.listen: 'a:70000' has no port from 0 to 65535", "a port"),
    ({"server__listen": "unix:x"}, "13:11", "server.listen: 'unix:x' names no absolute path", "unix:/run/bridge.sock"),
    ({"server__listen": 5001}, "13:11", "server.listen: is not an address to listen on", "0.0.0.0:5001"),
    (
        {"server__listen": "127.0.0.1:1", "server__admin_listen": "127.0.0.1:1"},
        "14:17",
        "server.admin_listen is server.listen too: 127.0.0.1:1",
        "Give it a port of its own.",
    ),
    ({"server__tls__certificate": "a"}, "14:5", "the key 'server.tls.key' is missing", "Add 'key' here."),
    (
        {"server__trusted_proxies": ["0.0.0.0/0"]},
        "13:21",
        "server.trusted_proxies.0: 0.0.0.0/0 trusts everyone",
        "alone",
    ),
    ({"server__trusted_proxies": ["x"]}, "13:21", "server.trusted_proxies.0: 'x' is no network", "10.20.0.0/16"),
    (
        {"server__trusted_proxies": ["10.0.0.1/8"]},
        "13:21",
        "server.trusted_proxies.0: '10.0.0.1/8' has bits set behind the prefix",
        "10.0.0.0/8",
    ),
    ({"directory__kind": "novell"}, "6:9", "directory.kind has an unknown value", "'freeipa' or '389ds'"),
    (
        {"directory__domain": "corp.example.com"},
        "11:11",
        "both directory.servers and directory.domain are set",
        "Keep one: the servers by name, or found by DNS.",
    ),
    (
        {"directory__servers": ABSENT},
        "6:3",
        "the key 'directory.servers' is missing",
        "Add 'servers', or 'domain' to find them by DNS.",
    ),
    ({"directory__site": "Bonn"}, "11:9", "directory.site is of use with directory.domain only", "Remove it."),
    (
        {
            "directory__servers": ABSENT,
            "directory__domain": "corp.example.com",
            "directory__tls__allow_plaintext": True,
        },
        "12:22",
        "directory.tls.allow_plaintext cannot be used with directory.domain: DNS may be forged, certificates not",
        "Remove it, or list directory.servers.",
    ),
    *(
        (
            {"directory__servers": ABSENT, "directory__domain": value},
            "10:11",
            "directory.domain: is no DNS domain",
            "Write it as in corp.example.com.",
        )
        for value in ("corp", "corp..example", ".corp.example", "ldaps://corp.example", "corp.example/", 7, "a b.c", "")
    ),
    (
        {"directory__servers": ABSENT, "directory__domain": "corp.example.com", "directory__site": "a.b"},
        "11:9",
        "directory.site: is no name of a site",
        "Write it as Active Directory Sites and Services shows it",
    ),
    (
        {"directory__bind_dn": ABSENT},
        "9:23",
        "directory.bind_password_file is set without directory.bind_dn",
        "Add bind_dn; or remove the password to sign in by directory.tls.certificate.",
    ),
    (
        {"directory__bind_dn": ABSENT, "directory__bind_password_file": ABSENT},
        "6:3",
        "the key 'directory.bind_dn' is missing",
        "Add 'bind_dn' and its password, or directory.tls.certificate and key to sign in by a certificate.",
    ),
    (
        {
            "directory__bind_dn": ABSENT,
            "directory__bind_password_file": ABSENT,
            "directory__servers": ["ldap://a"],
            "directory__tls__allow_plaintext": True,
            "directory__tls__certificate": "c.pem",
            "directory__tls__key": "c.key",
        },
        "7:13",
        "the bridge cannot show its certificate to ldap://a without TLS",
        "Write ldaps://, or set directory.tls.start_tls: true; or add bind_dn and its password.",
    ),
    ({"directory__servers": []}, "7:12", "directory.servers is empty", "List at least one."),
    (
        {"directory__servers": ["http://x"]},
        "7:13",
        "directory.servers.0: ",
        "Write it as in ldaps://dc1.corp.example.com.",
    ),
    ({"directory__servers": [7]}, "7:13", "directory.servers.0: is not a server's address", "ldaps://"),
    (
        {"directory__servers": ["ldaps://a", "ldaps://a:636"]},
        "7:26",
        "directory.servers lists ldaps://a twice",
        "Remove one of them.",
    ),
    (
        {"directory__servers": ["ldaps://a", "ldap://b"]},
        "7:26",
        "passwords would go to ldap://b in plain text",
        "Write ldaps://, or set directory.tls.start_tls: true.",
    ),
    (
        {"directory__servers": ["ldaps://a"], "directory__tls__start_tls": True},
        "7:13",
        "ldaps://a speaks TLS from the first byte, so directory.tls.start_tls cannot be used with it",
        "Remove start_tls, or write ldap:// for the servers that are to be turned into TLS.",
    ),
    (
        {"directory__base": "corp.example.com"},
        "8:9",
        "directory.base: is no distinguished name: at character 1, an attribute and '=' must stand here, as in",
        "Write it as in OU=People,DC=corp,DC=example,DC=com; a comma within a name is written \\,",
    ),
    ({"directory__base": ""}, "8:9", "directory.base: must be a distinguished name", "DC=corp,DC=example,DC=com"),
    ({"directory__bind_dn": ""}, "9:12", "directory.bind_dn: must be a distinguished name", "DC=corp"),
    (
        {"directory__bind_dn": "svc"},
        "9:12",
        "directory.bind_dn: is no distinguished name: at character 1, ",
        "OU=People",
    ),
    (
        {"directory__users__base": "DC=x,DC"},
        "12:11",
        "directory.users.base: is no distinguished name: at character 6",
        "",
    ),
    (
        {"directory__kind": "openldap", "directory__bind_dn": "svc@corp.example.com"},
        "9:12",
        "OpenLDAP does not know 'svc@corp.example.com' as a bind name",
        "Write the account's DN",
    ),
    (
        {"directory__bind_password_file": ABSENT},
        "9:12",
        "directory.bind_dn has no password",
        "Add directory.bind_password_file, or set the environment variable LTB_DIRECTORY__BIND_PASSWORD.",
    ),
    (
        {"directory__bind_password": "hunter2"},
        "11:18",
        "both directory.bind_password and directory.bind_password_file are set",
        "Keep one of them; bind_password_file stands at FOLDER/bridge.yaml:10:23.",
    ),
    (
        {"directory__bind_password_file": "nowhere"},
        "10:23",
        "directory.bind_password_file: FOLDER/nowhere cannot be read: no such file or directory",
        "Check the path and the file's permissions; a relative path starts at the settings file.",
    ),
    (
        {"directory__bind_password_file": "empty"},
        "10:23",
        "directory.bind_password_file: FOLDER/empty is empty",
        "Write the password into it.",
    ),
    (
        {"directory__bind_password_file": 7},
        "10:23",
        "directory.bind_password_file: is not a path",
        "relative to this one",
    ),
    (
        {"directory__users__login": ["sAM AccountName"]},
        "12:13",
        "directory.users.login.0: is no attribute's name",
        "hyphens",
    ),
    ({"directory__users__login": []}, "12:12", "directory.users.login is empty", "List at least one."),
    ({"directory__users__account": "uid="}, "12:14", "directory.users.account: is no attribute's name", "letters"),
    (
        {"directory__users__filter": "(uid=x"},
        "12:13",
        "directory.users.filter: is no LDAP filter: ",
        "(objectClass=person)",
    ),
    (
        {"directory__users__filter": 7},
        "12:13",
        "directory.users.filter: must be an LDAP filter",
        "(objectClass=person)",
    ),
    (
        {"directory__groups__strategy": "memberof"},
        "12:15",
        "directory.groups.strategy has an unknown value",
        "'token-groups'",
    ),
    (
        {"directory__kind": "openldap", "directory__groups__strategy": "token-groups"},
        "12:15",
        "directory.groups.strategy: only Active Directory has token-groups; directory.kind is openldap",
        "Write auto, member-of, member or posix.",
    ),
    (
        {"directory__groups__max_depth": 0},
        "12:16",
        "directory.groups.max_depth: must be a whole number from 1 to 100",
        "bounds",
    ),
    (
        {"directory__groups__max_depth": True},
        "12:16",
        "directory.groups.max_depth: must be a whole number from 1 to 100",
        "",
    ),
    (
        {"directory__tls__minimum": "1.1"},
        "12:14",
        "directory.tls.minimum: is no version of TLS that is spoken here",
        '"1.2"',
    ),
    (
        {"directory__tls__certificate": "x.pem"},
        "12:18",
        "directory.tls.certificate needs directory.tls.key beside it",
        "Add key, or remove certificate.",
    ),
    (
        {"directory__tls__key": "x.key"},
        "12:10",
        "directory.tls.key needs directory.tls.certificate beside it",
        "Add certificate, or remove key.",
    ),
    (
        {"directory__timeouts__operation": "9s"},
        "12:16",
        "directory.timeouts.operation is longer than server.request_deadline: 9s",
        "Write at most 8s, or raise the deadline; with several servers leave time to try the next.",
    ),
    (
        {"server__request_deadline": "1s"},
        "13:21",
        "directory.timeouts.operation is longer than server.request_deadline: 2s",
        "Write at most 1s, or raise the deadline; with several servers leave time to try the next.",
    ),
    ({"directory__timeouts__connect": "0s"}, "12:14", "directory.timeouts.connect: must be from 50ms to 14s", "Write"),
    ({"policy": 7}, "11:9", "policy.path: is not a path", "Write the path of a file"),
    ({"policy": {"path": ""}}, "12:9", "policy.path: is not a path", "Write the path of a file"),
    ({"messages__locked": "x"}, "13:3", "unknown key 'locked'", "account-locked"),
    ({"messages__account-locked": ""}, "13:19", "messages.account-locked: must be text", "remove the key"),
    (
        {"messages__account-locked": "x" * 2001},
        "13:19",
        "messages.account-locked: is longer than 2000 characters",
        "a sentence",
    ),
    (
        {"messages__account-locked": "\u001b[2J"},
        "13:19",
        "messages.account-locked: holds a control character",
        "Use letters",
    ),
    ({"cache__groups": "5"}, "13:11", "cache.groups: is not a duration", "Write a number and a unit"),
    ({"cache__max_accounts": 0}, "13:17", "cache.max_accounts: must be a whole number from 1 to 10000000", "bounds"),
    ({"cache__stale_if_down": "2d"}, "13:18", "cache.stale_if_down: must be from 1s to 1d", "Write a duration"),
    ({"tracing__otlp_endpoint": "collector:4317"}, "13:18", "tracing.otlp_endpoint: is no address", "4318"),
    (
        {"tracing__otlp_endpoint": "http://me:it@x"},
        "13:18",
        "tracing.otlp_endpoint: has more than host",
        "OTEL_EXPORTER_OTLP_HEADERS",
    ),
    ({"cache__shared": "redis://x"}, "13:11", "cache.shared needs cache.shared_key_file", "openssl rand -hex 32"),
    ({"cache__shared": "http://x"}, "13:11", "cache.shared: does not begin with redis://", "Write it as in redis://"),
    ({"cache__shared": "redis://a,b"}, "13:11", "cache.shared: names several hosts", "Write it as in redis://"),
    ({"cache__shared": "redis+sentinel://a"}, "13:11", "cache.shared: does not say, after a slash", "Write it as in"),
    ({"cache__shared_timeout": "2s"}, "13:19", "cache.shared_timeout: must be from 5ms to 1s", "Write a duration"),
    (
        {"token__refresh": {"enabled": True}},
        "6:14",
        "token.refresh.enabled needs token.refresh.key_file",
        "keys refresh-key",
    ),
    (
        {"token__refresh": {"lifetime": "400d"}},
        "6:15",
        "token.refresh.lifetime: must be from 1h to 365d",
        "Write a duration",
    ),
    ({"token__issued_at": "now"}, "5:14", "token.issued_at must be true or false", "Write true or false"),
    ({"token__ed25519": 1}, "5:12", "token.ed25519 must be true or false", "Write true or false"),
    ({"guard": {"x": 1}}, "13:3", "unknown key 'x'", ""),
    *(
        ({"guard": {"account_failures": value}}, "13:21", f"guard.account_failures: {what}", "as in 3 per 15m, or off")
        for value, what in (
            (3, "is not a number of failures in a time"),
            ("3/15m", "is not a number of failures in a time"),
            ("3 per", "is not a number of failures in a time"),
            ("-1 per 1m", "is not a number of failures in a time"),
            ("0 per 15m", "must allow from 1 to 1000000 failures"),
            ("3 per 0s", "must be in whole seconds, for 1s to 1d"),
            ("3 per 1500ms", "must be in whole seconds, for 1s to 1d"),
            ("3 per 2d", "must be in whole seconds, for 1s to 1d"),
        )
    ),
    (
        {"guard": {"address_failures": "100 per minute"}},
        "13:21",
        "guard.address_failures: is not a duration",
        "Write a number and a unit",
    ),
    ({"policy": {"path": "p.yaml", "shadow": "p.yaml"}}, "13:11", "policy.shadow is policy.path too", "may come next"),
    ({"policy": {"path": "p.yaml", "poll": "1ms"}}, "13:9", "policy.poll: must be from 500ms to 1h", "500ms to 1h"),
    ({"policy": {"path": "p.yaml", "poll": "1d"}}, "13:9", "policy.poll: must be from 500ms to 1h", "500ms to 1h"),
    ({"logging__level": "loud"}, "13:10", "logging.level has an unknown value", "Write one of: 'debug', 'info'"),
    ({"server": "x"}, "12:9", "server must be a mapping of keys to values", "Write a mapping of keys to values."),
]


@pytest.mark.parametrize(
    ("changes", "where", "what", "remedy"), MISTAKES, ids=[str(entry[0])[:60] for entry in MISTAKES]
)
def test_one_mistake_is_one_problem(
    tmp_path: Path, changes: dict[str, Any], where: str, what: str, remedy: str
) -> None:
    """What, where, and how to mend it; nothing more is said that follows from the same mistake."""
    (tmp_path / "empty").write_bytes(b"\n")
    (tmp_path / "utf-16").write_bytes("secret".encode("utf-16"))
    path = write_settings(tmp_path, **changes)
    with pytest.raises(Misconfigured) as caught:
        load_settings(path, {})
    (problem,) = caught.value.problems
    assert problem.what.startswith(what.replace("FOLDER", str(tmp_path)))
    assert str(problem.where) == f"{path}:{where}"
    assert remedy.replace("FOLDER", str(tmp_path)) in problem.remedy
    assert problem.remedy
