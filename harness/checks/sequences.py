"""Sequences of messages: which of them arrived after one of the same channel that was published later."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from harness.record.observation import EventPublished, MessageReceived

Arrived: TypeAlias = tuple[EventPublished, MessageReceived]
Overtaken: TypeAlias = tuple[Arrived, Arrived]
"""What arrived too early, and then what arrived after it although it was published before it."""

_MOST = 10_000
"""Overtaken messages that are kept; all are counted."""


@dataclass(slots=True)
class Sequences:
    """The messages of each channel at each client: of each the newest that has arrived, and what came after it.

    Events whose id was published more than once are left out: nobody can tell which of them arrived.
    """

    published: Sequence[EventPublished]
    messages: int = 0
    out_of_order: int = 0
    overtaken: list[Overtaken] = field(default_factory=list)
    _newest: dict[tuple[str, str], Arrived] = field(default_factory=dict)
    _repeated: frozenset[str] = field(init=False)

    def __post_init__(self) -> None:
        times = Counter(one.event for one in self.published)
        self._repeated = frozenset(event for event, number in times.items() if number > 1)

    @property
    def streams(self) -> int:
        """How many there are, one a client and channel."""
        return len(self._newest)

    def take(self, event: int, message: MessageReceived) -> None:
        """The first arrival of an event at a client; in the order of arrival."""
        published = self.published[event]
        if self._repeated is None:
            times = Counter(one.event for one in self.published)
            self._repeated = frozenset(name for name, number in times.items() if number > 1)
        if published.event in self._repeated:
            return
        for channel in published.channels:
            self._next((message.client, channel), (published, message))

    def _next(self, stream: tuple[str, str], arrived: Arrived) -> None:
        self.messages += 1
        newest = self._newest.get(stream)
        if newest is None or arrived[0].at >= newest[0].at:
            self._newest[stream] = arrived
            return
        self.out_of_order += 1
        if len(self.overtaken) < _MOST:
            self.overtaken.append((newest, arrived))
