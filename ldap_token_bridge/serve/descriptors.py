"""How many connections the process can hold: the directory, files and the log need descriptors, too."""

import resource

_RESERVE = 200
_MOST = 20_000


def max_connections() -> int:
    """Raise the soft limit of open files to the hard one, and say how many of them clients may take."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _MOST + _RESERVE if hard == resource.RLIM_INFINITY else min(hard, _MOST + _RESERVE)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    return max(10, wanted - _RESERVE)
