import pytest

from harness.checks.completeness import CHANGED, CUT_OFF, NOT_ENDED, TORN, completeness_of
from harness.checks.needs import ACTS, INVOCATIONS, POSTS, PUBLISHES, SETTLED, Need, messages_of
from harness.checks.verdict import Cause, Severity
from harness.record.history import Gap, History
from harness.record.observation import (
    InsideHidden,
    Observation,
    ObservationsLost,
    RecordingBegan,
    RecordingEnded,
    Settled,
)
from tests.checks.histories import a_client, a_fan_out, a_history, an_event, its_connection

EVERY = (SETTLED, ACTS, PUBLISHES, messages_of("alice"), POSTS, INVOCATIONS)
EVENT = an_event()
SEEN = (a_client("alice"), its_connection("alice"), EVENT, a_fan_out(EVENT, {"c-alice": 200}))
BEGAN, ENDED = RecordingBegan(0.5, 0, 0), RecordingEnded(101.0, 9, 9)
SETTLED_AT_START = Settled(10.0, "start", True)
SETTLED_AT_END = Settled(100.0, "end", True)


def seen(*others: Observation) -> tuple[Observation, ...]:
    return (*a_history(*SEEN, settled=False).observations, *others)


def told(history: History, *needs: Need) -> list[str | None]:
    complete = completeness_of(history)
    return [complete.lacks(need) for need in needs]


def test_a_history_that_began_and_ended_and_settled_lacks_nothing() -> None:
    history = History(seen(BEGAN, ENDED, SETTLED_AT_START, SETTLED_AT_END))

    assert told(history, *EVERY) == [None] * len(EVERY)
    assert list(completeness_of(history).findings()) == []


def test_a_history_that_numbers_nothing_ends_when_it_has_settled() -> None:
    assert told(a_history(*SEEN), *EVERY) == [None] * len(EVERY)


def test_a_history_that_is_cut_off_holds_what_was_seen_until_then() -> None:
    history = History(seen(BEGAN, SETTLED_AT_START))

    assert told(history, *EVERY) == [CUT_OFF] * len(EVERY)
    assert told(history, messages_of("alice", 11.0), POSTS.up_to(11.02)) == [None, None]
    assert told(history, messages_of("alice", 11.01), POSTS.up_to(11.05)) == [CUT_OFF, CUT_OFF]


def test_what_was_seen_after_settling_may_be_missing_of_a_history_that_did_not_end() -> None:
    history = History(seen(BEGAN, SETTLED_AT_START, SETTLED_AT_END))

    assert told(history, SETTLED, POSTS, ACTS) == [None, NOT_ENDED, NOT_ENDED]


def test_a_torn_history_ends_at_what_is_whole() -> None:
    history = History(seen(SETTLED_AT_START, SETTLED_AT_END), torn=True)

    assert told(history, SETTLED, POSTS) == [None, TORN]


def test_a_run_that_says_it_did_not_settle_lacks_only_that() -> None:
    history = History(seen(BEGAN, ENDED, SETTLED_AT_START, Settled(100.0, "end", False, "3 invocations")))

    in_flight = "something was still in flight at the end: 3 invocations"
    assert told(history, *EVERY) == [in_flight, *[None] * (len(EVERY) - 1)]
    (finding,) = completeness_of(history).findings()
    assert (finding.kind, finding.what, finding.cause, finding.severity) == (
        "not settled",
        in_flight,
        Cause.UNSETTLED,
        Severity.UNKNOWN,
    )


def test_a_gap_is_one_of_its_source_from_there_on() -> None:
    gap = Gap("inside", 4, 7, 11.02, 11.04)
    history = History(seen(BEGAN, ENDED, SETTLED_AT_START, SETTLED_AT_END), gaps=(gap,))

    missing = "3 observations of the inside are missing from the history, seen after 1.02 s and before 1.04 s"
    assert told(history, POSTS, POSTS.up_to(11.02), ACTS) == [missing, None, None]
    assert [one.what for one in completeness_of(history).findings()] == [missing]


def test_a_gap_at_the_very_beginning_is_one_of_everything() -> None:
    history = History(seen(ENDED, SETTLED_AT_START, SETTLED_AT_END), gaps=(Gap("clients", 0, 1, before=1.0),))

    missing = "1 observation of the clients is missing from the history, seen before -9 s"
    assert told(history, messages_of("alice", 1.0), POSTS) == [missing, None]


def test_a_history_that_was_changed_proves_no_absence() -> None:
    history = History(seen(BEGAN, ENDED, SETTLED_AT_START, SETTLED_AT_END), changed=True)

    assert told(history, *EVERY) == [CHANGED] * len(EVERY)


def test_observations_that_did_not_fit_are_some_of_the_inside() -> None:
    history = History(seen(BEGAN, ENDED, SETTLED_AT_START, SETTLED_AT_END, ObservationsLost(12.0, 1500)))

    lost = "1 500 observations of the inside did not fit into the emulator's journal"
    assert told(history, POSTS.up_to(5.0), ACTS, SETTLED) == [lost, None, None]


@pytest.mark.parametrize(
    ("seen_too", "reason"),
    [
        pytest.param(
            (InsideHidden(1.0, "AWS does not show its inside"),),
            "posts cannot be seen: AWS does not show its inside",
            id="hidden by the backend",
        ),
        pytest.param((), "posts cannot be seen: nothing of the inside was recorded", id="not recorded"),
    ],
)
def test_what_the_inside_hides_is_lacking_unless_the_rule_does_without(
    seen_too: tuple[Observation, ...], reason: str
) -> None:
    history = a_history(a_client("alice"), seen_too)

    assert told(history, POSTS, POSTS.where_shown(), ACTS) == [reason, None, None]
