"""Logged errors: what functions wrote of errors that they caught themselves, for the reader of a red scenario."""

import re
from collections.abc import Iterator

from harness.record.history import History
from harness.record.observation import FunctionLogged, InvocationEnded

MOST = 5
"""Lines that are given."""

# The level, as both runtimes and most loggers write it, or a traceback or the type of an exception.
_ERROR = re.compile(r"\b(?:ERROR|CRITICAL|FATAL)\b|\bTraceback\b|\b\w*(?:Error|Exception)\b")
_VARYING = re.compile(r"[0-9a-fA-F-]{8,}|\d+|[A-Za-z0-9_-]{14,}=")


def errors_logged(history: History) -> tuple[FunctionLogged, ...]:
    """The first lines that tell of an error, at most `MOST`, each kind of line once.

    Lines are of one kind when they differ in numbers and ids only. Those of invocations that failed are left out:
    the health check tells of them.
    """
    return tuple(line for line, _ in zip(_first_of_each(history), range(MOST), strict=False))


def _first_of_each(history: History) -> Iterator[FunctionLogged]:
    failed = {one.request for one in history.of(InvocationEnded) if one.error is not None}
    told: set[tuple[str, str]] = set()
    for one in history.of(FunctionLogged):
        if one.request in failed or not _ERROR.search(one.line):
            continue
        kind = one.function, _VARYING.sub("", one.line)
        if kind not in told:
            told.add(kind)
            yield one
