"""Received: how often each client got each event, kept small however many messages there were.

An event that everybody who must have it has got once shares one set of clients with all others like it, so that
memory grows with clients, and with events that are not through yet.
"""

from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass, field
from typing import TypeAlias

from harness.checks.expected import Expected

_Levels: TypeAlias = list[Set[str]]
"""Who got an event at least once, at least twice, and so on."""


@dataclass(slots=True)
class Received:
    """How often each client got each event; `spoilt` is who got only something that the event had been made into."""

    expected: Sequence[Expected]
    _levels: dict[int, _Levels] = field(default_factory=dict)
    _spoilt: dict[int, Set[str]] = field(default_factory=dict)

    def has(self, event: int, client: str) -> bool:
        """Whether the client got the event itself."""
        levels = self._levels.get(event)
        return levels is not None and client in levels[0]

    def is_missing(self, event: int, client: str) -> bool:
        """Whether the client got nothing of the event so far."""
        return not self.has(event, client) and client not in self._spoilt.get(event, ())

    def add(self, event: int, client: str) -> None:
        """The client got the event, once more or for the first time."""
        levels = self._levels.setdefault(event, [])
        number = next((n for n, level in enumerate(levels) if client not in level), len(levels))
        if number == len(levels):
            levels.append(set())
        levels[number] = _with(levels[number], client, self.expected[event].must)

    def spoil(self, event: int, client: str) -> None:
        """The client got what the event had been made into."""
        if self.is_missing(event, client):
            self._spoilt[event] = _with(self._spoilt.get(event, set()), client, self.expected[event].must)

    def missing(self, event: int) -> Set[str]:
        """Who must have the event and got nothing of it."""
        must = self.expected[event].must
        levels = self._levels.get(event)
        if levels is not None and levels[0] is must:
            return frozenset()
        got = levels[0] if levels is not None else frozenset()
        return must - got - self._spoilt.get(event, frozenset())

    def more_than(self, event: int, times: float) -> Iterator[tuple[str, int]]:
        """Who got the event more often than that, and how often."""
        levels = self._levels.get(event, [])
        if len(levels) > times:
            for client in levels[int(times)]:
                yield client, sum(client in level for level in levels)


def _with(clients: Set[str], client: str, everybody: frozenset[str]) -> Set[str]:
    """The clients and this one; the shared set where that makes `everybody`. `clients` may be changed."""
    grown: Set[str] = clients if isinstance(clients, set) else set(clients)
    assert isinstance(grown, set)
    grown.add(client)
    return everybody if len(grown) == len(everybody) and grown == everybody else grown
