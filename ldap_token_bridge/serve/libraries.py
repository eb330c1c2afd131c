"""Libraries, loaded without what they bring and nothing here uses: 3 MB of every replica, and strangers' code.

Imported before anything that loads them.
"""

import os

# The compiled form brings the library of C++ for a list that is asked a few times a request.
os.environ.setdefault("FROZENLIST_NO_EXTENSIONS", "1")
# Any package that happens to be installed may name itself a plugin, and would see the settings, passwords among them.
os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")


def _load_without_authorities() -> None:
    """By default aiohttp reads the system's authorities, for connections that name none; ours all name theirs."""
    authorities = os.environ.get("SSL_CERT_FILE")
    os.environ["SSL_CERT_FILE"] = os.devnull
    try:
        import aiohttp  # noqa: F401, PLC0415 -- while the variable is set
    finally:
        del os.environ["SSL_CERT_FILE"]
        if authorities is not None:
            os.environ["SSL_CERT_FILE"] = authorities


_load_without_authorities()
