import json
from dataclasses import replace

import pytest

from harness.checks.completeness import completeness_of
from harness.checks.findings import evidence_of
from harness.checks.judge import weighed
from harness.checks.routing import check
from harness.checks.verdict import Cause, CheckResult, Finding, Severity, Verdict
from harness.record.history import History
from harness.record.observation import (
    ClientConnected,
    ClientConnecting,
    ClientRefused,
    ConnectionPosted,
    EventPublished,
    InsideHidden,
    InvocationEnded,
    InvocationStarted,
    MessageReceived,
    Observation,
    PostRefused,
    PublishFailed,
    ReplySent,
    RowDeleted,
    RowWritten,
    Sent,
    Settled,
    SubscriptionSent,
    digest_of,
)
from harness.scenario.model import Scenario
from tests.checks.histories import (
    MARKET,
    Observations,
    a_client,
    a_fan_out,
    a_history,
    a_message,
    a_post,
    a_scenario,
    an_event,
    its_connection,
)

ALICE = a_client("alice")
EVE = a_client("eve", channel="market.ETH-PERP")
TWO_CLIENTS = a_scenario(clients={"alice": {}, "eve": {}})
EVENT = an_event("e17", at=11.0)
NAMES = (
    "events",
    "expected",
    "received",
    "lost",
    "leaked",
    "duplicated",
    "altered",
    "misnamed",
    "late",
    "stray",
    "wrapped",
    "replies",
    "others",
)


def counts(**others: float) -> dict[str, float]:
    return dict.fromkeys(NAMES, 0) | others


def judged_in(scenario: Scenario, history: History) -> CheckResult:
    return weighed(check(scenario, history), completeness_of(history))


def judged(*observations: Observations, settled: bool = True) -> CheckResult:
    return judged_in(TWO_CLIENTS, a_history(*observations, settled=settled))


def told(result: CheckResult) -> list[tuple[str, str]]:
    return [(one.kind, one.what) for one in result.findings]


def seen_in(finding: Finding) -> list[str]:
    return [one.words for one in finding.evidence]


def words_of(*observations: Observation) -> list[str]:
    return [evidence_of(one).words for one in observations]


def test_everything_that_was_expected_and_nothing_else_passes() -> None:
    result = judged(ALICE, EVE, EVENT, a_message("alice", EVENT))

    assert (result.verdict, result.findings, result.counts) == (
        Verdict.PASS,
        (),
        counts(events=1, expected=1, received=1),
    )
    assert result.summary == "1 of 1 expected messages arrived, nothing else"


def test_events_that_rightly_reach_nobody_pass() -> None:
    result = judged(EVE, EVENT)

    assert (result.verdict, result.summary) == (
        Verdict.PASS,
        "1 event rightly had no receiver, nothing else",
    )


def test_a_message_that_never_came_is_lost() -> None:
    result = judged(ALICE, EVENT)

    assert (result.verdict, result.counts) == (Verdict.FAIL, counts(events=1, expected=1, lost=1))
    assert result.summary == "0 of 1 expected messages arrived, nothing else"
    assert told(result) == [("lost", "alice never received e17 (trade on market.BTC-PERP)")]
    assert seen_in(result.findings[0]) == words_of(
        ClientConnected(1.1, "alice"), SubscriptionSent(1.2, "alice", "market.BTC-PERP"), EVENT
    )


NOWHERE = PostRefused(11.015, "http://localhost/@connections/c-alice", 403, "no such API", "r-e17")
DELETED = (
    InvocationStarted(11.0, "p", "purger"),
    RowDeleted(11.001, "rooms", "WS#c-alice", "p"),
    InvocationEnded(11.002, "p", "purger"),
)


@pytest.mark.parametrize(
    ("inside", "says"),
    [
        pytest.param((), ": no function was handed it", id="nobody was invoked"),
        pytest.param(a_fan_out(EVENT, {"c-eve": 200}), ": no function posted it", id="nobody posted"),
        pytest.param(
            a_fan_out(EVENT, {"c-alice": 500}), ": the post to it was answered 500", id="the post failed"
        ),
        pytest.param(
            a_fan_out(EVENT, {"c-alice": 200}),
            ": it was posted and answered 200, and nothing arrived",
            id="the message got lost",
        ),
        pytest.param(
            (*a_fan_out(EVENT, {}), NOWHERE),
            ": fan_out posted it to http://localhost/@connections/c-alice: 403, no such API",
            id="it was posted to nowhere",
        ),
        pytest.param(
            (*DELETED, *a_fan_out(EVENT, {})),
            ": no function posted it, its row had been deleted by purger before",
            id="its row was deleted",
        ),
        pytest.param(
            (*DELETED, RowWritten(11.003, "rooms", "WS#c-alice", "put"), *a_fan_out(EVENT, {})),
            ": no function posted it",
            id="its row was deleted and written again",
        ),
        pytest.param(
            (
                Sent(11.001, "q", "queue", origin="m-e17"),
                InvocationStarted(11.01, "r", "fan_out", messages=("q",)),
                InvocationEnded(11.02, "r", "fan_out"),
            ),
            ": no function posted it",
            id="it came through a queue, and was dropped",
        ),
        pytest.param(
            (
                InvocationStarted(11.01, "r", "fan_out", messages=("strange",)),
                InvocationEnded(11.02, "r", "fan_out"),
            ),
            ": nobody was seen to be handed it, but not all that was handed could be followed",
            id="something could not be followed",
        ),
    ],
)
def test_a_loss_tells_how_far_the_event_came_when(inside: tuple[Observation, ...], says: str) -> None:
    result = judged(ALICE, its_connection("alice"), EVENT, inside)

    lost = next(one for one in result.findings if one.kind == "lost")
    assert lost.what == f"alice never received e17 (trade on market.BTC-PERP){says}"
    kinds = (ConnectionPosted, PostRefused)
    posts = [one for one in inside if isinstance(one, kinds) and "alice" in one.words]
    assert [one for one in lost.evidence if "posted" in one.words] == [*map(evidence_of, posts)]


def test_a_message_at_somebody_who_must_not_see_it_is_a_leak() -> None:
    leaked = a_message("eve", EVENT)

    result = judged(ALICE, EVE, EVENT, a_message("alice", EVENT), leaked)

    what = "eve received e17 (trade on market.BTC-PERP), which only alice may see"
    assert (result.verdict, told(result)) == (Verdict.FAIL, [("leak", what)])
    assert result.summary == "1 of 1 expected messages arrived, 1 leaked"
    assert result.counts == counts(events=1, expected=1, received=2, leaked=1)
    assert seen_in(result.findings[0]) == words_of(EVENT, leaked)
    assert result.findings[0].cause is Cause.LEAK


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

    assert told(result) == [("duplicated", "alice received e17 (trade on market.BTC-PERP) twice")]
    assert seen_in(result.findings[0]) == words_of(EVENT, *twice)
    assert result.counts == counts(events=1, expected=1, received=2, duplicated=1)


def test_an_id_published_twice_must_arrive_twice() -> None:
    again = an_event("e17", at=12.0)
    messages = (a_message("alice", EVENT), a_message("alice", again))

    assert judged(ALICE, EVENT, again, messages).verdict is Verdict.PASS
    assert judged(ALICE, EVENT, again, messages[:1]).counts["lost"] == 1


def test_an_altered_message_is_no_loss_and_tells_where_it_differs() -> None:
    event = replace(EVENT, text='{"eventId":"e17","price":1.0}')
    message = MessageReceived(11.1, "alice", '{"eventId":"e17","price":1.5}')

    result = judged(ALICE, event, message)

    what = (
        "alice received e17 (trade on market.BTC-PERP) altered: "
        "it differs at price: 1.0 was published, 1.5 received"
    )
    assert told(result) == [("altered", what)]
    assert result.counts == counts(events=1, expected=1, received=1, altered=1)


def test_an_event_that_was_never_published_is_a_stray() -> None:
    stray = MessageReceived(12.0, "alice", json.dumps({"eventId": "ghost"}))

    result = judged(ALICE, its_connection("alice"), EVENT, a_message("alice", EVENT), stray)

    assert told(result) == [("stray", "alice received ghost, which was never published")]
    assert result.verdict is Verdict.FAIL


def test_no_event_at_all_is_unknown() -> None:
    result = judged(ALICE)

    assert (result.verdict, result.summary) == (
        Verdict.UNKNOWN,
        "no event was published, so nothing was judged",
    )


def test_a_failed_publish_is_unknown_and_its_messages_are_nobodys_fault() -> None:
    failed = PublishFailed(12.0, 12.0, "e18", "timed out")
    maybe = MessageReceived(12.1, "alice", '{"eventId":"e18"}')

    result = judged(ALICE, EVENT, a_message("alice", EVENT), failed, maybe)

    assert (result.verdict, result.findings) == (Verdict.UNKNOWN, ())
    assert result.summary == "1 of 1 expected messages arrived, nothing else; 1 publish failed"


def test_a_loss_in_a_run_that_never_settled_is_unknown() -> None:
    ends = (Settled(10.0, "start", True), Settled(20.0, "end", False, "2 invocations in flight"))

    result = judged(ALICE, EVENT, ends, settled=False)

    assert result.verdict is Verdict.UNKNOWN
    assert "2 invocations in flight" in result.findings[0].what


def test_a_loss_in_a_torn_history_is_unknown_and_a_leak_is_none_the_less_one() -> None:
    leaked = (a_message("eve", EVENT), Settled(12.0, "end", True))
    torn = History((*ALICE, *EVE, EVENT, *leaked), torn=True)

    result = judged_in(TWO_CLIENTS, torn)

    assert result.verdict is Verdict.FAIL
    assert [(one.kind, one.severity) for one in result.findings] == [
        ("leak", Severity.FAIL),
        ("lost", Severity.UNKNOWN),
    ]


def test_what_has_one_cause_is_one_finding_with_exact_counts() -> None:
    scenario = a_scenario(clients={"btc": {"count": 11}})
    clients = tuple(one for number in range(11, 0, -1) for one in a_client(f"btc/{number}"))
    events = (an_event("e1", at=11.0), an_event("e2", at=12.0), an_event("e3", at=13.0))

    result = judged_in(scenario, a_history(clients, events))

    assert told(result) == [
        ("lost", "3 events never received (e1, e2, ...), each by all 11 of btc; all trade")
    ]
    assert result.findings[0].count == 33


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

    assert judged_in(allowing, a_history(ALICE, seen, EVENT, twice)).verdict is verdict


def handed(*attempts: tuple[str, str]) -> tuple[Observation, ...]:
    """The event's message was handed to functions: request and function of each attempt."""
    started = [
        InvocationStarted(11.05, request, function, messages=(EVENT.message_id,))
        for request, function in attempts
    ]
    ended = [InvocationEnded(11.4, request, function) for request, function in dict(attempts).items()]
    return (*started, *ended)


# --- attribution by what was posted ---------------------------------------------------------------------------

BOTH = (*ALICE, *EVE, *its_connection("alice"), *its_connection("eve"))
E1, E2, E3 = (an_event(f"e{number}", at=10.0 + number) for number in (1, 2, 3))
RIGHT = (*a_fan_out(E1, {"c-alice": 200}), a_message("alice", E1))


def pushed(published: EventPublished, text: str, *clients: str) -> tuple[Observation, ...]:
    """The event's invocation posts this text to these clients, and it arrives."""
    posts = dict.fromkeys((f"c-{client}" for client in clients), 200)
    messages = (MessageReceived(published.at + 0.05, client, text) for client in clients)
    return (published, *a_fan_out(published, posts, text=text), *messages)


@pytest.mark.parametrize(
    ("text", "differs"),
    [
        pytest.param('{"type":"trade"}', "; it differs at eventId, which is missing", id="without its id"),
        pytest.param(json.dumps({"batch": [json.loads(E1.text)]}), "", id="in a batch"),
        pytest.param(
            '{"p":1}', "; it differs: nothing of what was published is in it", id="in its own words"
        ),
        pytest.param("psst", "; it differs: it is no JSON, from character 1 on", id="in no JSON"),
    ],
)
def test_a_leak_is_one_whatever_it_looks_like(text: str, differs: str) -> None:
    leaked = (a_post("c-eve", text, at=11.03, request="r-e1"), MessageReceived(11.06, "eve", text))

    result = judged(BOTH, E1, RIGHT, leaked)

    what = f"eve received e1 (trade on market.BTC-PERP), which only alice may see{differs}; posted by fan_out"
    assert told(result) == [("leak", what)]
    assert result.findings[0].request == "r-e1"


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(json.dumps({"detail": json.loads(E1.text)}), id="in an object"),
        pytest.param(json.dumps([{"Sns": {"Message": E1.text}}]), id="in the records of SNS"),
    ],
)
def test_a_wrapped_event_is_the_event_and_that_is_told_once(text: str) -> None:
    result = judged(BOTH, pushed(E1, text, "alice"))

    assert (result.verdict, result.findings) == (Verdict.PASS, ())
    assert result.summary == "1 of 1 expected messages arrived, nothing else (all wrapped)"


def test_an_event_without_its_id_is_altered_and_not_lost() -> None:
    result = judged(BOTH, pushed(E1, '{"type":"trade"}', "alice"))

    what = (
        "alice received e1 (trade on market.BTC-PERP) altered: it differs at eventId, which is missing; "
        "posted by fan_out"
    )
    assert told(result) == [("altered", what)]


def test_where_anything_may_be_pushed_the_way_alone_tells() -> None:
    anything = a_scenario(clients={"alice": {}, "eve": {}}, feed={"payload": "any"})

    assert judged_in(anything, a_history(BOTH, pushed(E1, "tick", "alice"))).verdict is Verdict.PASS
    assert judged_in(anything, a_history(BOTH, pushed(E1, "tick", "alice", "eve"))).counts["leaked"] == 1


def test_a_message_holds_each_event_of_a_batch() -> None:
    text = json.dumps([json.loads(one.text) for one in (E1, E2)])
    queued = (Sent(12.1, "q1", "queue", origin="m-e1"), Sent(12.1, "q2", "queue", origin="m-e2"))
    handled = (
        InvocationStarted(12.2, "r", "fan_out", messages=("q1", "q2")),
        a_post("c-alice", text, at=12.3, request="r"),
        InvocationEnded(12.4, "r", "fan_out"),
    )

    result = judged(BOTH, E1, E2, queued, handled, MessageReceived(12.35, "alice", text))

    assert (result.verdict, result.counts) == (
        Verdict.PASS,
        counts(events=2, expected=2, received=2, wrapped=2),
    )


def test_of_a_batch_the_altered_one_is_the_one_that_is_missing() -> None:
    queued = (Sent(12.1, "q1", "queue", origin="m-e1"), Sent(12.1, "q2", "queue", origin="m-e2"))
    handled = (
        InvocationStarted(12.2, "r", "fan_out", messages=("q1", "q2")),
        a_post("c-alice", "?", at=12.3, request="r"),
        a_post("c-alice", E1.text, at=12.3, request="r"),
        InvocationEnded(12.4, "r", "fan_out"),
    )
    arrived = (MessageReceived(12.35, "alice", "?"), MessageReceived(12.36, "alice", E1.text))

    result = judged(BOTH, E1, E2, queued, handled, arrived)

    what = "alice received e2 (trade on market.BTC-PERP) (or one of 1 other that its invocation was handed) altered: "
    assert [one.kind for one in result.findings] == ["altered"]
    assert result.findings[0].what.startswith(what)


def test_a_payload_that_names_another_event_than_was_handed_is_told_first() -> None:
    stale = pushed(E2, E1.text, "alice")

    result = judged(BOTH, E1, RIGHT, stale)

    what = "alice received a message that names e1, but its invocation was handed e2; posted by fan_out"
    assert told(result) == [("wrong event", what)]
    assert result.counts["lost"] == result.counts["duplicated"] == 0


def test_an_event_with_the_id_of_another_names_it() -> None:
    wrong = pushed(E2, json.dumps({"eventId": "e1", "type": "trade", "n": 2}), "alice")

    result = judged(BOTH, E1, RIGHT, wrong)

    what = "alice received a message that names e1, but its invocation was handed e2; posted by fan_out"
    assert told(result) == [("wrong event", what)]


def test_an_event_that_is_posted_by_a_later_invocation_is_late() -> None:
    alone = (E1, *a_fan_out(E1, {}))
    thawed = (a_post("c-alice", E1.text, at=13.02, request="r-e3"), MessageReceived(13.04, "alice", E1.text))

    result = judged(BOTH, alone, pushed(E3, E3.text, "alice"), thawed)

    what = (
        "e1 (trade on market.BTC-PERP) was posted to alice 1.98 s late, in e3's invocation: "
        "the handler had returned before; posted by fan_out"
    )
    assert told(result) == [("late", what)]
    assert result.counts["lost"] == 0


def test_an_event_that_its_invocation_put_into_a_table_is_not_late() -> None:
    buffered = (E1, *a_fan_out(E1, {}), RowWritten(11.02, "buffer", "1", "put", "r-e1"))
    flushed = (a_post("c-alice", E1.text, at=13.02, request="r-e3"), MessageReceived(13.04, "alice", E1.text))

    assert judged(BOTH, buffered, pushed(E3, E3.text, "alice"), flushed).verdict is Verdict.PASS


def test_what_a_client_is_answered_is_no_push() -> None:
    text = '{"subscribed":true}'
    answered = (
        a_post("c-alice", text, at=1.22, request="subscribe-c-alice"),
        MessageReceived(1.23, "alice", text),
        ReplySent(1.24, "c-alice", 2, digest_of(b"ok"), "subscribe-c-alice"),
        MessageReceived(1.25, "alice", "ok"),
    )

    result = judged(BOTH, answered, E1, RIGHT)

    assert (result.verdict, result.counts["replies"]) == (Verdict.PASS, 2)


@pytest.mark.parametrize(("client", "leaked"), [("alice", 0), ("eve", 1)])
def test_a_reply_may_replay_private_events_to_those_only_who_were_ever_on_their_channel(
    client: str, leaked: int
) -> None:
    private = an_event(kind="orderUpdate", channel="trader.7f")
    there = (*a_client("alice", channel="trader.7f"), *EVE, *its_connection("alice"), *its_connection("eve"))
    text = f'{{"type":"snapshot","last":{private.text}}}'
    post = a_post(f"c-{client}", text, at=12.0, request=f"subscribe-c-{client}")
    replayed = (post, MessageReceived(12.1, client, text))

    result = judged(
        there, private, a_fan_out(private, {"c-alice": 200}), a_message("alice", private), replayed
    )

    assert [one.kind for one in result.findings] == ["privacy leak"] * leaked
    assert (result.counts["replies"], result.counts["leaked"]) == (1, leaked)


def test_what_is_posted_for_another_clients_message_is_a_stray() -> None:
    text = '{"alice":"is here"}'
    greeted = (
        a_post("c-eve", text, at=1.22, request="subscribe-c-alice"),
        MessageReceived(1.24, "eve", text),
    )

    result = judged(BOTH, greeted, E1, RIGHT)

    what = "eve received a message that belongs to no event: it was posted for alice; posted by subscribe"
    assert told(result) == [("stray", what)]


def test_what_the_feed_calls_no_push_is_none() -> None:
    tolerant = a_scenario(clients={"alice": {}, "eve": {}}, feed={"others": [{"type": "pong"}]})
    pong = MessageReceived(12.0, "eve", '{"type":"pong","at":1}')
    leaked = MessageReceived(12.0, "eve", '{"type":"pong","e":' + E1.text + "}")

    fine = judged_in(tolerant, a_history(BOTH, E1, RIGHT, pong))
    assert (fine.verdict, fine.counts["others"]) == (Verdict.PASS, 1)
    assert judged_in(tolerant, a_history(BOTH, E1, RIGHT, leaked)).counts["leaked"] == 1


def test_a_message_of_no_event_is_a_stray_and_unknown_where_the_inside_is_hidden() -> None:
    stray = MessageReceived(12.0, "eve", '{"hello":1}')

    seen = judged(BOTH, E1, RIGHT, stray)
    assert (seen.verdict, told(seen)) == (
        Verdict.FAIL,
        [("stray", "eve received a message that belongs to no event: no post of it was seen")],
    )
    hidden = judged(ALICE, EVE, InsideHidden(0.0, "it is AWS"), E1, a_message("alice", E1), stray)
    assert hidden.verdict is Verdict.UNKNOWN
    assert "it carries no id of an event" in hidden.findings[0].what


def test_without_ids_a_message_is_known_by_its_text_where_the_inside_is_hidden() -> None:
    anonymous = a_scenario(clients={"alice": {}, "eve": {}}, feed={"event_id": "none"})
    event = replace(E1, text='{"type":"trade","n":1}')
    seen = (ALICE, EVE, InsideHidden(0.0, "it is AWS"), event, a_message("alice", event))

    assert judged_in(anonymous, a_history(*seen)).verdict is Verdict.PASS
    assert judged_in(anonymous, a_history(*seen, a_message("eve", event))).counts["leaked"] == 1


def test_a_message_after_everything_had_settled_is_a_finding() -> None:
    late = (a_post("c-alice", E2.text, at=111.9, request="r-e2"), MessageReceived(112.0, "alice", E2.text))

    result = judged(BOTH, E1, RIGHT, E2, a_fan_out(E2, {}), late)

    assert (
        "after the end",
        "alice received e2 12 s after everything had settled; posted by fan_out",
    ) in told(result)
    assert result.verdict is Verdict.FAIL


def test_an_envelope_that_holds_its_event_may_name_others() -> None:
    text = json.dumps({"eventId": "envelope-1", "after": {"eventId": "e1"}, "detail": json.loads(E2.text)})

    assert judged(BOTH, E1, RIGHT, pushed(E2, text, "alice")).verdict is Verdict.PASS


@pytest.mark.parametrize(
    ("group", "verdict", "says"),
    [
        pytest.param(
            {"subscribe": MARKET},
            Verdict.UNKNOWN,
            "everybody was refused, so that nobody could receive what was published, nothing else",
            id="against the scenario",
        ),
        pytest.param(
            {"refused": 403}, Verdict.PASS, "1 event rightly had no receiver, nothing else", id="as it wants"
        ),
    ],
)
def test_where_everybody_was_refused(group: dict[str, object], verdict: Verdict, says: str) -> None:
    scenario = a_scenario(clients={"alice": group})
    history = a_history(ClientConnecting(1.0, "alice"), ClientRefused(1.1, "alice", 502), an_event())

    result = check(scenario, history)

    assert (result.verdict, result.summary) == (verdict, says)
