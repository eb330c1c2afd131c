"""The journey of a token request, from what a client sends to a token or a refusal: `service.py` reads like it."""

from .model import Issued, NotIssued, Snapshot, TokenRequest, TokenRules, Way
from .service import MAX_ACCESS, TokenService

__all__ = ["MAX_ACCESS", "Issued", "NotIssued", "Snapshot", "TokenRequest", "TokenRules", "TokenService", "Way"]
