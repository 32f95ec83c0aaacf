"""Limits of a function's process: as many open files as on Lambda (L-9).

Imports nothing but the standard library: it runs before anything of the function.
"""

import resource

_OPEN_FILES = 1024


def limit_open_files() -> None:
    """From now on this process, and what it becomes or starts, has 1,024 files and sockets, or fewer."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = _OPEN_FILES if hard == resource.RLIM_INFINITY else min(_OPEN_FILES, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
