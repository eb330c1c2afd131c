"""The whole file, and the sections of few keys."""

from typing import Annotated, Literal

from ldap_token_bridge.settings.types import Collector, FailureBudget, span_or_off
from ldap_token_bridge.yamlfile import FilePath, Model

from .cache import Cache
from .directory import Directory
from .messages import Messages
from .server import Server
from .setting import setting
from .token import Token
from .workloads import WorkloadIssuer


class Policy(Model):
    """`policy`, also written as the path alone."""

    path: FilePath = setting("The policy file, or a folder whose `*.yaml` are joined.", example="policy.yaml")
    shadow: FilePath | None = setting(
        "A policy that is evaluated beside the one in force and decides nothing: differences are counted and audited.",
        None,
        example="next.yaml",
    )
    poll: Annotated[float, *span_or_off(0.5, 3600)] = setting(
        "How often policy, keys and the certificate of `server.tls` are looked at, and taken up when their content has"
        " changed; from `500ms` to `1h`, or `off`: on SIGHUP alone.",
        "2s",
    )


class Guard(Model):
    """`guard`."""

    account_failures: FailureBudget = setting(
        "How many wrong passwords for one account are passed on to the directory in how long; then one more, then none"
        " for twice the time. Keep it below the threshold at which your directory locks accounts. `off`: all are.",
        "3 per 15m",
    )
    address_failures: FailureBudget = setting(
        "How many logins from one address (IPv6: from one /64) may fail in how long; `off`: any number.", "100 per 1m"
    )


class Logging(Model):
    """`logging`."""

    format: Literal["json", "text"] = setting("`json` for machines, `text` for people.", "json")
    level: Literal["debug", "info", "warning", "error"] = setting("The least level that is logged.", "info")


class Tracing(Model):
    """`tracing`."""

    otlp_endpoint: Collector | None = setting(
        "The OpenTelemetry collector that spans are sent to, by OTLP over HTTP; needs"
        " `pip install '.[otel]'` in a checkout. Default: what `OTEL_EXPORTER_OTLP_ENDPOINT` says, else none.",
        None,
        example="http://127.0.0.1:4318",
    )


class BridgeFile(Model):
    """The whole file."""

    server: Server = setting("Where and how the bridge listens.", {})
    token: Token = setting("The tokens and the keys that sign them.")
    directory: Directory = setting("The directory that people are looked up in.")
    policy: Policy = setting("Who may do what: the path of the policy.")
    robots: FilePath | None = setting("The file of accounts for machines; `robot new` makes it.", None)
    workloads: dict[str, WorkloadIssuer] = setting(
        "Platforms whose jobs or pods log in with a token of that platform, as user `workload+NAME`: GitLab, GitHub,"
        " Kubernetes; see docs/workloads.md.",
        {},
    )
    cache: Cache = setting("What is remembered between requests.", {})
    guard: Guard = setting("How many failed logins are passed on, so that none locks an account.", {})
    messages: Messages = setting("What people see when a login is refused.", {})
    logging: Logging = setting("The log.", {})
    tracing: Tracing = setting("Spans of requests for OpenTelemetry ([operations.md](operations.md#traces)).", {})
