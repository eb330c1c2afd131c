"""What operations are told of the state in force: metrics, the log, and `/readyz?verbose`."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from ldap_token_bridge import __version__
from ldap_token_bridge.checkup import Grade, Item
from ldap_token_bridge.errors import Misconfigured, Problem
from ldap_token_bridge.observe import Metrics, log
from ldap_token_bridge.settings import Settings
from ldap_token_bridge.token_service import Snapshot
from ldap_token_bridge.tokens.certificates import from_pem

from .directory_state import directory_detail
from .files import Files
from .parts import DirectoryParts


class Report:
    """Keeps what was told last, for whoever asks later. `now` gives seconds since 1970."""

    def __init__(self, metrics: Metrics, now: Callable[[], float]) -> None:
        self._metrics = metrics
        self._now = now
        self._last_reload = "none since the start"
        self._shadow_problems: list[str] = []
        self._refresh_problems: list[str] = []

    def in_force(self, settings: Settings, files: Files) -> None:
        """This is what requests are decided by from now on."""
        metrics = self._metrics
        metrics.policy.clear()
        metrics.policy.labels(files.policy.hash).set(1)
        metrics.shadow_policy.clear()
        if files.shadow:
            metrics.shadow_policy.labels(files.shadow.hash).set(1)
        metrics.key_expiry.clear()
        metrics.key_start.clear()
        metrics.key_signs.clear()
        for key in files.keyring.keys:
            metrics.key_expiry.labels(key.kid).set(key.not_after.timestamp())
            metrics.key_start.labels(key.kid).set(key.not_before.timestamp())
            metrics.key_signs.labels(key.kid).set(key is files.keyring.active)
        metrics.last_reload.set(1)
        metrics.last_reload_at.set(self._now())
        for problem in (*settings.warnings, *files.warnings):
            warn(problem)
        metrics.refresh_files_broken.set(bool(files.refresh_problems))
        self._refresh_problems = [str(problem) for problem in files.refresh_problems]
        if self._refresh_problems:
            log().error("refresh tokens go by what was read of their files before", problems=self._refresh_problems)
        metrics.shadow_broken.set(bool(files.shadow_problems))
        self._shadow_problems = [str(problem) for problem in files.shadow_problems]
        if self._shadow_problems:
            log().error("the shadow policy cannot be used; nothing is compared", problems=self._shadow_problems)

    def shows(self, certificate: Path) -> None:
        """The public listener shows the certificate in this file from now on."""
        expiry = self._metrics.server_tls_expiry
        try:
            expiry.labels("server.listen").set(from_pem(certificate.read_bytes())[0].not_valid_after_utc.timestamp())
        except (OSError, ValueError):  # OpenSSL takes more than what can be read here
            expiry.clear()

    def listening(self, files: Files, **addresses: str | bool) -> None:
        """The bridge has started."""
        log().info("listening", version=__version__, **addresses, **_decides_by(files))

    def taken_up(self, files: Files, before: Files, by: str, changed: Sequence[str]) -> None:
        """A reload has brought it in; `by` is `signal` or `content`, `changed` names what is other than `before`."""
        self._metrics.reloads.labels("ok").inc()
        kept = ["; refresh tokens go by what was read before:", *self._refresh_problems]
        self._last_reload = f"taken up at {_timestamp()}" + ("\n".join(kept) if self._refresh_problems else "")
        log().info("reloaded", by=by, changed=changed, **_decides_by(files))
        if before.policy.tests and not files.policy.tests:
            log().warning("the policy has no tests any more", policy=files.policy.hash, before=len(before.policy.tests))

    def refused(self, error: Exception) -> None:
        """A reload has failed, and what was in force stays."""
        problems = _problems_of(error)
        self._metrics.reloads.labels("failed").inc()
        self._metrics.last_reload.set(0)
        self._last_reload = "\n".join([f"refused at {_timestamp()}:", *problems])
        log().error("the reload was refused; what was in force stays", problems=problems)

    def detail(self, settings: Settings, snapshot: Snapshot, parts: DirectoryParts) -> Mapping[str, object]:
        """What `/readyz?verbose` shows."""
        return {
            "version": __version__,
            "policy": {"hash": snapshot.policy.hash, "path": str(settings.policy.path)},
            "shadow": self._shadow(settings, snapshot),
            "keys": [
                {
                    "kid": key.kid,
                    "algorithm": key.alg,
                    "signing": key is snapshot.keyring.active,
                    "not_after": key.not_after.isoformat(),
                }
                for key in snapshot.keyring.keys
            ],
            "last_reload": self._last_reload,
            "directory": directory_detail(parts),
        }

    def _shadow(self, settings: Settings, snapshot: Snapshot) -> dict[str, object] | None:
        path, shadow = settings.policy.shadow, snapshot.shadow
        if path is None:
            return None
        return {"hash": shadow.hash if shadow else "", "path": str(path), "problems": self._shadow_problems}


def warn(problem: Problem) -> None:
    """What works and should be known, as fields that a program can tell apart."""
    log().warning(problem.what, where=str(problem.where or ""), remedy=problem.remedy)


def warn_of(items: Iterable[Item]) -> None:
    """Of those that are findings."""
    for item in items:
        if item.grade is not Grade.FINE:
            warn(item.problem)


def _decides_by(files: Files) -> dict[str, str | int]:
    """What a log line says of the files in force. A policy that was cut short has fewer rules or tests than before."""
    policy = files.policy
    return {
        "policy": policy.hash,
        "rules": len(policy.rules),
        "tests": len(policy.tests),
        "key": files.keyring.active.kid,
    }


def _problems_of(error: Exception) -> list[str]:
    if isinstance(error, Misconfigured):
        return [str(problem) for problem in error.problems]
    if isinstance(error, OSError):
        return [f"{error.filename or 'a file'}: {error.strerror}"]
    return [f"unforeseen: {type(error).__name__}; please report this"]


def _timestamp() -> str:
    return f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
