"""Log lines of functions, as they are shown to a person, and to a program."""

import json
from dataclasses import asdict, dataclass

from harness.reports.plain import escaped, plain

SHORT = 8
"""Digits shown of a request id on a terminal; `--request` takes them as they are."""


@dataclass(frozen=True, slots=True)
class LogEntry:
    """One line of a function's log; `at` in seconds, from whatever the log counts from.

    `request` is None for what no invocation wrote: the output of INIT, say.
    """

    at: float
    function: str
    request: str | None
    line: str


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which lines: of one function, of one invocation (the beginning of its request id will do), or all.

    A function goes by its name in AWS, `dex-fan_out`, or by that in stack.yaml, `fan_out`.
    """

    function: str = ""
    request: str = ""

    def takes(self, entry: LogEntry) -> bool:
        """Whether the line is wanted."""
        return self.takes_function(entry.function) and (entry.request or "").startswith(self.request)

    def takes_function(self, name: str) -> bool:
        """Whether the function's lines are wanted."""
        return self.function in ("", name) or name.endswith(f"-{self.function}")


def as_text(entry: LogEntry, *, when: str, digits: int | None = SHORT) -> str:
    """`+1.203 s  dex-fan_out  3f2b8c1e  text`; the further lines of one log event are indented.

    Of a request id `digits` are shown, all of them with None.
    """
    first, *rest = plain(entry.line.rstrip("\n")).split("\n")
    request = "-" if entry.request is None else plain(entry.request)[:digits]
    return "\n    ".join([f"{when}  {plain(entry.function)}  {request:<{digits or 0}}  {first}", *rest])


def as_json(entry: LogEntry, **more: object) -> str:
    """One JSON object on one line."""
    return escaped(json.dumps({**more, **asdict(entry)}, ensure_ascii=False))
