"""Inside of the emulator, as a history shows it: whose connections they were, which invocation did what."""

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from operator import attrgetter

from harness.record.history import History
from harness.record.observation import (
    ConnectionOpened,
    InvocationEnded,
    InvocationStarted,
    ObservationsLost,
)

_BY_TIME = attrgetter("at")


def is_visible(history: History) -> bool:
    """Whether the emulator told what went on inside, and told all of it."""
    told = bool(history.of(ConnectionOpened)) or bool(history.of(InvocationStarted))
    return told and not history.of(ObservationsLost)


@dataclass(frozen=True, slots=True)
class Connections:
    """The gateway's connections by client, each client's in time order, and the client of each connection."""

    by_client: Mapping[str, tuple[ConnectionOpened, ...]]
    clients: Mapping[str, str]

    def of(self, client: str, at: float) -> str | None:
        """The connection that the client had at that time: the last one that had opened by then."""
        opened = self.by_client.get(client, ())
        number = bisect_right(opened, at, key=_BY_TIME)
        return opened[number - 1].connection if number else None


def connections(history: History) -> Connections:
    """The connections of the scenario's clients; strangers' are left out."""
    by_client: dict[str, list[ConnectionOpened]] = {}
    clients: dict[str, str] = {}
    for opened in history.of(ConnectionOpened):
        if opened.client is not None:
            by_client.setdefault(opened.client, []).append(opened)
            clients[opened.connection] = opened.client
    return Connections({client: tuple(all_of_it) for client, all_of_it in by_client.items()}, clients)


@dataclass(frozen=True, slots=True)
class Invocation:
    """One attempt of a function; `ended` is None when its end was not seen."""

    started: InvocationStarted
    ended: InvocationEnded | None

    @property
    def ended_at(self) -> float:
        """When it ended; infinity when that was not seen."""
        return float("inf") if self.ended is None else self.ended.at


def invocations(history: History) -> tuple[Invocation, ...]:
    """Every invocation in the order they started.

    A retried asynchronous invocation keeps its request id, so an end belongs to the last start before it.
    """
    ends: dict[str, list[InvocationEnded]] = {}
    for ended in history.of(InvocationEnded):
        ends.setdefault(ended.request, []).append(ended)
    return tuple(
        Invocation(one, _end_of(one, ends.get(one.request, []))) for one in history.of(InvocationStarted)
    )


def by_message(all_of_them: tuple[Invocation, ...]) -> Mapping[str, tuple[Invocation, ...]]:
    """The invocations that were handed each SNS message."""
    found: dict[str, list[Invocation]] = {}
    for invocation in all_of_them:
        for message in invocation.started.messages:
            found.setdefault(message, []).append(invocation)
    return {message: tuple(handed) for message, handed in found.items()}


def messages_by_connection(all_of_them: tuple[Invocation, ...]) -> Mapping[str, tuple[Invocation, ...]]:
    """The route invocations of each connection's messages: all its routes but $connect and $disconnect."""
    found: dict[str, list[Invocation]] = {}
    for invocation in all_of_them:
        started = invocation.started
        if started.connection is not None and started.route not in ("$connect", "$disconnect"):
            found.setdefault(started.connection, []).append(invocation)
    return {connection: tuple(handled) for connection, handled in found.items()}


def _end_of(started: InvocationStarted, ends: list[InvocationEnded]) -> InvocationEnded | None:
    return next((ended for ended in ends if ended.at >= started.at), None)
