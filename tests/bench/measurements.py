"""Everything that is measured, by the names of the lines that come out, in the order of the output."""

from collections.abc import Callable, Iterator

from . import accounts, codec, logins, policies
from .figures import Figure
from .place import Place
from .service import measurements as service

ALONE: dict[tuple[str, ...], Callable[[int], Iterator[Figure]]] = {
    ("message_decode_entry_us",): codec.decode_entry,
    ("filter_fill_us",): codec.fill_filter,
    (*policies.DECIDE, policies.GROWTH): policies.decide,
    (policies.SHADOW,): policies.shadow,
    (policies.LOAD,): policies.load,
    (policies.RELOAD,): policies.reload,
    (policies.DIFF_SMALL,): policies.diff_small,
    (policies.DIFF_LARGE,): policies.diff_large,
    **service.ALONE,
}
"""Needs nothing but a processor; told the number of rounds."""

IN_A_PLACE: dict[tuple[str, ...], Callable[[Place, int], Iterator[Figure]]] = {
    ("directory_login_ratio_ldap3_threads", "directory_login_rate", "directory_login_cpu_us"): logins.plain,
    (
        "directory_login_ldaps_ratio_ldap3_threads",
        "directory_login_ldaps_rate",
        "directory_login_ldaps_cpu_us",
    ): logins.ldaps,
    ("directory_find_us",): accounts.find,
    ("authenticator_cold_login_us",): accounts.cold_login,
    ("authenticator_warm_login_us",): accounts.warm_login,
    **service.IN_A_PLACE,
}
"""Needs the directory."""

NAMES = tuple(name for names in (*ALONE, *IN_A_PLACE) for name in names)
