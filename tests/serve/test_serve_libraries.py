"""How `serve` loads its libraries: ldap_token_bridge/serve/libraries.py."""

import os
import subprocess
import sys

import pytest

from tests.support.certificates import Authority

PROGRAM = """
import os, ssl
import ldap_token_bridge.cli.serve
import aiohttp.connector, frozenlist, pydantic.plugin._loader
contexts = [value for value in vars(aiohttp.connector).values() if isinstance(value, ssl.SSLContext)]
print(len(contexts) > 0, sum(len(context.get_ca_certs()) for context in contexts))
print(frozenlist.FrozenList is frozenlist.PyFrozenList, list(pydantic.plugin._loader.get_plugins()))
print(os.environ.get("SSL_CERT_FILE"))
print(len(ssl.create_default_context().get_ca_certs()))
"""


@pytest.mark.parametrize("names_authorities", [True, False])
def test_no_authorities_no_plugins_no_library_of_cpp(authority: Authority, *, names_authorities: bool) -> None:
    """Who uses aiohttp's default by mistake trusts nobody; everything else keeps the system's authorities."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("SSL_CERT", "PYDANTIC_"))}
    if names_authorities:
        environment["SSL_CERT_FILE"] = str(authority.ca_file)
    run = subprocess.run(
        [sys.executable, "-c", PROGRAM], env=environment, capture_output=True, text=True, check=True, timeout=60
    )
    authorities, others, variable, known = run.stdout.splitlines()
    assert authorities == "True 0"
    assert others == "True []"
    assert variable == str(environment.get("SSL_CERT_FILE"))
    assert known == "1" or not names_authorities
