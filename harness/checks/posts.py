"""Posts: what the functions posted to whom for each event, where the history shows it."""

from collections.abc import Mapping
from dataclasses import dataclass

from harness.checks.inside import Connections, Invocation, by_message, connections, invocations, is_visible
from harness.record.history import History
from harness.record.observation import ConnectionPosted


@dataclass(frozen=True, slots=True)
class Posts:
    """Posts to @connections by the request that sent them."""

    visible: bool
    connections: Connections
    handed: Mapping[str, tuple[Invocation, ...]]
    by_request: Mapping[str, tuple[ConnectionPosted, ...]]

    def of_message(self, message: str) -> tuple[ConnectionPosted, ...]:
        """Every post by the invocations that were handed this SNS message, in time order of each."""
        requests = dict.fromkeys(one.started.request for one in self.handed.get(message, ()))
        return tuple(posted for request in requests for posted in self.by_request.get(request, ()))

    def of(self, message: str, client: str) -> tuple[ConnectionPosted, ...]:
        """Those to a connection of this client."""
        return tuple(
            one for one in self.of_message(message) if self.connections.clients.get(one.connection) == client
        )

    def told(self, message: str, client: str) -> str:
        """How far the event came on its way to the client: `: the post to it was answered 500`; "" if unseen."""
        if not self.visible:
            return ""
        if message not in self.handed:
            return ": no function was handed it"
        if not (posted := self.of(message, client)):
            return ": no function posted it"
        return f": the post to it was answered {posted[-1].status}"


def posts_of(history: History) -> Posts:
    """The history's posts; those without a request are left out, since nobody can tell what they carried."""
    by_request: dict[str, list[ConnectionPosted]] = {}
    for posted in history.of(ConnectionPosted):
        if posted.request is not None:
            by_request.setdefault(posted.request, []).append(posted)
    handed = by_message(invocations(history))
    lists = {request: tuple(posted) for request, posted in by_request.items()}
    return Posts(is_visible(history), connections(history), handed, lists)
