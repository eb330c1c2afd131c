"""HTTP in, HTTP out: a request becomes a TokenRequest, an outcome or an error becomes an answer.

Owns aiohttp, the texts that people see and the table from errors to answers. Decides nothing about people or rights.
"""

from .admin import admin_app
from .messages import DEFAULT_MESSAGES, messages_with
from .public import TOKEN_PATHS, public_app, token_handlers
from .server import Listener, ServerTls
from .token_endpoint import EndpointOptions, TokenEndpoint

__all__ = [
    "DEFAULT_MESSAGES",
    "TOKEN_PATHS",
    "EndpointOptions",
    "Listener",
    "ServerTls",
    "TokenEndpoint",
    "admin_app",
    "messages_with",
    "public_app",
    "token_handlers",
]
