"""Observations of a running emulator, read from its page."""

from typing import TypeVar

import urllib3

from harness.record.lines import LineReader, header
from harness.record.observation import Observation

Kind = TypeVar("Kind", bound=Observation)


def observations_in(lines: bytes) -> list[Observation]:
    """What the lines of a page hold."""
    reader = LineReader(header())
    read = [reader.read(line) for line in lines.splitlines()]
    return [one[1] for one in read if one is not None]


class Observed:
    """What the emulator at this endpoint has seen since `forget`, from its beginning on at first."""

    def __init__(self, endpoint: str) -> None:
        self._endpoint, self._since = endpoint, 0

    def forget(self) -> None:
        """Leaves out what was seen until now."""
        self._since = self._read()[1]

    def of(self, kind: type[Kind]) -> list[Kind]:
        """The observations of one kind, in the order in which they were noted."""
        return [one for one in self._read()[0] if isinstance(one, kind)]

    def _read(self) -> tuple[list[Observation], int]:
        seen: list[Observation] = []
        since, more = self._since, True
        while more:
            page = urllib3.request("GET", f"{self._endpoint}/_harness/observations?since={since}")
            since, more = int(page.headers["x-harness-next"]), page.headers["x-harness-more"] == "yes"
            seen += observations_in(page.data)
        return seen, since
