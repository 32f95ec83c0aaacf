"""Errors besides those of the system under test, and the exit code that each kind gives.

A peer's mistake is data (a close code, a 4xx answer, a function error) and never one of these.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from enum import IntEnum


class ExitCode(IntEnum):
    """The process exit codes of every `harness` command."""

    PASS = 0
    FAIL = 1
    USAGE = 2
    UNKNOWN = 3
    BROKEN = 4


class HarnessError(Exception):
    """An error that a person can act on: the message says where and what to do."""

    exit_code = ExitCode.BROKEN


class UsageError(HarnessError):
    """What the user gave us is wrong: a file, an option, a name."""

    exit_code = ExitCode.USAGE


class BackendError(HarnessError):
    """The harness or the system it runs on broke: a port is taken, a process ended, AWS refused."""


class DeploymentFailed(HarnessError):
    """The code under test cannot even start: a handler that does not import, say. It fails, not the harness."""

    exit_code = ExitCode.FAIL


@contextmanager
def one_error() -> Iterator[None]:
    """Raises the first HarnessError of tasks that failed together, in place of the group that holds it.

    A group that holds anything else goes on as it is: it is a defect of ours, and needs its whole trace.
    """
    try:
        yield
    except BaseExceptionGroup as group:
        ours, others = group.split(HarnessError)
        if ours is None or others is not None:
            raise
        raise _first(ours) from group


def _first(group: BaseExceptionGroup[BaseException]) -> BaseException:
    first = group.exceptions[0]
    return _first(first) if isinstance(first, BaseExceptionGroup) else first
