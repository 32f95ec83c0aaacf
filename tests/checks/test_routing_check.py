import json

import pytest

from harness.checks.findings import evidence_of, finding_of
from harness.checks.routing import check
from harness.checks.verdict import CheckResult, Verdict
from harness.record.observation import (
    ClientConnected,
    ConnectionPosted,
    EventPublished,
    InvocationEnded,
    InvocationStarted,
    MessageReceived,
    Observation,
    PublishFailed,
    Settled,
    SubscriptionSent,
)
from tests.checks.histories import (
    a_client,
    a_fan_out,
    a_history,
    a_message,
    a_scenario,
    an_event,
    its_connection,
)

ALICE = a_client("alice")
EVE = a_client("eve", channel="market.ETH-PERP")
TWO_CLIENTS = a_scenario(clients={"alice": {}, "eve": {}})
EVENT = an_event("e17", at=11.0)


def counts(**others: float) -> dict[str, float]:
    names = ("events", "expected", "received", "lost", "leaked", "duplicated", "altered", "stray")
    return dict.fromkeys(names, 0) | others


def judged(*observations: Observation | tuple[Observation, ...], settled: bool = True) -> CheckResult:
    return check(TWO_CLIENTS, a_history(*observations, settled=settled))


def test_everything_that_was_expected_and_nothing_else_passes() -> None:
    assert judged(ALICE, EVE, EVENT, a_message("alice", EVENT)) == CheckResult(
        "routing",
        Verdict.PASS,
        "1 of 1 expected messages arrived, nothing else",
        counts=counts(events=1, expected=1, received=1),
    )


def test_events_that_rightly_reach_nobody_pass() -> None:
    result = judged(EVE, EVENT)

    assert (result.verdict, result.summary) == (
        Verdict.PASS,
        "1 event rightly had no receiver, nothing else",
    )


def test_a_message_that_never_came_is_lost() -> None:
    result = judged(ALICE, EVENT)

    assert result == CheckResult(
        "routing",
        Verdict.FAIL,
        "0 of 1 expected messages arrived, nothing else",
        (
            finding_of(
                "lost",
                "alice never received e17 (trade on market.BTC-PERP)",
                ClientConnected(1.1, "alice"),
                SubscriptionSent(1.2, "alice", "market.BTC-PERP"),
                EVENT,
            ),
        ),
        counts(events=1, expected=1, lost=1),
    )


@pytest.mark.parametrize(
    ("inside", "says"),
    [
        pytest.param((), ": no function was handed it", id="nobody was invoked"),
        pytest.param(a_fan_out(EVENT, {"c-eve": 200}), ": no function posted it", id="nobody posted"),
        pytest.param(
            a_fan_out(EVENT, {"c-alice": 500}), ": the post to it was answered 500", id="the post failed"
        ),
    ],
)
def test_a_loss_tells_how_far_the_event_came_when(inside: tuple[Observation, ...], says: str) -> None:
    result = judged(ALICE, its_connection("alice"), EVENT, inside)

    (finding,) = result.findings
    assert finding.what == f"alice never received e17 (trade on market.BTC-PERP){says}"
    posts = [one for one in inside if isinstance(one, ConnectionPosted) and one.connection == "c-alice"]
    assert [one for one in finding.evidence if one.fields["kind"] == "ConnectionPosted"] == [
        *map(evidence_of, posts)
    ]


def test_a_message_at_somebody_who_must_not_see_it_is_a_leak() -> None:
    leaked = a_message("eve", EVENT)

    result = judged(ALICE, EVE, EVENT, a_message("alice", EVENT), leaked)

    what = "eve received e17 (trade on market.BTC-PERP), which only alice may see"
    assert result == CheckResult(
        "routing",
        Verdict.FAIL,
        "1 of 1 expected messages arrived, 1 leaked",
        (finding_of("leak", what, EVENT, leaked),),
        counts(events=1, expected=1, received=2, leaked=1),
    )


@pytest.mark.parametrize("channel", ["trader.7f", "admin.BTC-PERP"])
def test_a_leak_of_a_private_channel_is_a_privacy_leak(channel: str) -> None:
    private = an_event(kind="orderUpdate", channel=channel)

    result = judged(EVE, private, a_message("eve", private))

    what = f"privacy leak: eve received e1 (orderUpdate on {channel}), which nobody may see"
    assert [(one.kind, one.what) for one in result.findings] == [("privacy leak", what)]


def test_a_message_at_somebody_who_is_just_leaving_is_neither_needed_nor_leaked() -> None:
    joining = (ClientConnected(10.9, "alice"), SubscriptionSent(10.95, "alice", "market.BTC-PERP"))

    assert judged(joining, EVENT).verdict is Verdict.UNKNOWN
    assert judged(joining, EVENT, a_message("alice", EVENT)).counts["leaked"] == 0


def test_the_same_event_twice_is_a_duplicate() -> None:
    twice = (a_message("alice", EVENT), a_message("alice", EVENT, after=0.2))

    result = judged(ALICE, EVENT, twice)

    what = "alice received e17 (trade on market.BTC-PERP) twice"
    assert result.findings == (finding_of("duplicated", what, EVENT, *twice),)
    assert result.counts == counts(events=1, expected=1, received=2, duplicated=1)


def test_an_id_published_twice_must_arrive_twice() -> None:
    again = an_event("e17", at=12.0)
    messages = (a_message("alice", EVENT), a_message("alice", again))

    assert judged(ALICE, EVENT, again, messages).verdict is Verdict.PASS
    assert judged(ALICE, EVENT, again, messages[:1]).counts["lost"] == 1


@pytest.mark.parametrize(
    ("text", "altered"),
    [
        pytest.param('{"eventId":"e1","price":1.0,"size":[1,2]}', False, id="the same text"),
        pytest.param('{ "size": [1, 2], "price": 1, "eventId": "e1" }', False, id="the same value"),
        pytest.param('{"eventId":"e1","price":1.5,"size":[1,2]}', True, id="another number"),
        pytest.param('{"eventId":"e1","price":true,"size":[1,2]}', True, id="true for 1"),
        pytest.param('{"eventId":"e1","price":1.0,"size":[2,1]}', True, id="another order of an array"),
        pytest.param('{"eventId":"e1","price":1.0,"size":[1,2],"x":null}', True, id="one member more"),
        pytest.param('{"eventId":"e1"', True, id="half of it"),
    ],
)
def test_a_message_is_judged_by_its_json_value(text: str, altered: bool) -> None:
    event = EventPublished(
        11.0, 11.0, "e1", "trade", ("market.BTC-PERP",), '{"eventId":"e1","price":1.0,"size":[1,2]}', "m"
    )
    message = MessageReceived(11.1, "alice", text, "e1")

    result = judged(ALICE, event, message)

    what = "alice received e1 (trade on market.BTC-PERP) with another content than was published"
    assert result.findings == ((finding_of("altered", what, event, message),) if altered else ())


def test_an_event_that_was_never_published_is_a_stray() -> None:
    stray = MessageReceived(12.0, "alice", json.dumps({"eventId": "ghost"}), "ghost")

    result = judged(ALICE, EVENT, a_message("alice", EVENT), stray)

    assert result.findings == (finding_of("stray", "alice received ghost, which was never published", stray),)
    assert result.verdict is Verdict.FAIL


def test_no_event_at_all_is_unknown() -> None:
    result = judged(ALICE)

    assert (result.verdict, result.summary) == (
        Verdict.UNKNOWN,
        "no event was published, so nothing was judged",
    )


def test_a_failed_publish_is_unknown_and_its_messages_are_nobodys_fault() -> None:
    failed = PublishFailed(12.0, 12.0, "e18", "timed out")
    maybe = MessageReceived(12.1, "alice", "{}", "e18")

    result = judged(ALICE, EVENT, a_message("alice", EVENT), failed, maybe)

    assert (result.verdict, result.findings) == (Verdict.UNKNOWN, ())
    assert result.summary == "1 of 1 expected messages arrived, nothing else; 1 publish failed"


def test_a_loss_in_a_run_that_never_settled_fails_and_says_so() -> None:
    ends = (Settled(10.0, "start", True), Settled(20.0, "end", False, "2 invocations in flight"))

    result = judged(ALICE, EVENT, ends, settled=False)

    assert result.verdict is Verdict.FAIL
    assert result.summary == (
        "0 of 1 expected messages arrived, nothing else; the run had not settled: 2 invocations in flight"
    )


def test_a_loss_in_a_torn_history_fails_and_says_so() -> None:
    result = check(TWO_CLIENTS, a_history(ALICE, EVENT, torn=True))

    assert result.verdict is Verdict.FAIL
    assert result.summary == "0 of 1 expected messages arrived, nothing else; the history's end is torn off"


def test_losses_are_told_in_the_order_of_events_and_clients() -> None:
    scenario = a_scenario(clients={"btc": {"count": 11}})
    clients = tuple(one for number in range(11, 0, -1) for one in a_client(f"btc/{number}"))
    events = (an_event("e1", at=11.0), an_event("e2", at=12.0))

    result = check(scenario, a_history(clients, events))

    assert [one.what.split()[0] for one in result.findings] == [
        f"btc/{number}" for number in range(1, 12)
    ] * 2


def test_of_many_findings_a_hundred_are_kept_and_every_kind_is_among_the_first() -> None:
    private = an_event("secret", kind="orderUpdate", channel="trader.1")
    events = tuple(an_event(f"e{number}", at=11.0 + number / 1000) for number in range(300))
    leaks = tuple(a_message("eve", event) for event in events)

    result = judged(ALICE, EVE, private, a_message("eve", private), events, leaks)

    assert len(result.findings) == 100
    assert [one.kind for one in result.findings[:4]] == ["privacy leak", "leak", "lost", "leak"]
    assert (result.counts["lost"], result.counts["leaked"]) == (300, 301)


@pytest.mark.aws("S-8")
@pytest.mark.parametrize(
    ("attempts", "says"),
    [
        ([("r1", "fan-out"), ("r2", "fan-out")], ": SNS delivered its message twice"),
        ([("r1", "fan-out"), ("r2", "fan-out"), ("r3", "fan-out")], ": SNS delivered its message 3 times"),
        ([("r1", "fan-out"), ("r1", "fan-out")], ": Lambda tried its invocation twice"),
        ([("r1", "fan-out"), ("r2", "archive")], ": its function was handed it once"),
    ],
    ids=["SNS twice", "SNS three times", "Lambda twice", "once to each function"],
)
def test_a_duplicate_says_whose_it_is(attempts: list[tuple[str, str]], says: str) -> None:
    twice = (a_message("alice", EVENT), a_message("alice", EVENT, after=0.2))

    result = judged(ALICE, its_connection("alice"), EVENT, handed(*attempts), twice)

    what = f"alice received e17 (trade on market.BTC-PERP) twice{says}"
    assert (result.verdict, [one.what for one in result.findings]) == (Verdict.FAIL, [what])


@pytest.mark.aws("S-8")
@pytest.mark.parametrize(
    ("inside", "verdict"),
    [
        pytest.param([("r1", "fan-out"), ("r2", "fan-out")], Verdict.PASS, id="SNS delivered it twice"),
        pytest.param([("r1", "fan-out"), ("r1", "fan-out")], Verdict.PASS, id="Lambda tried it twice"),
        pytest.param([("r1", "fan-out")], Verdict.FAIL, id="the function posted it twice"),
        pytest.param([("r1", "fan-out"), ("r2", "archive")], Verdict.FAIL, id="another function got it too"),
        pytest.param(None, Verdict.PASS, id="nobody can tell"),
    ],
)
def test_a_scenario_may_allow_the_duplicates_of_delivery(
    inside: list[tuple[str, str]] | None, verdict: Verdict
) -> None:
    allowing = a_scenario(clients={"alice": {}, "eve": {}}, expect={"duplicates": "allowed"})
    seen = () if inside is None else (*its_connection("alice"), *handed(*inside))
    twice = (a_message("alice", EVENT), a_message("alice", EVENT, after=0.2))

    assert check(allowing, a_history(ALICE, seen, EVENT, twice)).verdict is verdict


def handed(*attempts: tuple[str, str]) -> tuple[Observation, ...]:
    """The event's message was handed to functions: request and function of each attempt."""
    started = [
        InvocationStarted(11.05, request, function, messages=(EVENT.message_id,))
        for request, function in attempts
    ]
    ended = [InvocationEnded(11.4, request, function) for request, function in dict(attempts).items()]
    return (*started, *ended)
