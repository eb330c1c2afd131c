"""The passwords of the tests, recognisable wherever they turn up, so that a test can prove that none leaks.

Each is made anew for every test run. `leaks` finds them plain and in the forms in which software passes them on:
base64 (at any offset, also as a part of `user:password`), percent-encoded, escaped for JSON, hex, hashed.
"""

import base64
import hashlib
import json
import secrets
from collections.abc import Iterator
from urllib.parse import quote, quote_plus

# What each name's password looks like around its random part; others have the plain form.
_FORMS = {
    "bob": "Canary: bob {core} with spaces",
    "jürgen": "Canary+jürgen&{core}%41 = ü",
}
_PLAIN = "Canary-{core}"
_passwords: dict[str, str] = {}
_watched: dict[str, str] = {}


def password(name: str) -> str:
    """The password of this name in this test run; the same at every call."""
    if name not in _passwords:
        core = secrets.token_hex(10)
        _passwords[name] = _FORMS.get(name, _PLAIN).format(core=core)
        watch(name, _passwords[name])
        watch(f"{name}, the random part", core)
    return _passwords[name]


def watch(name: str, secret: str) -> None:
    """Lets `leaks` look for one more secret, a token or a robot's secret. At least 12 characters, else it is noise."""
    if len(secret) < 12:
        raise ValueError("too short to be told from chance")
    _watched[name] = secret


def leaks(text: str | bytes) -> tuple[str, ...]:
    """The secrets found in the text, each as "NAME as FORM"; empty is what a test wants to see."""
    haystack = text.encode(errors="surrogatepass") if isinstance(text, str) else text
    lowered = haystack.lower()
    return tuple(
        f"{name} as {form}"
        for name, secret in _watched.items()
        for form, needle, any_case in _disguises(secret)
        if needle in (lowered if any_case else haystack)
    )


def _disguises(secret: str) -> Iterator[tuple[str, bytes, bool]]:
    """Name of the form, the bytes to look for, and whether the letters' case is of no account."""
    raw = secret.encode()
    yield "plain text", raw, False
    yield "UTF-16", secret.encode("utf-16-le"), False
    yield "percent-encoded", quote(secret, safe="").encode().lower(), True
    yield "form-encoded", quote_plus(secret).encode().lower(), True
    yield "JSON", json.dumps(secret)[1:-1].encode(), False
    yield "Python's repr", repr(raw)[2:-1].encode(), False
    yield "hex", raw.hex().encode(), True
    for offset in range(3):
        # Base64 works on groups of three bytes: the characters that other bytes have a part in are cut off.
        encoded = base64.b64encode(bytes(offset) + raw)
        first = (0, 2, 3)[offset]
        inner = encoded[first : (offset + len(raw)) * 8 // 6]
        yield "base64", inner, False
        yield "base64url", inner.translate(bytes.maketrans(b"+/", b"-_")), False
    digest = hashlib.sha256(raw).digest()
    yield "SHA-256", digest.hex().encode(), True
    yield "SHA-256 in base64", base64.b64encode(digest).rstrip(b"="), False
