"""The `WWW-Authenticate` header of a 401 (RFC 7617 section 2)."""


def basic_challenge(realm: str) -> str:
    """The value that asks for Basic credentials in UTF-8."""
    escaped = realm.replace("\\", "\\\\").replace('"', '\\"')
    return f'Basic realm="{escaped}", charset="UTF-8"'
