"""Memory of a function's process: its peak, measured by the kernel, for REPORT and for the limit.

Lambda bounds an environment by a cgroup, which takes rights that a developer's machine does not give. The process's
own high-water mark of resident memory tells nearly the same: it counts the program's pages in memory, not address
space (Node reserves gigabytes of that), and it misses no peak between two looks. Not counted is what the programs
use that a function starts.
"""

import os
from math import ceil

MEGABYTE = 1_048_576
LOOK_EVERY = 0.1
"""Seconds between two looks at a running function, so that one that grows without end is stopped early."""

_LONGEST_STATUS = 4096


def most_memory(pid: int) -> int:
    """Bytes of resident memory that the process had at its peak; 0 where no /proc tells, or when it has ended."""
    try:
        status = os.open(f"/proc/{pid}/status", os.O_RDONLY)
    except OSError:
        return 0  # not Linux, or the process has been reaped: what was measured before holds
    try:
        _, found, rest = os.read(status, _LONGEST_STATUS).partition(b"VmHWM:")
    except ProcessLookupError:
        return 0  # it ended between the two calls
    finally:
        os.close(status)
    return int(rest.split(maxsplit=1)[0]) * 1024 if found else 0


def megabytes_used(most: int, memory_size: int) -> int:
    """What REPORT calls Max Memory Used: whole megabytes, no more than there are."""
    return min(ceil(most / MEGABYTE), memory_size)
