"""Left-over processes: what functions have started and left running, beside their frozen runtimes or after their end.

They are known by the environment that they inherited, and by their process group. Where there is no /proc, none are.
"""

import os
import select
import signal
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

_GONE_WITHIN = 1.0  # seconds, for a process that was killed


@dataclass(frozen=True, slots=True)
class LeftOver:
    """A process; `runtime` is the process id of the runtime that it belongs to, None when that has ended."""

    pid: int
    runtime: int | None


def left_over(runtimes: Mapping[str, int], *, scratch: Path) -> tuple[LeftOver, ...]:
    """All there are now. `runtimes` holds the runtimes' process ids by the access key ids of their environments.

    `scratch` is the folder that is in the environment of every function of ours, and of nobody else.
    """
    by_key = {key.encode(): pid for key, pid in runtimes.items()}
    own, pids = str(scratch).encode(), frozenset(runtimes.values())
    return tuple(
        LeftOver(process.pid, runtime)
        for process in _processes()
        if process.pid not in pids and (process.group in pids or own in process.environment)
        for runtime in [process.group if process.group in pids else by_key.get(process.access_key_id)]
    )


def end_all(pids: Iterable[int]) -> None:
    """Kills the processes and returns when they have ended; waits, so call it in a thread."""
    watched: list[int] = []
    try:
        for pid in pids:
            with suppress(ProcessLookupError):  # it has ended by itself
                watched.append(os.pidfd_open(pid))
                os.kill(pid, signal.SIGKILL)
        for one in watched:
            select.select([one], [], [], _GONE_WITHIN)
    finally:
        for one in watched:
            os.close(one)


@dataclass(frozen=True, slots=True)
class _Process:
    pid: int
    group: int
    environment: bytes

    @property
    def access_key_id(self) -> bytes:
        found = (one for one in self.environment.split(b"\0") if one.startswith(b"AWS_ACCESS_KEY_ID="))
        return next(found, b"").partition(b"=")[2]


def _processes() -> Iterator[_Process]:
    for folder in Path("/proc").glob("[1-9]*"):
        # It may end while we look, or be somebody else's.
        with suppress(FileNotFoundError, ProcessLookupError, PermissionError):
            state, _, group, *_ = (folder / "stat").read_bytes().rpartition(b")")[2].split()
            if state != b"Z":
                yield _Process(int(folder.name), int(group), (folder / "environ").read_bytes())
