"""HTTP as clients send it, byte for byte: nothing is mended, followed or tried again."""

import base64
import http.client
import json
import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import SplitResult, urlencode, urlsplit

_SECONDS = 30


@dataclass(frozen=True)
class Answer:
    """What came back; header names are lower-case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)

    @property
    def token(self) -> str:
        """The token of a success; a KeyError or ValueError for anything else."""
        return str(self.json["token"])

    @property
    def claims(self) -> dict[str, Any]:
        """The token's claims, not verified."""
        return dict(self._part(1))

    @property
    def header(self) -> dict[str, Any]:
        """The token's header."""
        return dict(self._part(0))

    @property
    def access(self) -> dict[str, list[str]]:
        """What the token grants: actions by name."""
        return {entry["name"]: entry["actions"] for entry in self.claims["access"]}

    @property
    def message(self) -> str:
        """What a person is shown of an error; both shapes must say the same."""
        (error,) = self.json["errors"]
        assert error["message"] == self.json["details"]
        return str(error["message"])

    def _part(self, index: int) -> Any:
        part = self.token.split(".")[index]
        return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


def request(
    url: str,
    *,
    query: Sequence[tuple[str, str]] = (),
    form: Sequence[tuple[str, str]] | bytes | None = None,
    basic: tuple[str, str] | None = None,
    headers: Mapping[str, str] | None = None,
    content_type: str = "application/x-www-form-urlencoded",
    chunked: bool = False,
    method: str | None = None,
) -> Answer:
    """One request on a connection of its own. `form` makes it a POST: fields, or the body's bytes as they are.

    Nobody's certificate is verified: for a client that does, take a real one.
    """
    parts = urlsplit(url)
    target = parts.path + (f"?{urlencode(query)}" if query else f"?{parts.query}" if parts.query else "")
    sent = dict(headers or {})
    if basic:
        sent["Authorization"] = "Basic " + base64.b64encode(":".join(basic).encode()).decode()
    payload = urlencode(form).encode() if isinstance(form, Sequence) and not isinstance(form, bytes) else form
    if payload is not None:
        sent["Content-Type"] = content_type
        if chunked:
            sent["Transfer-Encoding"] = "chunked"
    connection = _connection(parts)
    try:
        # An iterable has no length, which makes http.client send it in chunks.
        data = iter([payload[:7], payload[7:]]) if chunked and payload else payload
        connection.request(method or ("GET" if payload is None else "POST"), target, data, sent, encode_chunked=chunked)
        response = connection.getresponse()
        return Answer(response.status, {name.lower(): value for name, value in response.getheaders()}, response.read())
    finally:
        connection.close()


def _connection(parts: SplitResult) -> http.client.HTTPConnection:
    if parts.scheme != "https":
        return http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=_SECONDS)
    context = ssl._create_unverified_context()  # noqa: S323 -- as a kubelet's probes are
    return http.client.HTTPSConnection(parts.hostname or "", parts.port, timeout=_SECONDS, context=context)
