"""What a question is about: a repository, the catalog, or a scope as clients send it."""

from collections.abc import Sequence

from ldap_token_bridge.errors import Misconfigured
from ldap_token_bridge.policy import ACTIONS
from ldap_token_bridge.registry import CATALOG, Access, host_of, is_repository_name, parse_scopes

_TYPE = "repository:"


def parse(scopes: Sequence[str]) -> tuple[Access, ...]:
    """The scopes, one access a resource; raises Misconfigured for what serve would pass over in silence."""
    texts = [_spelled(text) for text in scopes]
    for given, text in zip(scopes, texts, strict=True):
        found = parse_scopes([text])
        asked = set(text.rpartition(":")[2].split(","))
        if len(found) != 1 or set(found[0].actions) != asked or not is_lower(text):
            remedy = f"The form is repository:NAME:ACTIONS, in lower case, without host and tag: {_meant(given)}."
            remedy += f" Or write the repository alone, or {CATALOG}."
            raise Misconfigured.one(f"{given!r} is no scope that a token can be given for", remedy=remedy)
        if given != text and (host := host_of(given)):
            what = f"{given!r} begins with a host: a registry names its repositories without its own"
            remedy = f"Leave it out: {given.removeprefix(f'{host}/')}. Where it is a part of the name, write {text}"
            raise Misconfigured.one(what, remedy=remedy)
    return parse_scopes(texts)


def is_lower(name: str) -> bool:
    """Whether it is in lower case, as all that a policy says of repositories; registries take another in a host."""
    return name == name.lower()


def _spelled(text: str) -> str:
    """A scope in full."""
    if text == CATALOG:
        return f"registry:{CATALOG}:*"
    return f"{_TYPE}{text}:{','.join(ACTIONS)}" if is_repository_name(text) else text


def _meant(text: str) -> str:
    """The scope of someone who gave the name of an image; one that shows the form, if that leads nowhere."""
    text = text.removeprefix(_TYPE)
    image = text.removeprefix(f"{host_of(text)}/").partition("@")[0].lower()
    name, _, end = image.partition(":")
    actions = end if set(end.split(",")) <= set(ACTIONS) else "pull,push"
    return f"{_TYPE}{name if is_repository_name(name) else 'team-a/app'}:{actions}"
