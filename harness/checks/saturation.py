"""Saturation: was more published than the functions could carry, so that the run never settled?"""

from collections.abc import Iterator, Mapping
from math import inf

from harness.checks import wording
from harness.checks.findings import finding_of
from harness.checks.lineage import lineage_of
from harness.checks.verdict import Cause, Finding, Severity
from harness.record.history import History
from harness.record.observation import EventPublished, Settled

_BUSY = 0.75
"""Where work still ended in the last quarter of the time it is slow; where none did something hangs."""


def saturation(history: History) -> Iterator[Finding]:
    """That events were offered faster than they were carried, where a run that did not settle shows it.

    Offered are the events published per second while they were published; carried are those whose invocation ended,
    per second until the run gave up. Where the inside is hidden nothing is said.
    """
    gave_up = next((one for one in history.of(Settled) if one.phase == "end" and not one.complete), None)
    published = history.of(EventPublished)
    if gave_up is None or len(published) < 2:
        return
    handled = _handled(history)
    began_at, seconds = published[0].at, published[-1].at - published[0].at
    done_at = sorted(handled[one.message_id] for one in published if one.message_id in handled)
    waited = gave_up.at - began_at
    if (
        not done_at
        or not seconds
        or len(done_at) == len(published)
        or done_at[-1] < began_at + _BUSY * waited
    ):
        return
    offered, carried = (len(published) - 1) / seconds, len(done_at) / waited
    if carried < offered:
        left = len(published) - len(done_at)
        what = (
            f"saturated: offered {_rate(offered)}, carried {_rate(carried)}; {wording.amount(left)} of "
            f"{wording.counted(len(published), 'event')} had not been handled when the run gave up waiting"
        )
        yield finding_of(
            "saturated", what, gave_up, cause=Cause.SATURATION, severity=Severity.UNKNOWN, count=left
        )


def _handled(history: History) -> Mapping[str, float]:
    """By the id that SNS gave, when the first invocation that was handed it, by whichever way, had ended."""
    attempts = lineage_of(history).attempts
    ends = (min((one.ended_at for one in of_event), default=inf) for of_event in attempts)
    handled = zip(history.of(EventPublished), ends, strict=True)
    return {published.message_id: ended_at for published, ended_at in handled if ended_at < inf}


def _rate(per_second: float) -> str:
    return f"{per_second:.3g}/s"
