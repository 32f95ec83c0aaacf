from harness.checks.saturation import saturation
from harness.checks.verdict import Cause, Severity
from harness.record.observation import InvocationEnded, InvocationStarted, Observation, Sent, Settled
from tests.checks.histories import a_history, an_event

EVENTS = [an_event(f"e{n}", at=10.0 + n / 100) for n in range(101)]


def handled(number: int, *, every: float, queued: bool = False) -> list[Observation]:
    """The first events, one after another, each in so many seconds."""
    seen: list[Observation] = []
    for n, event in enumerate(EVENTS[:number]):
        message = f"q-{event.event}" if queued else event.message_id
        seen += [Sent(event.at, message, "queue", origin=event.message_id)] if queued else []
        seen += [
            InvocationStarted(10.0 + n * every, f"r{n}", "fan_out", messages=(message,)),
            InvocationEnded(10.0 + (n + 1) * every, f"r{n}", "fan_out"),
        ]
    return seen


def told(*observations: Observation, complete: bool = False, at: float = 12.0) -> list[str]:
    settled = Settled(at, "end", complete)
    return [one.what for one in saturation(a_history(*EVENTS, *observations, settled, settled=False))]


WHAT = "saturated: offered 100/s, carried 20/s; 61 of 101 events had not been handled when the run gave up waiting"


def test_a_run_that_was_offered_more_than_it_carried_is_saturated() -> None:
    assert told(*handled(40, every=0.05)) == [WHAT]


def test_events_are_followed_through_a_queue() -> None:
    assert told(*handled(40, every=0.05, queued=True)) == [WHAT]


def test_a_run_that_settled_carried_all() -> None:
    assert told(*handled(40, every=0.05), complete=True) == []


def test_where_nothing_ends_any_more_something_hangs() -> None:
    assert told(*handled(40, every=0.05), at=60.0) == []


def test_where_every_event_was_handled_something_else_is_in_flight() -> None:
    assert told(*handled(101, every=0.0198)) == []


def test_saturation_is_a_cause_and_no_verdict_of_its_own() -> None:
    settled = Settled(12.0, "end", False)
    (finding,) = saturation(a_history(*EVENTS, *handled(40, every=0.05), settled, settled=False))

    assert (finding.cause, finding.severity, finding.count) == (Cause.SATURATION, Severity.UNKNOWN, 61)
