"""Losses: how far each event came on its way to a client that never received it, where the history shows it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from urllib.parse import unquote

from harness.checks.deliveries import Deliveries
from harness.checks.inside import Connections, connections, is_visible
from harness.checks.lineage import Attempt
from harness.record.history import History
from harness.record.observation import (
    ConnectionPosted,
    Observation,
    PostRefused,
    RowDeleted,
    RowWritten,
)


@dataclass(frozen=True, slots=True)
class Loss:
    """Why an event did not reach a client, to follow after who never received it; `seen` is what tells so."""

    why: str = ""
    function: str = ""
    request: str | None = None
    seen: tuple[Observation, ...] = ()


class Losses:
    """Looks up the ways of lost events; the first time, it goes through the posts and rows of the history.

    Of each lost event and connection the last that was seen is kept.
    """

    def __init__(self, deliveries: Deliveries, history: History) -> None:
        self._deliveries, self._history = deliveries, history
        self._connections = connections(history)
        self._traces: _Traces | None = None

    def of(self, event: int, client: str) -> Loss:
        """How far the event came on its way to the client; no words where the inside is hidden."""
        if not is_visible(self._history):
            return Loss()
        lineage = self._deliveries.lineage
        attempts = lineage.attempts[event]
        if not attempts and lineage.unfollowed:
            return Loss(": nobody was seen to be handed it, but not all that was handed could be followed")
        if not attempts:
            return Loss(": no function was handed it")
        return self._posted(attempts, self._connection(event, client))

    def _connection(self, event: int, client: str) -> str:
        return self._connections.of(client, self._deliveries.expected[event].handled_at) or ""

    def _posted(self, attempts: Iterable[Attempt], connection: str) -> Loss:
        traces = self._traced()
        last = None
        for last in attempts:
            if (posted := traces.posts.get((last.request, connection))) is not None:
                return Loss(_answered(posted), last.function, last.request, (posted,))
            if (refused := traces.refused_for(last.request, connection)) is not None:
                why = f": {last.function} posted it to {refused.url}: {refused.status}, {refused.reason}"
                return Loss(why, last.function, last.request, (refused,))
        assert last is not None
        deleted = traces.deleted.get(connection)
        if deleted is not None and deleted.at <= last.ended_at:
            by = f" by {found}" if (found := self._function(deleted.request)) else ""
            why = f": no function posted it, its row had been deleted{by} before"
            return Loss(why, last.function, last.request, (deleted,))
        return Loss(": no function posted it", last.function, last.request)

    def _function(self, request: str | None) -> str:
        return self._deliveries.lineage.function_of(request)

    def _traced(self) -> "_Traces":
        if self._traces is None:
            attempts = self._deliveries.lineage.attempts
            lost = {one.request for event, _ in self._deliveries.lost() for one in attempts[event]}
            self._traces = _traces(self._history, self._connections, lost)
            for posted in self._deliveries.unarrived:
                self._traces.posts[posted.request or "", posted.connection] = posted
        return self._traces


def _answered(posted: ConnectionPosted) -> str:
    if posted.status == 200:
        return ": it was posted and answered 200, and nothing arrived"
    return f": the post to it was answered {posted.status}"


@dataclass(slots=True)
class _Traces:
    """What was posted by the requests of lost events, and which rows of connections were gone in the end."""

    posts: dict[tuple[str, str], ConnectionPosted] = field(default_factory=dict)
    refused: dict[str, list[PostRefused]] = field(default_factory=dict)
    deleted: dict[str, RowDeleted] = field(default_factory=dict)

    def refused_for(self, request: str, connection: str) -> PostRefused | None:
        """The request's post to nowhere that was meant for this connection."""
        meant = (
            one for one in self.refused.get(request, ()) if connection and connection in unquote(one.url)
        )
        return next(meant, None)


def _traces(history: History, whose: Connections, requests: set[str]) -> _Traces:
    found = _Traces()
    lengths = {len(connection) for connection in whose.clients}
    for seen in history.each(ConnectionPosted, PostRefused, RowWritten, RowDeleted):
        match seen:
            case ConnectionPosted(request=str(request)) if request in requests and _did_not_arrive(seen):
                found.posts[request, seen.connection] = seen
            case PostRefused(request=str(request)) if request in requests:
                found.refused.setdefault(request, []).append(seen)
            case RowWritten() | RowDeleted():
                _change(found.deleted, seen, whose.clients, lengths)
            case _:
                pass
    return found


def _did_not_arrive(posted: ConnectionPosted) -> bool:
    """What of a success did not arrive the deliveries know, unless its payload is unknown."""
    return posted.status != 200 or not posted.digest


def _change(
    deleted: dict[str, RowDeleted],
    change: RowWritten | RowDeleted,
    known: Mapping[str, str],
    lengths: set[int],
) -> None:
    """A row is a connection's when its key ends with the connection's id."""
    ids = (change.key[-length:] for length in lengths)
    connection = next((one for one in ids if one in known), None)
    if connection is None:
        return
    if isinstance(change, RowDeleted):
        deleted[connection] = change
    else:
        deleted.pop(connection, None)
