"""Was the row of every gone connection deleted in time, and the row of no living one?"""

from bisect import bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from harness.checks import wording
from harness.checks.expected import subscribed
from harness.checks.findings import finding_of, hidden, most_telling, unseen
from harness.checks.inside import is_visible
from harness.checks.connection_rows import Row, Seen, seen_of
from harness.checks.verdict import CheckResult, Finding, Verdict
from harness.record.history import History
from harness.record.observation import (
    ConnectionPosted,
    Observation,
    RowDeleted,
    RowsFound,
    RowWritten,
    Settled,
)
from harness.scenario.model import Scenario

NAME = "purge"
UNATTRIBUTED_GRACE = 1.0
"""Seconds after a deletion in which a post by nobody knows whom may still belong to an earlier lookup."""


def check(scenario: Scenario, history: History) -> CheckResult | None:
    """FAIL for a gone row that stays, comes back or is posted to again, and for a living one that is touched.

    A connection is gone from its first 410 on (M-5). That rows of gone connections go is judged where the scenario
    sets `expect.purge`, and UNKNOWN when no 410 was met; that living rows stay is judged wherever the inside shows.
    UNKNOWN for both where the backend hides it; None when a history shows neither.
    """
    if (concealed := hidden(history)) is not None:
        finding = unseen("which rows were deleted, and which connections were gone,", concealed)
        return CheckResult(NAME, Verdict.UNKNOWN, finding.what, (finding,))
    if scenario.expect.purge is None and not is_visible(history):
        return None
    seen = seen_of(history)
    gone = tuple(_gone(seen)) if scenario.expect.purge is not None else ()
    stale = [found for one in gone if (found := _stale(one, scenario.expect.purge or 0.0, seen)) is not None]
    late = [found for one in gone if (found := _posted_again(one, seen)) is not None]
    touched = [*_touched(seen), *_missing(scenario, seen)]
    counts: dict[str, float] = {"gone": len(gone), "stale": len(stale), "posted_again": len(late)}
    counts["live_rows_touched"] = len(touched)
    undecided = [one for one in stale if one.kind == "undecided"]
    failed = len(touched) + len(late) + len(stale) - len(undecided)
    verdict = _verdict(
        failed=failed, unsure=bool(undecided) or (scenario.expect.purge is not None and not gone)
    )
    findings = most_telling(touched, stale, late)
    return CheckResult(NAME, verdict, _summary(scenario, counts), findings, counts)


@dataclass(frozen=True, slots=True)
class _Gone:
    """A connection that met a 410, and the deletion of its row that nothing undid; None when there was none."""

    refused: tuple[ConnectionPosted, ...]
    deleted: RowDeleted | None
    rewritten: RowWritten | None

    @property
    def first(self) -> ConnectionPosted:
        return self.refused[0]


def _gone(seen: Seen) -> Iterator[_Gone]:
    """The connections that met a 410; one before they had opened (a post inside $connect, C-12) does not count."""
    for connection, refused in seen.refused.items():
        opened = seen.opened.get(connection)
        since = [one for one in refused if opened is None or one.at >= opened.at]
        if since:
            happened = seen.rows.get(connection, ())
            yield _Gone(tuple(since), _lasting_deletion(happened), _rewriting(happened))


def _lasting_deletion(happened: Row) -> RowDeleted | None:
    """The first deletion after the last write."""
    lasting = None
    for change in happened:
        match change:
            case RowWritten():
                lasting = None
            case RowDeleted():
                lasting = lasting or change
    return lasting


def _rewriting(happened: Row) -> RowWritten | None:
    """The write that undid a deletion for good."""
    last = happened[-1] if happened else None
    if isinstance(last, RowWritten) and any(isinstance(one, RowDeleted) for one in happened):
        return last
    return None


def _stale(gone: _Gone, within: float, seen: Seen) -> Finding | None:
    """What is wrong with the row of a gone connection; `undecided` when the history ends too early to tell."""
    connection = _named(gone.first.connection, seen)
    limit = wording.duration(within)
    if gone.deleted is not None and gone.deleted.at - gone.first.at > within:
        took = wording.duration(gone.deleted.at - gone.first.at)
        what = f"the row of {connection} was deleted {took} after its first 410; the scenario allows {limit}"
        return finding_of("deleted late", what, gone.first, gone.deleted)
    if gone.deleted is not None:
        return _came_back(gone.first, gone.deleted, connection, seen)
    if gone.rewritten is not None:
        what = f"the row of {connection}, which met a 410, was deleted and then written again"
        return finding_of("came back", what, gone.first, gone.rewritten)
    evidence: tuple[Observation, ...] = (gone.first, *_still_found(gone.first.connection, seen))
    if _may_still_be_deleted(gone.first.at + within, seen.history):
        what = f"the history ends before the row of {connection}, which met a 410, had to be deleted"
        return finding_of("undecided", what, *evidence)
    what = f"the row of {connection}, which met a 410, was never deleted; the scenario allows {limit}"
    return finding_of("never deleted", what, *evidence)


def _came_back(first: ConnectionPosted, deleted: RowDeleted, connection: str, seen: Seen) -> Finding | None:
    found = [one for one in _still_found(first.connection, seen) if one.at > deleted.at]
    if not found:
        return None
    what = f"the row of {connection}, which met a 410, was deleted, yet it is there at the end"
    return finding_of("came back", what, first, deleted, *found)


def _still_found(connection: str, seen: Seen) -> tuple[RowsFound, ...]:
    """The rows at the end, cut down to this connection's, if it is among them."""
    if seen.found is None or connection not in seen.found.connections:
        return ()
    return (RowsFound(seen.found.at, (connection,)),)


def _may_still_be_deleted(due_at: float, history: History) -> bool:
    """Nothing deletes a row once nothing is in flight; only an unsettled history can end too early."""
    settled = any(one.phase == "end" and one.complete for one in history.of(Settled))
    return not settled and history.ends_at < due_at


def _posted_again(gone: _Gone, seen: Seen) -> Finding | None:
    """The first post to a gone connection by an invocation that started after the row was deleted."""
    if gone.deleted is None:
        return None
    for posted in gone.refused:
        begun_at = _begun_at(posted, seen.started)
        if begun_at > gone.deleted.at:
            what = f"{_named(posted.connection, seen)} was posted to again after its row was deleted"
            return finding_of("posted again", what, gone.first, gone.deleted, posted)
    return None


def _begun_at(posted: ConnectionPosted, started: Mapping[str, list[float]]) -> float:
    """When the invocation that posted had started; without one, the latest time that its lookup may be excused to."""
    starts = started.get(posted.request or "", [])
    number = bisect_right(starts, posted.at)
    return starts[number - 1] if number else posted.at - UNATTRIBUTED_GRACE


def _touched(seen: Seen) -> Iterator[Finding]:
    """Rows deleted while their connection was open, but for those that the same invocation wrote anew."""
    for connection, happened in seen.rows.items():
        for number, change in enumerate(happened):
            if not isinstance(change, RowDeleted) or not seen.is_open(connection, change.at):
                continue
            if not seen.was_declared_gone(connection, change.at) and not _replaced(
                change, happened[number + 1 :]
            ):
                what = (
                    f"live row touched: the row of {_named(connection, seen)} was deleted while it was open"
                )
                yield finding_of("live row touched", what, seen.opened[connection], change)


def _replaced(deleted: RowDeleted, later: Row) -> bool:
    return deleted.request is not None and any(
        isinstance(one, RowWritten) and one.request == deleted.request for one in later
    )


def _missing(scenario: Scenario, seen: Seen) -> Iterator[Finding]:
    """Rows that are not there at the end although their client is connected and surely subscribed."""
    if seen.found is None or not is_visible(seen.history):
        return
    at, present = seen.found.at, frozenset(seen.found.connections)
    clients = {
        one.client for one in subscribed(scenario, seen.history) if one.sure_from <= at < one.sure_until
    }
    for client in sorted(clients):
        connection = seen.connections.of(client, at)
        if connection is None or connection in present or not seen.is_open(connection, at):
            continue
        if not any(isinstance(one, RowDeleted) for one in seen.rows.get(connection, ())):
            what = f"live row touched: {_named(connection, seen)} is open and subscribed at the end, but has no row"
            yield finding_of("live row touched", what, seen.opened[connection], RowsFound(at, ()))


def _named(connection: str, seen: Seen) -> str:
    client = seen.connections.clients.get(connection)
    return f"connection {connection}" if client is None else f"{client}'s connection {connection}"


def _verdict(*, failed: int, unsure: bool) -> Verdict:
    if failed:
        return Verdict.FAIL
    return Verdict.UNKNOWN if unsure else Verdict.PASS


def _summary(scenario: Scenario, counts: Mapping[str, float]) -> str:
    touched = int(counts["live_rows_touched"])
    living = f"{wording.counted(touched, 'living row')} touched" if touched else "no living row was touched"
    if scenario.expect.purge is None:
        return living
    if not counts["gone"]:
        return f"no post was answered 410, so nothing was there to purge; {living}"
    purged = int(counts["gone"] - counts["stale"])
    gone = f"{wording.amount(int(counts['gone']))} gone connections"
    again = int(counts["posted_again"])
    posted = f"; {wording.amount(again)} posted to again" if again else ""
    limit = wording.duration(scenario.expect.purge)
    return f"rows of {wording.amount(purged)} of {gone} deleted within {limit}; {living}{posted}"
