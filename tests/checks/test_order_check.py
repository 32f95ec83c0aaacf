from harness.checks.findings import finding_of
from harness.checks.order import check
from harness.checks.verdict import CheckResult, Verdict
from harness.record.observation import Observation
from tests.checks.histories import a_history, a_message, a_scenario, an_event

ORDERED = a_scenario(expect={"order": True})
FIRST, SECOND, THIRD = (an_event(f"e{number}", at=10.0 + number) for number in (1, 2, 3))


def judged(*observations: Observation) -> CheckResult | None:
    return check(ORDERED, a_history(*observations))


def test_messages_in_the_order_of_publishing_pass() -> None:
    assert judged(FIRST, SECOND, a_message("alice", FIRST), a_message("alice", SECOND)) == CheckResult(
        "order",
        Verdict.PASS,
        "2 messages arrived in the order of publishing",
        counts={"streams": 1, "messages": 2, "out_of_order": 0},
    )


def test_a_message_after_one_that_was_published_later_fails() -> None:
    late, early = a_message("alice", FIRST, after=5.0), a_message("alice", SECOND)

    result = judged(FIRST, SECOND, late, early)

    what = (
        "alice received e1 (trade on market.BTC-PERP) after e2 (trade on market.BTC-PERP), "
        "which was published 1 s later"
    )
    assert result == CheckResult(
        "order",
        Verdict.FAIL,
        "1 message arrived out of order",
        (finding_of("out of order", what, FIRST, SECOND, early, late),),
        {"streams": 1, "messages": 2, "out_of_order": 1},
    )


def test_one_late_message_is_one_finding_however_many_came_before_it() -> None:
    result = judged(
        FIRST, SECOND, THIRD, a_message("a", SECOND), a_message("a", THIRD), a_message("a", FIRST, after=9.0)
    )

    assert result is not None
    assert result.counts["out_of_order"] == 1


def test_channels_and_clients_have_no_order_among_each_other() -> None:
    other_channel = an_event("e0", at=10.5, channel="market.ETH-PERP")

    result = judged(
        other_channel,
        FIRST,
        SECOND,
        a_message("alice", FIRST),
        a_message("alice", SECOND),
        a_message("alice", other_channel, after=5.0),
        a_message("bob", FIRST, after=7.0),
    )

    assert result is not None
    assert (result.verdict, result.counts["streams"]) == (Verdict.PASS, 3)


def test_a_second_arrival_of_an_event_is_not_out_of_order() -> None:
    result = judged(
        FIRST, SECOND, a_message("a", FIRST), a_message("a", SECOND), a_message("a", FIRST, after=9.0)
    )

    assert result is not None
    assert result.verdict is Verdict.PASS


def test_events_published_at_one_instant_may_arrive_in_any_order() -> None:
    twin = an_event("twin", at=FIRST.at)

    result = judged(FIRST, twin, a_message("a", twin), a_message("a", FIRST, after=0.1))

    assert result is not None
    assert result.verdict is Verdict.PASS


def test_ids_published_twice_are_left_out() -> None:
    again = an_event("e1", at=20.0)

    result = judged(
        FIRST, again, SECOND, a_message("a", FIRST), a_message("a", SECOND), a_message("a", again)
    )

    assert result is not None
    assert (result.verdict, result.counts["messages"]) == (Verdict.UNKNOWN, 1)


def test_fewer_than_two_messages_of_one_channel_are_unknown() -> None:
    assert judged(FIRST, a_message("alice", FIRST), a_message("bob", FIRST)) == CheckResult(
        "order",
        Verdict.UNKNOWN,
        "no client received two messages of one channel",
        counts={"streams": 2, "messages": 2, "out_of_order": 0},
    )


def test_order_is_not_judged_unless_it_is_expected() -> None:
    assert check(a_scenario(), a_history(FIRST, a_message("alice", FIRST))) is None
