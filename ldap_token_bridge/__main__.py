"""`python -m ldap_token_bridge`, the same as the command `ldap-token-bridge`."""

from .cli import main

main()
