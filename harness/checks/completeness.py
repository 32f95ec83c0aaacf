"""Completeness of a history: what of the run it surely holds whole, and why not the rest.

What was seen stands. That something was never seen proves a thing only where all of its kind was recorded: the
history began and ended in order, no number of a source is missing, and the run says that it settled.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from math import inf

from harness.checks import wording
from harness.checks.findings import finding_of, hidden
from harness.checks.inside import tells_of_the_inside
from harness.checks.needs import CLIENTS, INSIDE, RUN, Need
from harness.checks.subscribing import timeline_begins_at
from harness.checks.verdict import Cause, Finding, Severity
from harness.record.history import Gap, History
from harness.record.lines import source_of
from harness.record.observation import (
    Observation,
    ObservationsLost,
    Settled,
)

CUT_OFF = "the history ends before the run had settled"
CHANGED = "the history was changed after the run"
TORN = "the history's last line was never finished: the runner died"
NOT_ENDED = "the recording did not end in order: the runner died"


@dataclass(frozen=True, slots=True)
class Missing:
    """What `source` saw after `since`, or a part of that, is not in the history; `reason` says why."""

    source: str
    since: float
    kind: str
    reason: str
    seen: tuple[Observation, ...] = ()


@dataclass(frozen=True, slots=True)
class Completeness:
    """What is missing of a history; nothing in a complete one. `shown` says that the inside told of itself at all.

    `hidden` is why it does not.
    """

    missing: tuple[Missing, ...] = ()
    shown: bool = True
    hidden: str = "nothing of the inside was recorded"

    def lacks(self, need: Need) -> str | None:
        """Why the history does not meet the need, None when it does."""
        if need.source == INSIDE and not self.shown:
            return None if need.if_shown else f"{need.what} cannot be seen: {self.hidden}"
        return next(
            (one.reason for one in self.missing if one.source == need.source and need.until > one.since), None
        )

    def lacks_any(self, needs: Iterable[Need]) -> str:
        """Why the history does not meet all of them, each reason once; "" when it does."""
        reasons = {reason for need in needs if (reason := self.lacks(need)) is not None}
        return "; ".join(sorted(reasons))

    def findings(self) -> Iterator[Finding]:
        """What is missing, for a reader, each reason once."""
        told: set[str] = set()
        for one in self.missing:
            if one.reason not in told:
                told.add(one.reason)
                yield finding_of(
                    one.kind,
                    one.reason,
                    *one.seen,
                    cause=Cause.UNSETTLED if one.source == RUN else Cause.HISTORY,
                    severity=Severity.UNKNOWN,
                    subject=(one.source,),
                )


def completeness_of(history: History) -> Completeness:
    """What is missing of this history. One that did not end in order is read through once."""
    concealed = hidden(history)
    shown = concealed is None and tells_of_the_inside(history)
    missing = (
        *_changed(history),
        *_lost(history),
        *_gaps(history),
        *_cut_off(history),
        *_unsettled(history),
    )
    if concealed is None:
        return Completeness(missing, shown)
    return Completeness(missing, shown, concealed.reason)


def _changed(history: History) -> Iterator[Missing]:
    if history.changed:
        yield from (Missing(source, -inf, "history changed", CHANGED) for source in (CLIENTS, INSIDE, RUN))


def _lost(history: History) -> Iterator[Missing]:
    for one in history.of(ObservationsLost):
        what = f"{wording.counted(one.count, 'observation')} of the inside did not fit into the emulator's journal"
        yield Missing(INSIDE, -inf, "observations lost", what, (one,))


def _gaps(history: History) -> Iterator[Missing]:
    begins_at = timeline_begins_at(history)
    for gap in history.gaps:
        yield Missing(gap.source, gap.after, "observations missing", _gap_in_words(gap, begins_at))


def _gap_in_words(gap: Gap, begins_at: float) -> str:
    many = wording.counted(gap.end - gap.first, "observation")
    verb = "is" if gap.end - gap.first == 1 else "are"
    times = [
        f"{word} {wording.duration(at - begins_at)}"
        for word, at in (("after", gap.after), ("before", gap.before))
        if abs(at) != inf
    ]
    when = f", seen {' and '.join(times)}" if times else ""
    return f"{many} of the {gap.source} {verb} missing from the history{when}"


def _cut_off(history: History) -> Iterator[Missing]:
    """The end of each source, where the recording did not end in order."""
    if _ended(history):
        return
    reason, kind = (TORN, "history torn") if history.torn else (NOT_ENDED, "not ended")
    if not _settlings(history):
        reason, kind = (CUT_OFF, "not settled") if not history.torn else (TORN, kind)
    last = _last_seen(history)
    yield from (Missing(source, last[source], kind, reason) for source in (CLIENTS, INSIDE))


def _ended(history: History) -> bool:
    """Whether nothing was seen after its end. A history without a beginning numbers nothing: settling ends it."""
    if history.began or history.gaps:
        return history.ended
    return bool(_settlings(history)) and not history.torn


def _last_seen(history: History) -> dict[str, float]:
    last = {CLIENTS: -inf, INSIDE: -inf}
    seen: Observation
    for seen in history.each():
        last[source_of(type(seen))] = seen.at
    return last


def _unsettled(history: History) -> Iterator[Missing]:
    for one in history.of(Settled):
        if not one.complete:
            detail = f": {one.detail}" if one.detail else ""
            what = f"something was still in flight at the {one.phase}{detail}"
            yield Missing(RUN, -inf, "not settled", what, (one,))
    if not _settlings(history):
        yield Missing(RUN, -inf, "not settled", CUT_OFF)


def _settlings(history: History) -> tuple[Settled, ...]:
    return tuple(one for one in history.of(Settled) if one.phase == "end")
