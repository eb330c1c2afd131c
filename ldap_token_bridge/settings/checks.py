"""What no single key can tell: settings that contradict each other, or that are allowed but worth a word."""

from ldap_token_bridge.yamlfile import KeyPath, format_duration

from .directory_checks import check_connection
from .findings import Findings
from .guard_checks import check_guard
from .shared_checks import check_shared
from .strategy_checks import check_strategy
from .workload_checks import check_workloads


def check(found: Findings) -> None:
    """Runs every check between keys."""
    _check_server(found)
    _check_lists(found)
    _check_refresh(found)
    check_connection(found)
    check_strategy(found)
    check_shared(found)
    _check_policy(found)
    check_workloads(found)
    check_guard(found)
    _check_times(found)


def _check_server(found: Findings) -> None:
    server = found.examined.value.server
    listen, admin = ("server", "listen"), ("server", "admin_listen")
    if server.listen == server.admin_listen and (server.listen.path or server.listen.port):
        found.problem(
            admin,
            f"server.admin_listen is server.listen too: {server.listen}",
            "Give it a port of its own.",
            also=(listen,),
        )
    if not server.listen.is_local and server.tls is None and not server.trusted_proxies:
        found.warning(
            listen,
            f"passwords arrive at {server.listen} without TLS",
            "Set server.tls; or end TLS at a proxy, name that in server.trusted_proxies, and let nobody pass it by.",
            also=(("server", "tls"), ("server", "trusted_proxies")),
        )


def _check_lists(found: Findings) -> None:
    file = found.examined.value
    lists: tuple[tuple[KeyPath, tuple[object, ...] | None], ...] = (
        (("token", "services"), file.token.services),
        (("directory", "servers"), file.directory.servers),
        (("directory", "global_catalog"), file.directory.global_catalog),
        (("directory", "users", "login"), file.directory.users.login),
    )
    for path, items in lists:
        name = ".".join(map(str, path))
        if items is not None and not items:
            found.problem(path, f"{name} is empty", "List at least one.")
        for index, item in enumerate(items or ()):
            if items and item in items[:index]:
                found.problem((*path, index), f"{name} lists {item} twice", "Remove one of them.")


def _check_policy(found: Findings) -> None:
    policy, shadow = found.examined.value.policy, ("policy", "shadow")
    if policy.shadow is not None and policy.shadow == policy.path:
        what = f"policy.shadow is policy.path too: {policy.shadow}"
        remedy = "Name the policy that may come next, or remove the key."
        found.problem(shadow, what, remedy, also=(("policy", "path"),))


def _check_refresh(found: Findings) -> None:
    refresh = found.examined.value.token.refresh
    if refresh.enabled and refresh.key_file is None:
        found.problem(
            ("token", "refresh", "enabled"),
            "token.refresh.enabled needs token.refresh.key_file",
            "Write where the key is to be, as in key_file: secrets/refresh-keys, and make it:"
            " ldap-token-bridge keys refresh-key -c bridge.yaml",
        )


def _check_times(found: Findings) -> None:
    file = found.examined.value
    limit, timeouts = file.server.request_deadline, file.directory.timeouts
    name, longest = max(("operation", timeouts.operation), ("connect", timeouts.connect), key=lambda entry: entry[1])
    deadline, path = ("server", "request_deadline"), ("directory", "timeouts", name)
    if longest > limit:
        found.problem(
            path if path in found.document.places else deadline,
            f"directory.timeouts.{name} is longer than server.request_deadline: {format_duration(longest)}",
            f"Write at most {format_duration(limit)}, or raise the deadline;"
            " with several servers leave time to try the next.",
            also=(deadline, path),
        )
