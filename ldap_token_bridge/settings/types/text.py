"""Text: lines, messages, passwords."""

from typing import Annotated, Any

from ldap_token_bridge.identity import Secret
from ldap_token_bridge.yamlfile import checked, parsed, refuse

# What the ldap room sends at most; a longer password makes some servers drop the connection.
MAX_PASSWORD = 1024
LINE_SCHEMA = {"type": "string", "pattern": r"\S"}


def parse_line(value: Any) -> str:
    """Text of one line that is not empty."""
    if not isinstance(value, str) or not value.strip():
        refuse("must be text", "Write a word or a name; put it in quotes if it looks like a number.")
    if value != value.strip() or not value.isprintable():
        refuse("has white space around it or a control character in it", "Remove it.")
    return value


def parse_message(value: Any) -> str:
    """A text that people see in their terminal."""
    longest = 2000
    if not isinstance(value, str) or not value.strip():
        refuse("must be text", "Write what the person can do, or remove the key to keep the built-in text.")
    if len(value) > longest:
        refuse(f"is longer than {longest} characters", "Say it in a sentence or two; link to a page for the rest.")
    if not value.replace("\n", "").isprintable():
        refuse("holds a control character", "Use letters, spaces and line breaks alone.")
    return value


def parse_secret(value: Any) -> Secret:
    """A secret that is not empty."""
    if not isinstance(value, str):
        refuse("must be text", "Put a password that looks like a number in quotes.")
    if not value:
        refuse("is empty", "Write the password; the bridge never signs in without one.")
    if "\0" in value or len(value.encode()) > MAX_PASSWORD:
        refuse(f"is no password: a zero byte, or more than {MAX_PASSWORD} bytes", "Write the password alone.")
    return Secret(value.encode())


Line = Annotated[str, *checked(parse_line, LINE_SCHEMA)]
Message = Annotated[str, *checked(parse_message, LINE_SCHEMA)]
Password = Annotated[Secret, *parsed(parse_secret, LINE_SCHEMA)]
