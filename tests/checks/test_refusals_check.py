import json

import pytest

from harness.checks import refusals
from harness.checks.findings import finding_of
from harness.checks.judge import judge
from harness.checks.verdict import CheckResult, Finding, Verdict
from harness.record.history import History
from harness.record.observation import (
    ClientClosed,
    ClientConnected,
    ClientConnecting,
    ClientLeft,
    ClientRefused,
    ConnectionAsked,
    InvocationStarted,
    MessageReceived,
    Observation,
    SubscriptionSent,
)
from harness.scenario.model import Scenario
from tests.checks.bare import bare
from tests.checks.histories import a_client, a_history, a_message, a_scenario, an_event, its_connection

FORBIDDEN_HANDSHAKE = a_scenario(clients={"mallory": {"refused": 403}, "alice": {}})
FORBIDDEN_CHANNEL = a_scenario(clients={"mallory": {"subscribe": "trader.1", "refused": "FORBIDDEN"}})

CONNECTING, CONNECTED = ClientConnecting(1.0, "mallory"), ClientConnected(1.1, "mallory")
SENT = SubscriptionSent(1.2, "mallory", "trader.1")


def an_error_message(code: str, *, at: float = 1.5, client: str = "mallory") -> MessageReceived:
    return MessageReceived(at, client, json.dumps({"type": "error", "code": code}))


def check(scenario: Scenario, history: History) -> CheckResult:
    return bare(refusals.check(scenario, history))


def counts(**others: float) -> dict[str, float]:
    return dict.fromkeys(("demanded", "refused", "missing", "unexpected", "closed"), 0) | others


def test_nothing_refused_and_nothing_to_refuse_passes() -> None:
    event = an_event()
    greeting = MessageReceived(2.0, "alice", '{"type":"welcome"}')
    history = a_history(a_client("alice"), event, a_message("alice", event), greeting)

    assert check(a_scenario(), history) == CheckResult(
        "refusals", Verdict.PASS, "nothing was refused", counts=counts()
    )


# --- handshakes ---------------------------------------------------------------------------------------------


def test_a_handshake_refused_with_the_demanded_status_passes() -> None:
    history = a_history(CONNECTING, ClientRefused(1.1, "mallory", 403))

    assert check(FORBIDDEN_HANDSHAKE, history) == CheckResult(
        "refusals",
        Verdict.PASS,
        "1 of 1 demanded refusal seen, nothing else refused",
        counts=counts(demanded=1, refused=1),
    )


@pytest.mark.parametrize(
    ("answer", "finding"),
    [
        pytest.param(
            CONNECTED,
            finding_of(
                "not refused",
                "mallory's handshake was accepted; it must be refused with 403",
                CONNECTING,
                CONNECTED,
            ),
            id="accepted",
        ),
        pytest.param(
            ClientRefused(1.1, "mallory", 502),
            finding_of(
                "other status",
                "mallory's handshake was answered 502 instead of 403",
                ClientRefused(1.1, "mallory", 502),
            ),
            id="refused with another status",
        ),
    ],
)
def test_a_handshake_that_must_be_refused_fails_when_it_is(answer: Observation, finding: Finding) -> None:
    result = check(FORBIDDEN_HANDSHAKE, a_history(CONNECTING, answer))

    assert (result.verdict, result.findings) == (Verdict.FAIL, (finding,))
    assert result.counts == counts(demanded=1, missing=1)


@pytest.mark.parametrize(
    ("refused", "kind", "says"),
    [
        pytest.param(
            ClientRefused(1.1, "alice", 401, "Unauthorized"),
            "unexpected refusal",
            "alice's handshake was refused with 401 (Unauthorized); it must be accepted",
            id="a refusal",
        ),
        pytest.param(
            ClientRefused(1.1, "alice", 0, "timed out"),
            "connection failed",
            "alice's connection failed before an answer: timed out",
            id="no answer at all",
        ),
    ],
)
def test_a_handshake_that_must_be_accepted_fails_by(refused: ClientRefused, kind: str, says: str) -> None:
    result = check(a_scenario(), a_history(ClientConnecting(1.0, "alice"), refused))

    assert (result.verdict, result.findings) == (Verdict.FAIL, (finding_of(kind, says, refused),))


def test_refusals_that_nobody_provoked_are_unknown() -> None:
    result = check(FORBIDDEN_HANDSHAKE, a_history(a_client("alice")))

    assert (result.verdict, result.summary) == (Verdict.UNKNOWN, "nobody tried what must be refused")


def test_handshakes_refused_alike_are_one_finding() -> None:
    scenario = a_scenario(clients={"btc": {"count": 40}})
    refused = [ClientRefused(1.1, f"btc/{n}", 502, "Bad Gateway") for n in range(1, 41)]

    result = refusals.check(scenario, a_history(*refused, ClientRefused(1.2, "btc/1", 504)))

    assert [(one.count, one.what) for one in result.findings] == [
        (
            40,
            "btc/1's handshake was refused with 502 (Bad Gateway); it must be accepted; "
            "and 39 more (btc/2, btc/3, btc/4 and 36 others)",
        ),
        (1, "btc/1's handshake was refused with 504; it must be accepted"),
    ]
    assert result.counts == counts(unexpected=41)


# --- subscribe messages -------------------------------------------------------------------------------------


def test_a_subscribe_answered_with_the_demanded_code_passes() -> None:
    result = check(FORBIDDEN_CHANNEL, a_history(CONNECTING, CONNECTED, SENT, an_error_message("FORBIDDEN")))

    assert (result.verdict, result.counts) == (Verdict.PASS, counts(demanded=1, refused=1))


@pytest.mark.parametrize(
    ("messages", "finding"),
    [
        pytest.param(
            (),
            finding_of(
                "not refused",
                "mallory's subscribe to trader.1 was not refused; it must be answered FORBIDDEN",
                SENT,
            ),
            id="not answered",
        ),
        pytest.param(
            (an_error_message("BAD_CHANNEL"),),
            finding_of(
                "other code",
                "mallory's subscribe to trader.1 was answered 'BAD_CHANNEL' instead of 'FORBIDDEN'",
                SENT,
                an_error_message("BAD_CHANNEL"),
            ),
            id="answered with another code",
        ),
    ],
)
def test_a_subscribe_that_must_be_refused_fails_when_it_is(
    messages: tuple[MessageReceived, ...], finding: Finding
) -> None:
    result = check(FORBIDDEN_CHANNEL, a_history(CONNECTING, CONNECTED, SENT, messages))

    assert (result.verdict, result.findings) == (Verdict.FAIL, (finding,))


def test_an_error_message_from_before_answers_nothing() -> None:
    early = an_error_message("FORBIDDEN", at=1.15)

    result = check(FORBIDDEN_CHANNEL, a_history(CONNECTING, CONNECTED, early, SENT))

    assert [one.kind for one in result.findings] == ["not refused", "unexpected error message"]


def test_each_refused_subscribe_needs_an_error_message_of_its_own() -> None:
    step = {"subscribe": {"clients": "alice", "channel": "admin.BTC", "refused": "FORBIDDEN"}}
    scenario = a_scenario(timeline=[{"at": 1, **step}, {"at": 2, **step}])
    asked = tuple(SubscriptionSent(at, "alice", "admin.BTC") for at in (11.0, 12.0))

    result = check(
        scenario, a_history(a_client("alice"), asked, an_error_message("FORBIDDEN", at=12.1, client="alice"))
    )

    assert result.counts == counts(demanded=2, refused=1, missing=1)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        pytest.param('{"type":"error","code":"BAD_CHANNEL"}', "BAD_CHANNEL", id="the application's"),
        pytest.param(
            '{"message": "Internal server error", "connectionId":"c", "requestId":"r"}',
            "Internal server error",
            id="the gateway's",
        ),
    ],
)
def test_an_error_message_that_nothing_explains_fails(text: str, says: str) -> None:
    message = MessageReceived(2.0, "alice", text)

    result = check(a_scenario(), a_history(a_client("alice"), message))

    what = f"alice received an error message that nothing explains: {says}"
    assert (result.verdict, result.findings) == (
        Verdict.FAIL,
        (finding_of("unexpected error message", what, message),),
    )
    assert result.summary == "0 of 0 demanded refusals seen, 1 unexpected refusal"


@pytest.mark.parametrize("text", ["pong", "[1]", '{"type":"ack"}', '{"code":200}', '{"message":"hello"}'])
def test_other_messages_are_no_error_messages(text: str) -> None:
    history = a_history(a_client("alice"), MessageReceived(2.0, "alice", text))

    assert check(a_scenario(), history).verdict is Verdict.PASS


def test_the_feed_names_the_field_of_the_code() -> None:
    scenario = a_scenario(feed={"error_code_field": "error"})
    history = a_history(a_client("alice"), MessageReceived(2.0, "alice", '{"error":"NO"}'))

    assert check(scenario, history).verdict is Verdict.FAIL


# --- closes -------------------------------------------------------------------------------------------------


def test_who_throws_a_client_out_is_told() -> None:
    started = InvocationStarted(19.0, "r", "fan_out")
    asked, closed = ConnectionAsked(19.5, "c-alice", "DELETE", 204, "r"), ClientClosed(20.0, "alice", 1000)

    result = check(
        a_scenario(), a_history(a_client("alice"), its_connection("alice"), started, asked, closed)
    )

    what = "alice's connection was closed with 1000, but it had not left: fan_out deleted the connection"
    assert result.findings == (finding_of("unexpected close", what, asked, closed),)


def test_a_client_that_is_thrown_out_fails() -> None:
    closed = ClientClosed(20.0, "alice", 1001, "Going away")

    result = check(a_scenario(), a_history(a_client("alice"), closed))

    what = "alice's connection was closed with 1001 (Going away), but it had not left"
    assert (result.verdict, result.findings) == (
        Verdict.FAIL,
        (finding_of("unexpected close", what, closed),),
    )


@pytest.mark.parametrize("vanished", [False, True])
def test_a_client_that_left_or_vanished_may_be_closed(vanished: bool) -> None:
    left = (ClientLeft(20.0, "alice", vanished), ClientClosed(20.0, "alice", 1006))

    assert check(a_scenario(), a_history(a_client("alice"), left)).verdict is Verdict.PASS


def test_leaving_once_excuses_one_connection_only() -> None:
    left = (ClientLeft(20.0, "alice"), ClientClosed(20.1, "alice", 1000))
    history = a_history(
        a_client("alice"), left, a_client("alice", at=30.0), ClientClosed(40.0, "alice", 1006)
    )

    assert check(a_scenario(), history).counts["closed"] == 1


# --- histories that end too early ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("seen", "verdict"),
    [
        pytest.param((CONNECTING, CONNECTED, SENT), Verdict.UNKNOWN, id="an answer that may have come"),
        pytest.param(
            (CONNECTING, CONNECTED, SENT, an_error_message("FORBIDDEN")),
            Verdict.UNKNOWN,
            id="nothing wrong so far",
        ),
        pytest.param(
            (CONNECTING, ClientRefused(1.1, "mallory", 502)), Verdict.FAIL, id="a refusal that was seen"
        ),
    ],
)
def test_what_a_cut_history_does_not_show_is_unknown(seen: tuple[Observation, ...], verdict: Verdict) -> None:
    checks = {"refusals": refusals.check}
    (result,) = judge(FORBIDDEN_CHANNEL, a_history(*seen, settled=False), checks=checks).results
    assert result.verdict is verdict
