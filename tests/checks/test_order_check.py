from harness.checks.findings import evidence_of
from harness.checks.order import check
from harness.checks.verdict import CheckResult, Verdict
from harness.record.observation import Observation
from tests.checks.histories import a_client, a_history, a_message, a_scenario, an_event

ORDERED = a_scenario(clients={name: {} for name in ("alice", "bob", "a", "b")}, expect={"order": True})
THERE = tuple(one for name in ("alice", "bob", "a") for one in a_client(name))
EVERYWHERE = (*THERE, *a_client("b", channel="market.ETH-PERP"))
FIRST, SECOND, THIRD = (an_event(f"e{number}", at=10.0 + number) for number in (1, 2, 3))


def judged(*observations: Observation) -> CheckResult | None:
    return check(ORDERED, a_history(EVERYWHERE, *observations))


def test_messages_in_the_order_of_publishing_pass() -> None:
    result = judged(FIRST, SECOND, a_message("alice", FIRST), a_message("alice", SECOND))

    assert result is not None
    assert (result.verdict, result.summary) == (Verdict.PASS, "2 messages arrived in the order of publishing")
    assert result.counts == {"streams": 1, "messages": 2, "out_of_order": 0}


def test_a_message_after_one_that_was_published_later_fails() -> None:
    late, early = a_message("alice", FIRST, after=5.0), a_message("alice", SECOND)

    result = judged(FIRST, SECOND, late, early)

    assert result is not None
    assert (result.verdict, result.summary) == (Verdict.FAIL, "1 message arrived out of order")
    assert result.counts == {"streams": 1, "messages": 2, "out_of_order": 1}
    (finding,) = result.findings
    assert finding.what == (
        "alice received e1 (trade on market.BTC-PERP) after e2 (trade on market.BTC-PERP), "
        "which was published 1 s later"
    )
    assert finding.evidence == tuple(map(evidence_of, (FIRST, SECOND, early, late)))


def test_all_that_came_out_of_order_on_a_channel_is_one_finding() -> None:
    newest = (a_message("alice", THIRD), a_message("bob", THIRD))
    older = (a_message("alice", FIRST, after=9.0), a_message("bob", SECOND, after=9.0))

    result = judged(FIRST, SECOND, THIRD, *newest, *older)

    assert result is not None
    assert [one.what for one in result.findings] == [
        "2 events arrived out of order (e1, e2), at alice and bob; all trade: e1 after e3, "
        "which was published 2 s later"
    ]


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
        a_message("b", other_channel, after=5.0),
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
    result = judged(FIRST, a_message("alice", FIRST), a_message("bob", FIRST))

    assert result is not None
    assert (result.verdict, result.summary) == (
        Verdict.UNKNOWN,
        "no client received two messages of one channel",
    )
    assert result.counts == {"streams": 2, "messages": 2, "out_of_order": 0}


def test_order_is_not_judged_unless_it_is_expected() -> None:
    assert check(a_scenario(), a_history(FIRST, a_message("alice", FIRST))) is None
