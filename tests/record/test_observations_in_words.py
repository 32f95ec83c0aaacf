import pytest

from harness.record.observation import (
    KINDS,
    ClientClosed,
    ClientConnected,
    ClientConnecting,
    ClientLeft,
    ClientRefused,
    ConnectionAsked,
    ConnectionClosed,
    ConnectionOpened,
    ConnectionPosted,
    EventPublished,
    FunctionLogged,
    InsideHidden,
    InvocationEnded,
    InvocationStarted,
    LoopLag,
    MessageReceived,
    NotPlayed,
    Observation,
    ObservationsLost,
    PlatformLogged,
    PostRefused,
    PublishFailed,
    RecordingBegan,
    RecordingEnded,
    ReplySent,
    RouteAnswered,
    RowDeleted,
    RowsFound,
    RowWritten,
    Sent,
    Settled,
    SubscriptionSent,
)

CASES: tuple[tuple[Observation, str], ...] = (
    (ClientConnecting(1, "alice"), "alice began to connect"),
    (ClientConnected(1, "alice"), "alice connected"),
    (ClientRefused(1, "alice", 403, "Forbidden"), "alice was refused with 403 (Forbidden)"),
    (SubscriptionSent(1, "alice", "market.BTC"), "alice asked for market.BTC"),
    (MessageReceived(1, "alice", '{"a":1}', "e1"), 'alice received e1: {"a":1}'),
    (MessageReceived(1, "alice", "pong"), "alice received a message: pong"),
    (ClientLeft(1, "alice"), "alice began to leave"),
    (ClientLeft(1, "alice", vanished=True), "alice vanished"),
    (ClientClosed(1, "alice", 1006), "alice was closed with 1006"),
    (EventPublished(1, 1, "e1", "trade", ("a", "b"), "{}", "m"), "e1 published to a and b: {}"),
    (EventPublished(1, 1, "e1", "trade", (), "{}", "m"), "e1 published to no channel: {}"),
    (PublishFailed(1, 1, "e1", "refused"), "e1 not accepted by SNS: refused"),
    (LoopLag(1, 0.0123), "the crowd's loop woke 12 ms late"),
    (Settled(1, "end", complete=True), "settled at the end"),
    (Settled(1, "end", complete=False, detail="1 message"), "not settled at the end (1 message)"),
    (RowsFound(1, ("c1", "c2")), "rows found of c1, c2"),
    (RowsFound(1, ()), "rows found of no connection"),
    (InsideHidden(1, "it is AWS"), "nothing of the inside is seen: it is AWS"),
    (NotPlayed(1, "no such setting"), "the scenario was not played: no such setting"),
    (ObservationsLost(1, 5), "5 observations lost"),
    (ConnectionOpened(1, "c", None), "connection c opened for a stranger"),
    (ConnectionClosed(1, "c", 1001, "Going away"), "connection c closed with 1001 (Going away)"),
    (ConnectionPosted(1, "c", 410, "r"), "connection c posted to, answered 410 by r"),
    (ConnectionAsked(1, "c", "GET", 410, "r"), "connection c asked for by GET, answered 410 by r"),
    (
        PostRefused(1, "http://h", 403, "no such API"),
        "posted to http://h, answered 403: no such API",
    ),
    (ReplySent(1, "c", 2, "d", "r"), "connection c replied to by r"),
    (
        RouteAnswered(1, "r", "connect", "$connect", "c", 502, "None: not a response"),
        "connect answered $connect with None: not a response (r)",
    ),
    (RouteAnswered(1, "r", "say", "say", "c", 500), "say answered say with 500 (r)"),
    (Sent(1, "m", "queue", origin="s"), "m sent to queue out of s"),
    (RecordingBegan(1, 0, 0), "recording began"),
    (RecordingEnded(1, 5, 7), "recording ended"),
    (InvocationStarted(1, "r", "fan_out", cold=True), "fan_out started r, cold"),
    (InvocationEnded(1, "r", "fan_out"), "fan_out ended r"),
    (InvocationEnded(1, "r", "fan_out", "KeyError"), "fan_out failed r: KeyError"),
    (FunctionLogged(1, "fan_out", "hello\n"), "fan_out logged: hello"),
    (PlatformLogged(1, "fan_out", "END RequestId: r"), "fan_out was logged: END RequestId: r"),
    (RowWritten(1, "T", "WS#c", "PutItem", "r"), "row WS#c of T written by PutItem by r"),
    (RowDeleted(1, "T", "WS#c"), "row WS#c of T deleted"),
)


@pytest.mark.parametrize(("observation", "words"), CASES, ids=[words for _, words in CASES])
def test_an_observation_is_told(observation: Observation, words: str) -> None:
    assert observation.words == words


def test_every_kind_of_observation_is_told() -> None:
    assert {type(observation) for observation, _ in CASES} == set(KINDS.values())


def test_a_kind_without_words_cannot_be_declared() -> None:
    with pytest.raises(TypeError, match="Mute does not say in words what was seen"):
        type("Mute", (Observation,), {})
    assert "Mute" not in KINDS


@pytest.mark.parametrize(
    ("line", "words"),
    [
        pytest.param("x\n" * 200, f"f logged: {'x ' * 44}x…", id="long"),
        pytest.param("a  b\tc\r\n", "f logged: a b c", id="spaces and line ends"),
        pytest.param("a\x1fb\rc", "f logged: a\x1fb\rc", id="control characters are no spaces"),
    ],
)
def test_long_texts_are_shortened_to_one_line(line: str, words: str) -> None:
    assert FunctionLogged(1, "f", line).words == words
