"""The demo's own client: asks for tokens and presents them, over real sockets, as docker does."""

import base64
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import field
from typing import Any

import aiohttp

from ldap_token_bridge.errors import Unavailable
from ldap_token_bridge.values import dataclass

from .home import SERVICE


@dataclass(frozen=True, slots=True)
class TokenAnswer:
    """What the token endpoint answered: a token, or the message that docker would show."""

    status: int
    message: str = ""
    token: str = field(default="", repr=False)

    @property
    def header(self) -> Mapping[str, Any]:
        """The token's header, empty without a token."""
        return _part(self.token, 0)

    @property
    def claims(self) -> Mapping[str, Any]:
        """The token's claims, empty without a token."""
        return _part(self.token, 1)

    @property
    def granted(self) -> tuple[str, ...]:
        """The token's access as scopes: `repository:team-a/app:pull,push`."""
        access = self.claims.get("access") or ()
        return tuple(f"{entry['type']}:{entry['name']}:{','.join(entry['actions'])}" for entry in access)


class Client:
    """One client of the bridge and the registry."""

    def __init__(self, session: aiohttp.ClientSession, token_url: str) -> None:
        self._session = session
        self._token_url = token_url

    async def ask(self, user: str = "", password: str = "", scope: str = "") -> TokenAnswer:
        """A token request as docker sends it; anonymous without a user."""
        query = {"service": SERVICE, **({"scope": scope} if scope else {}), **({"account": user} if user else {})}
        headers = {"Authorization": f"Basic {_basic(user, password)}"} if user else {}
        async with self._request("GET", self._token_url, params=query, headers=headers) as answer:
            try:
                body = json.loads(await answer.read())
                if answer.ok:
                    return TokenAnswer(answer.status, token=str(body["token"]))
                return TokenAnswer(answer.status, message=str(body["errors"][0]["message"]))
            except (ValueError, KeyError, IndexError, TypeError):
                raise Unavailable(f"the bridge gave an answer ({answer.status}) that no client can read") from None

    async def present(self, method: str, url: str, token: str = "") -> int:
        """The status with which a registry answers a request that carries this token."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        async with self._request(method, url, headers=headers) as answer:
            return answer.status

    @asynccontextmanager
    async def _request(self, method: str, url: str, **options: Any) -> AsyncIterator[aiohttp.ClientResponse]:
        try:
            async with self._session.request(method, url, **options) as answer:
                yield answer
        except (aiohttp.ClientError, TimeoutError) as error:
            raise Unavailable(f"{method} {url} failed: {type(error).__name__}") from None


def _basic(user: str, password: str) -> str:
    return base64.b64encode(f"{user}:{password}".encode()).decode("ascii")  # RFC 7617 section 2


def _part(token: str, number: int) -> Mapping[str, Any]:
    if not token:
        return {}
    text = token.split(".")[number]
    part: Mapping[str, Any] = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    return part
