"""Do rows of connections go when their connection has gone, and would they expire if nobody deleted them?"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from harness.checks import wording
from harness.checks.completeness import completeness_of
from harness.checks.connection_rows import ENDLESS, SeenConnection, SeenRows, seen_rows
from harness.checks.expiry import Expiry, epoch_seconds, expiry_of, long_time
from harness.checks.findings import finding_of, hidden, unseen
from harness.checks.inside import functions_of
from harness.checks.likewise import Wrong, likewise
from harness.checks.needs import INVOCATIONS, ROWS, SETTLED, Need
from harness.checks.verdict import Cause, CheckResult, Finding, Severity, answer
from harness.record.history import History
from harness.record.observation import Observation, RecordingBegan, RowWritten
from harness.scenario.connection_rows import ConnectionRows
from harness.scenario.model import Scenario

NAME = "rows"


def check(scenario: Scenario, history: History) -> CheckResult | None:
    """FAIL for a row that is there, or is written anew, after its connection's $disconnect has ended.

    Where the stack keeps rows (`after_disconnect: kept`) FAIL only for one that is posted to without end: by at least
    `ENDLESS` invocations that began after the first 410 was answered. Lost $disconnects are purge's business. A row
    that TTL never deletes, or deletes at once, is a WARNING, and a FAIL where the scenario sets `expect.ttl`.
    None when there is nothing of it in the history, or the stack does not say which rows stand for connections.
    """
    rows, ttl = scenario.rows, scenario.expect.ttl
    if rows is None:
        return None
    if (concealed := hidden(history)) is not None:
        finding = unseen("which rows were written, and when they expire,", concealed)
        return None if ttl is None else answer(NAME, finding.what, (finding,), judged=False)
    seen = seen_rows(rows, history)
    over = [one for one in seen.connections.values() if one.disconnected is not None]
    expiring = _expiring(rows, seen, history, ttl)
    if not over and not expiring.written and ttl is None:
        return None
    kept = rows.after_disconnect == "kept"
    wrong = _posted_without_end(seen) if kept else _left_over(over, seen, history)
    found = likewise(wrong, completeness_of(history))
    counts: dict[str, float] = {
        "over": len(over),
        "left": sum(one.count for one in found),
        "written": expiring.written,
    }
    counts["expiring"] = expiring.written - sum(one.count for one in expiring.wrong.values())
    return answer(
        NAME,
        _summary(counts, kept=kept, ttl=ttl),
        (*found, *_expiry_findings(expiring, rows, ttl)),
        counts,
        judged=ttl is None or bool(expiring.written),
        needs=(SETTLED, ROWS, INVOCATIONS),
    )


# --- rows of connections that are over ----------------------------------------------------------------------


def _left_over(over: list[SeenConnection], seen: SeenRows, history: History) -> Iterator[Wrong]:
    functions = functions_of({one.recreated.request for one in over if one.recreated is not None}, history)
    for one in over:
        ended = one.disconnected
        assert ended is not None
        found = seen.there_at_the_end(one.connection)
        if one.recreated is not None:
            by = functions.get(one.recreated.request)
            who = "" if by is None else f" by {by}"
            what = f"the row of {one.named} was written again{who} after its $disconnect had ended"
            yield _wrong("row re-created", one, what, (ended, one.recreated), one.recreated.request)
        elif found is not None and found.at > ended.at:
            yield _wrong("row left", one, _left(one), (ended, found), ended.request)
        elif isinstance(one.last_change, RowWritten) and found is None and seen.found is None:
            needs = frozenset({SETTLED, ROWS})
            yield _wrong("row left", one, _left(one), (one.last_change, ended), ended.request, needs)


def _left(one: SeenConnection) -> str:
    failed = one.disconnected is not None and one.disconnected.error is not None
    end = "has failed" if failed else "has ended"
    return f"the row of {one.named} is still there at the end, though its $disconnect {end}"


def _posted_without_end(seen: SeenRows) -> Iterator[Wrong]:
    for one in seen.connections.values():
        if one.refused is not None and len(one.endless) >= ENDLESS:
            what = (
                f"{one.named} is posted to without end: by {ENDLESS} invocations and more that began after "
                "its first 410 was answered, so its row still counts as a connection's"
            )
            needs = frozenset({INVOCATIONS.up_to(one.endless[-1].at)})
            proof = (one.refused, *one.endless)
            yield _wrong("posted to without end", one, what, proof, one.endless[-1].request, needs)


def _wrong(
    kind: str,
    one: SeenConnection,
    what: str,
    proof: tuple[Observation, ...],
    request: str | None,
    needs: frozenset[Need] = frozenset(),
) -> Wrong:
    return Wrong(kind, one.who, what, proof, needs, request, cause=Cause.ROWS)


# --- when rows expire ---------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Mistimed:
    """Writes of rows that TTL will not treat as it should, for one reason."""

    first: RowWritten
    expires_in: float | None
    count: int = 0


@dataclass(slots=True)
class _Expiring:
    """How many rows of connections were written into a table with a TTL, and what is wrong with them."""

    written: int = 0
    wrong: dict[Expiry, _Mistimed] = field(default_factory=dict)
    clock_known: bool = True


def _expiring(rows: ConnectionRows, seen: SeenRows, history: History, ttl: float | None) -> _Expiring:
    began = next(iter(history.of(RecordingBegan)), None)
    since = None if began is None or began.epoch is None else began.epoch - began.at
    found = _Expiring(clock_known=since is not None)
    told: dict[str, str] = {}
    for one in history.each(RowWritten):
        connection = one.key.removeprefix(rows.prefix) if one.key.startswith(rows.prefix) else ""
        # A write that leaves the expiry as it was says nothing new of it.
        if one.ttl is None or connection not in seen.connections or told.get(connection) == one.ttl:
            continue
        told[connection] = one.ttl
        found.written += 1
        written_at = None if since is None else since + one.at
        how = expiry_of(one.ttl, written_at, ttl)
        if how is not Expiry.FINE:
            expires_at = epoch_seconds(one.ttl)
            expires_in = None if expires_at is None or written_at is None else expires_at - written_at
            found.wrong.setdefault(how, _Mistimed(one, expires_in)).count += 1
    return found


def _expiry_findings(expiring: _Expiring, rows: ConnectionRows, ttl: float | None) -> Iterator[Finding]:
    severity = Severity.WARNING if ttl is None else Severity.FAIL
    for how, wrong in expiring.wrong.items():
        what = (
            f"{_of_all(wrong.count, expiring.written)} {_said(how, wrong, rows.ttl or 'the attribute', ttl)}"
        )
        yield finding_of(
            "TTL",
            what,
            wrong.first,
            cause=Cause.ROWS,
            severity=severity,
            subject=("TTL", how.value),
            count=wrong.count,
            request=wrong.first.request,
        )
    if ttl is not None and expiring.written and not expiring.clock_known:
        what = "the history does not say what time it was, so nobody knows when rows expire"
        yield finding_of("TTL", what, severity=Severity.UNKNOWN, cause=Cause.NOT_SHOWN, subject=("clock",))


def _of_all(count: int, written: int) -> str:
    return f"{wording.amount(count)} of {wording.counted(written, 'row')} of connections"


def _said(how: Expiry, wrong: _Mistimed, attribute: str, ttl: float | None) -> str:
    value = wrong.first.ttl
    match how:
        case Expiry.LACKING:
            return f"never expire: they lack '{attribute}', which the table's TTL names"
        case Expiry.NO_NUMBER:
            return f"never expire: '{attribute}' holds {value}, and TTL takes a number of epoch seconds only"
        case Expiry.MILLISECONDS:
            return f"never expire: '{attribute}' holds {value}, milliseconds, and TTL takes seconds"
        case Expiry.PAST:
            ago = "" if wrong.expires_in is None else f" by {long_time(-wrong.expires_in)}"
            return f"may be deleted at once: '{attribute}', which the table's TTL names, is in the past{ago}"
    expected = "" if ttl is None else f"; the scenario expects {long_time(ttl)}"
    late = "" if wrong.expires_in is None else f" {long_time(wrong.expires_in)} after they are written"
    return f"expire{late}{expected}"


def _summary(counts: Mapping[str, float], *, kept: bool, ttl: float | None) -> str:
    left, over = int(counts["left"]), int(counts["over"])
    if kept:
        told = (
            f"{wording.counted(left, 'connection')} posted to without end"
            if left
            else "kept rows get no more posts"
        )
    else:
        gone = f"{wording.amount(over - left)} of {wording.counted(over, 'row')}"
        told = f"{gone} of connections that ended in order gone" if over else "no connection ended in order"
    written, expiring = int(counts["written"]), int(counts["expiring"])
    if not written:
        return told if ttl is None else f"{told}; no row was written that could expire"
    return f"{told}; {wording.amount(expiring)} of {wording.counted(written, 'row')} expire by TTL"
