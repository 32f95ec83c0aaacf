"""Errors besides those of the system under test, and the exit code that each kind gives.

A peer's mistake is data (a close code, a 4xx answer, a function error) and never one of these.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from enum import IntEnum
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


class ExitCode(IntEnum):
    """The process exit codes of every `harness` command."""

    PASS = 0
    FAIL = 1
    USAGE = 2
    UNKNOWN = 3
    BROKEN = 4


class HarnessError(Exception):
    """An error that a person can act on: each of its reasons says where and what to do, the message is all."""

    exit_code = ExitCode.BROKEN

    def __init__(self, *reasons: str) -> None:
        super().__init__("\n".join(reasons))
        self.reasons = reasons


class UsageError(HarnessError):
    """What the user gave us is wrong: a file, an option, a name."""

    exit_code = ExitCode.USAGE


class BackendError(HarnessError):
    """The harness or the system it runs on broke: a port is taken, a process ended, AWS refused."""


class DeploymentFailed(HarnessError):
    """The code under test cannot even start: a handler that does not import, say. It fails, not the harness.

    `functions` are the names, in the stack's file, of those that do not start, in the order of the reasons.
    """

    exit_code = ExitCode.FAIL

    def __init__(self, *reasons: str, functions: Sequence[str] = ()) -> None:
        super().__init__(*reasons)
        self.functions = tuple(functions)


class Mistakes:
    """Mistakes of several files, to be told at once."""

    def __init__(self) -> None:
        self.told: list[str] = []

    def noted(self, read: Callable[P, T], *arguments: P.args, **options: P.kwargs) -> T | None:
        """What `read` returns; None when it raises UsageError, whose reasons are kept."""
        try:
            return read(*arguments, **options)
        except UsageError as error:
            self.told.extend(error.reasons)
            return None

    def refuse(self) -> None:
        """Raises one UsageError for all that was noted, if anything was."""
        if self.told:
            raise UsageError(*dict.fromkeys(self.told))


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
