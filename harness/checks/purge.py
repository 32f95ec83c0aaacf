"""Was the row of every gone connection deleted in time, and the row of no living one?"""

from collections.abc import Iterable, Iterator, Mapping
from typing import TypeAlias

from harness.checks import wording
from harness.checks.completeness import completeness_of
from harness.checks.connection_rows import Refusal, SeenConnection, SeenRows, seen_rows
from harness.checks.expected import subscribed
from harness.checks.findings import hidden, unseen
from harness.checks.inside import connections, is_visible
from harness.checks.likewise import Wrong, counted, likewise
from harness.checks.needs import (
    ACTS,
    CONNECTIONS,
    INVOCATIONS,
    POSTS,
    ROWS,
    SETTLED,
    TABLE,
    Need,
    messages_of,
)
from harness.checks.verdict import Cause, CheckResult, answer
from harness.record.history import History
from harness.record.observation import ConnectionOpened, RowDeleted, RowsFound, RowWritten
from harness.scenario.model import Scenario

NAME = "purge"

Proof: TypeAlias = tuple[Refusal | RowWritten | RowDeleted | RowsFound | ConnectionOpened, ...]
NO_REQUEST = (RowsFound, ConnectionOpened)
"""What no invocation did."""


def check(scenario: Scenario, history: History) -> CheckResult | None:
    """FAIL for a gone row that stays, comes back or is posted to again, and for a living one that is touched.

    A connection is gone from its first 410 on (M-5), whichever call met it; one that never had a row has nothing to
    purge. That rows of gone connections go is judged where the scenario sets `expect.purge`, and UNKNOWN when no 410
    was met; that living rows stay is judged wherever the inside shows. UNKNOWN for both where the backend hides it;
    None when a history shows neither, or the stack does not say which rows stand for connections.
    """
    if scenario.rows is None:
        return None
    if (concealed := hidden(history)) is not None:
        finding = unseen("which rows were deleted, and which connections were gone,", concealed)
        return answer(NAME, finding.what, (finding,), judged=False)
    within = scenario.expect.purge
    if within is None and not is_visible(history):
        return None
    seen = seen_rows(scenario.rows, history)
    gone = [] if within is None else [one for one in seen.connections.values() if _had_to_go(one, seen)]
    found = likewise(
        (*_touched(seen), *_missing(scenario, seen, history), *_not_purged(gone, within or 0.0, seen)),
        completeness_of(history),
    )
    counts: dict[str, float] = {
        "gone": len(gone),
        "stale": counted(found, "never deleted", "deleted late", "came back"),
        "posted_again": counted(found, "posted again"),
        "live_rows_touched": counted(found, "live row touched"),
    }
    return answer(
        NAME,
        _summary(scenario, counts),
        found,
        counts,
        judged=within is None or bool(gone),
        needs=(CONNECTIONS, ROWS, POSTS, *(() if within is None else (SETTLED,))),
    )


# --- rows of gone connections -------------------------------------------------------------------------------


def _had_to_go(one: SeenConnection, seen: SeenRows) -> bool:
    """Whether it met a 410 and ever had a row."""
    found = seen.there_at_the_end(one.connection)
    return one.refused is not None and (one.row_seen or found is not None)


def _not_purged(gone: Iterable[SeenConnection], within: float, seen: SeenRows) -> Iterator[Wrong]:
    for one in gone:
        yield from _stale(one, within, seen)
        yield from _posted_again(one)


def _stale(gone: SeenConnection, within: float, seen: SeenRows) -> Iterator[Wrong]:
    """What is wrong with the row of a gone connection."""
    first, deleted, found = gone.refused, gone.deleted, seen.there_at_the_end(gone.connection)
    limit = f"the scenario allows {wording.duration(within)}"
    if first is None:
        return
    there = () if found is None else (found,)
    if deleted is not None and deleted.at - first.at > within:
        took = wording.duration(deleted.at - first.at)
        what = f"the row of {gone.named} was deleted {took} after its first 410; {limit}"
        yield _wrong("deleted late", gone, what, (first, deleted), {ROWS})
    elif deleted is not None and found is not None and found.at > deleted.at:
        what = f"the row of {gone.named}, which met a 410, was deleted, yet it is there at the end"
        yield _wrong("came back", gone, what, (first, deleted, found), {SETTLED})
    elif deleted is None and gone.rewritten is not None:
        what = f"the row of {gone.named}, which met a 410, was deleted and then written again"
        yield _wrong("came back", gone, what, (first, gone.rewritten), {SETTLED, ROWS})
    elif deleted is None:
        what = f"the row of {gone.named}, which met a 410, was never deleted; {limit}"
        yield _wrong("never deleted", gone, what, (first, *there), {SETTLED, ROWS})


def _posted_again(gone: SeenConnection) -> Iterator[Wrong]:
    """The first post to a gone connection by an invocation that started after the row was deleted."""
    post, first, deleted = gone.posted_again, gone.refused, gone.deleted
    if post is not None and first is not None and deleted is not None:
        what = f"{gone.named} was posted to again after its row was deleted"
        needs = {INVOCATIONS.up_to(post.at), ROWS.up_to(post.at)}
        yield _wrong("posted again", gone, what, (first, deleted, post), needs)


def _wrong(
    kind: str,
    one: SeenConnection,
    what: str,
    proof: Proof,
    needs: Iterable[Need],
    *,
    cause: Cause = Cause.PURGE,
) -> Wrong:
    request = next((seen.request for seen in reversed(proof) if not isinstance(seen, NO_REQUEST)), None)
    return Wrong(kind, one.who, what, proof, frozenset(needs), request, cause=cause)


# --- rows of living connections -----------------------------------------------------------------------------


def _touched(seen: SeenRows) -> Iterator[Wrong]:
    """Rows deleted while their connection was open, but for those that the same invocation wrote anew."""
    for one in seen.connections.values():
        if not one.touched or one.opened is None:
            continue
        deleted = one.touched[0]
        what = f"live row touched: the row of {one.named} was deleted while it was open"
        needs = {CONNECTIONS.up_to(deleted.at), POSTS.up_to(deleted.at), ROWS}
        yield _wrong("live row touched", one, what, (one.opened, deleted), needs, cause=Cause.LIVE_ROW)


def _missing(scenario: Scenario, seen: SeenRows, history: History) -> Iterator[Wrong]:
    """Rows that are not there at the end although their client is connected and surely subscribed."""
    if seen.found is None or not is_visible(history):
        return
    at, present = seen.found.at, frozenset(seen.found.connections)
    clients = {one.client for one in subscribed(scenario, history) if one.sure_from <= at < one.sure_until}
    whose = connections(history)
    for client in sorted(clients):
        one = seen.connections.get(whose.of(client, at) or "")
        if one is None or one.opened is None or one.connection in present or not one.is_open(at):
            continue
        if one.deleted is None:
            what = f"live row touched: {one.named} is open and subscribed at the end, but has no row"
            needs = {ACTS, CONNECTIONS, INVOCATIONS, ROWS, TABLE, messages_of(client)}
            proof = (one.opened, RowsFound(at, ()))
            yield _wrong("live row touched", one, what, proof, needs, cause=Cause.LIVE_ROW)


def _summary(scenario: Scenario, counts: Mapping[str, float]) -> str:
    touched = int(counts["live_rows_touched"])
    living = f"{wording.counted(touched, 'living row')} touched" if touched else "no living row was touched"
    if scenario.expect.purge is None:
        return living
    if not counts["gone"]:
        return f"no connection with a row met a 410, so nothing was there to purge; {living}"
    purged = int(counts["gone"] - counts["stale"])
    gone = f"{wording.amount(int(counts['gone']))} gone connections"
    again = int(counts["posted_again"])
    posted = f"; {wording.amount(again)} posted to again" if again else ""
    limit = wording.duration(scenario.expect.purge)
    return f"rows of {wording.amount(purged)} of {gone} deleted within {limit}; {living}{posted}"
