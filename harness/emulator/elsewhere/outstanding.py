"""Outstanding notifications: published messages that have not come back from a topic elsewhere yet.

A notification may come before the answer to its Publish, which is what tells the message's id; so those that come
while a Publish is under way are remembered.
"""

from collections.abc import Iterable
from typing import TypeAlias

Awaited: TypeAlias = tuple[str, str]
"""The token of a subscription and the id of a message."""


class Outstanding:
    """Counts publishes under way, and notifications that are still to come."""

    def __init__(self) -> None:
        self._publishing = 0
        self._early: set[Awaited] = set()
        self._awaited: set[Awaited] = set()

    @property
    def count(self) -> int:
        """How many publishes and notifications are under way."""
        return self._publishing + len(self._awaited)

    def publishing(self) -> None:
        """A Publish has been relayed."""
        self._publishing += 1

    def published(self, awaited: Iterable[Awaited]) -> frozenset[Awaited]:
        """It was answered: these notifications follow it. Returns those that have not come yet."""
        coming = frozenset(awaited) - self._early
        self._awaited |= coming
        self._publishing -= 1
        if self._publishing == 0:
            self._early.clear()
        return coming

    def arrived(self, notification: Awaited) -> None:
        """A notification has come; whether anybody published the message through here does not matter."""
        if notification in self._awaited:
            self._awaited.discard(notification)
        elif self._publishing:
            self._early.add(notification)

    def give_up(self, awaited: Iterable[Awaited]) -> frozenset[Awaited]:
        """Waits for these no longer; returns those that had not come."""
        missing = frozenset(awaited) & self._awaited
        self._awaited -= missing
        return missing

    def give_up_all(self) -> None:
        """Waits for nothing any more: nothing can come."""
        self._awaited.clear()
