"""Inside of the emulator, as a history shows it: whose connections they were, when their messages were handled."""

from bisect import bisect_right
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from math import inf
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
    return tells_of_the_inside(history) and not history.of(ObservationsLost)


def tells_of_the_inside(history: History) -> bool:
    """Whether anything at all was told of it."""
    return bool(history.of(ConnectionOpened)) or next(history.each(InvocationStarted), None) is not None


def functions_of(requests: Collection[str | None], history: History) -> Mapping[str | None, str]:
    """The function of each of these requests that was seen to start."""
    started = history.each(InvocationStarted) if requests else iter(())
    return {one.request: one.function for one in started if one.request in requests}


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


def ends_of_messages(history: History) -> Mapping[str, Sequence[float]]:
    """When the invocation of each message of each connection ended, in the order they began; infinite when unseen.

    All its routes count but `$connect` and `$disconnect`.
    """
    ends: dict[str, list[float]] = {}
    places: dict[str, tuple[list[float], int]] = {}
    for seen in history.each(InvocationStarted, InvocationEnded):
        match seen:
            case InvocationStarted(connection=str(connection)) if seen.route not in (
                "$connect",
                "$disconnect",
            ):
                of_connection = ends.setdefault(connection, [])
                places[seen.request] = of_connection, len(of_connection)
                of_connection.append(inf)
            case InvocationEnded(request=request) if request in places:
                of_connection, place = places.pop(request)
                of_connection[place] = seen.at
            case _:
                pass
    return ends
