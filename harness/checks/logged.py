"""Logged errors: what functions wrote of errors that they caught themselves, for the reader of a red scenario."""

import re
from collections.abc import Iterator

from harness.record.history import History
from harness.record.observation import FunctionLogged, InvocationEnded

MOST = 5
"""Lines that are given."""

# The level where a runtime or a logger puts it: first, behind a time and a request id, or as a member of JSON.
_LEVEL = re.compile(
    r"^\s*(?:\S*\d\d:\d\d\S*\s+(?:\S+\s+)?)?\[?(?P<first>[A-Z]{4,8})\b\]?[\s:]"
    r"|^\s*\{.*?\"(?:log)?level\"\s*:\s*\"(?P<member>\w+)\"",
    re.IGNORECASE,
)
_LEVELS = frozenset({"TRACE", "DEBUG", "INFO", "NOTICE", "WARN", "WARNING", "ERROR", "CRITICAL", "FATAL"})
_BAD = frozenset({"ERROR", "CRITICAL", "FATAL"})
# What Node.js and Python warn of: `(node:7) [DEP0040] DeprecationWarning: ...`, `/a/b.py:3: DeprecationWarning: ...`,
# behind whatever the runtime puts before a line.
_WARNING = re.compile(r"(?:^|\s)\(node:\d+\) (?:\[\w+\] )?\w*Warning\b|^\s*\S[^\n:]*:\d+: \w*Warning: ")
# Without a level: a traceback, or the type of an exception.
_ERROR = re.compile(r"\b(?:ERROR|CRITICAL|FATAL)\b|\bTraceback\b|\b\w*(?:Error|Exception)\b")
_VARYING = re.compile(r"[0-9a-fA-F-]{8,}|\d+|[A-Za-z0-9_-]{14,}=")


def errors_logged(history: History) -> tuple[FunctionLogged, ...]:
    """The first lines that tell of an error, at most `MOST`, each kind of line once.

    Lines are of one kind when they differ in numbers and ids only. Those of invocations that failed are left out:
    the health check tells of them.
    """
    return tuple(line for line, _ in zip(_first_of_each(history), range(MOST), strict=False))


def tells_of_an_error(line: str) -> bool:
    """Whether a line of a log does: by its level where it has one, else by an exception; never a warning."""
    if _WARNING.search(line):
        return False
    if (level := _level_of(line)) is not None:
        return level in _BAD
    return _ERROR.search(line) is not None


def without_ids(text: str) -> str:
    """The text without numbers and ids: the same for all that differ in nothing else."""
    return _VARYING.sub("", text)


def _level_of(line: str) -> str | None:
    """The level that a line declares where levels stand; a word within its text is none."""
    match = _LEVEL.search(line)
    level = (match["first"] or match["member"]).upper() if match is not None else ""
    return level if level in _LEVELS else None


def _first_of_each(history: History) -> Iterator[FunctionLogged]:
    failed = {one.request for one in history.each(InvocationEnded) if one.error is not None}
    told: set[tuple[str, str]] = set()
    for one in history.each(FunctionLogged):
        if one.request in failed or not tells_of_an_error(one.line):
            continue
        kind = one.function, without_ids(one.line)
        if kind not in told:
            told.add(kind)
            yield one
