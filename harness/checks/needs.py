"""Needs of findings: what must have been seen whole for a finding to stand that something which is missing proves.

A finding from what was seen needs nothing: it stands in half a history too. `harness.checks.completeness` says which
needs a history meets, and the judge turns the findings that it does not meet to UNKNOWN.
"""

from dataclasses import dataclass, replace
from math import inf

CLIENTS = "clients"
INSIDE = "inside"
RUN = "run"


@dataclass(frozen=True, slots=True)
class Need:
    """All of `what` up to the time `until` (on the history's clock, infinity: to the very end).

    `source` is who saw it: `clients`, `inside`, or `run` for the run as a whole. What is needed `if_shown` is not
    missed where the backend shows nothing of its inside, because the rule does without it there.
    """

    what: str
    source: str
    until: float = inf
    if_shown: bool = False

    def up_to(self, until: float) -> "Need":
        """The same, but what came later does not matter."""
        return replace(self, until=until)

    def where_shown(self) -> "Need":
        """The same, but not missed where the inside is hidden."""
        return replace(self, if_shown=True)


SETTLED = Need("the end of all that was in flight", RUN)
"""Nothing was in flight any more at the end, and that is in the history."""

PUBLISHES = Need("what was published", CLIENTS)
ACTS = Need("what the clients did", CLIENTS)
TABLE = Need("the table's rows at the end", CLIENTS)

CONNECTIONS = Need("the gateway's connections", INSIDE)
INVOCATIONS = Need("invocations", INSIDE)
LOGS = Need("logs", INSIDE)
POSTS = Need("posts", INSIDE)
ROWS = Need("changes of rows", INSIDE)


def messages_of(client: str, until: float = inf) -> Need:
    """All that the client received, and did, up to that time."""
    return Need(f"what {client} received", CLIENTS, until)
