"""The store at an address; redis-py is loaded only where there is one."""

from .address import StoreAddress
from .backend import Backend
from .login import StoreLogin


def open_backend(address: StoreAddress, login: StoreLogin) -> Backend:
    """Connects to nothing yet; raises Misconfigured for a TLS file that cannot be used."""
    from .redis_backend import RedisBackend  # noqa: PLC0415 -- takes a tenth of a second to load

    return RedisBackend(address, login)
