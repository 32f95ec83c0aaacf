from typing import get_args

import pytest

from harness.record.observation import (
    ClientClosed,
    ClientConnected,
    ClientConnecting,
    ClientLeft,
    ClientRefused,
    ConnectionClosed,
    ConnectionOpened,
    ConnectionPosted,
    EventPublished,
    FrameReceived,
    FunctionLogged,
    InsideHidden,
    InvocationEnded,
    InvocationStarted,
    LoopLag,
    NotPlayed,
    Observation,
    ObservationsLost,
    PublishFailed,
    RowDeleted,
    RowsFound,
    RowWritten,
    Settled,
    SubscriptionSent,
)
from harness.reports.plain import plain, shortened
from harness.reports.words import told

CASES: tuple[tuple[Observation, str], ...] = (
    (ClientConnecting(1, "alice"), "alice began to connect"),
    (ClientConnected(1, "alice"), "alice connected"),
    (ClientRefused(1, "alice", 403, "Forbidden"), "alice was refused with 403 (Forbidden)"),
    (SubscriptionSent(1, "alice", "market.BTC"), "alice asked for market.BTC"),
    (FrameReceived(1, "alice", '{"a":1}', "e1"), 'alice received e1: {"a":1}'),
    (FrameReceived(1, "alice", "pong"), "alice received a frame: pong"),
    (ClientLeft(1, "alice"), "alice began to leave"),
    (ClientLeft(1, "alice", vanished=True), "alice vanished"),
    (ClientClosed(1, "alice", 1006), "alice was closed with 1006"),
    (EventPublished(1, 1, "e1", "trade", ("a", "b"), "{}", "m"), "e1 published to a and b: {}"),
    (EventPublished(1, 1, "e1", "trade", (), "{}", "m"), "e1 published to no channel: {}"),
    (PublishFailed(1, 1, "e1", "refused"), "e1 not accepted by SNS: refused"),
    (LoopLag(1, 0.0123), "the crowd's loop woke 12 ms late"),
    (Settled(1, "end", complete=True), "settled at the end"),
    (Settled(1, "end", complete=False, detail="1 frame"), "not settled at the end (1 frame)"),
    (RowsFound(1, ("c1", "c2")), "rows found of c1, c2"),
    (RowsFound(1, ()), "rows found of no connection"),
    (InsideHidden(1, "it is AWS"), "nothing of the inside is seen: it is AWS"),
    (NotPlayed(1, "no such setting"), "the scenario was not played: no such setting"),
    (ObservationsLost(1, 5), "5 observations lost"),
    (ConnectionOpened(1, "c", None), "connection c opened for a stranger"),
    (ConnectionClosed(1, "c", 1001, "Going away"), "connection c closed with 1001 (Going away)"),
    (ConnectionPosted(1, "c", 410, "r"), "connection c posted to, answered 410 by r"),
    (InvocationStarted(1, "r", "fan_out", cold=True), "fan_out started r, cold"),
    (InvocationEnded(1, "r", "fan_out"), "fan_out ended r"),
    (InvocationEnded(1, "r", "fan_out", "KeyError"), "fan_out failed r: KeyError"),
    (FunctionLogged(1, "fan_out", "hello\n"), "fan_out logged: hello"),
    (RowWritten(1, "T", "WS#c", "PutItem", "r"), "row WS#c of T written by PutItem by r"),
    (RowDeleted(1, "T", "WS#c"), "row WS#c of T deleted"),
)


@pytest.mark.parametrize(("observation", "words"), CASES, ids=[words for _, words in CASES])
def test_an_observation_is_told(observation: Observation, words: str) -> None:
    assert told(observation, timeline_at=1.0) == f"+0.000 s  {words}"


def test_every_kind_of_observation_is_told() -> None:
    assert {type(observation) for observation, _ in CASES} == set(get_args(Observation))


def test_times_count_from_the_begin_of_the_timeline() -> None:
    assert told(ClientConnected(8.7654, "alice"), timeline_at=10.0) == "-1.235 s  alice connected"


def test_long_texts_are_shortened_to_one_line() -> None:
    assert told(FunctionLogged(1, "f", "x\n" * 200), timeline_at=1.0) == f"+0.000 s  f logged: {'x ' * 44}x…"
    assert shortened("a  b\tc", 5) == "a b c"


@pytest.mark.parametrize(
    ("text", "harmless"),
    [
        pytest.param("tab\tand\nnewline", "tab\tand\nnewline", id="tab and newline stay"),
        pytest.param("\x1b[31mred", "\ufffd[31mred", id="escape"),
        pytest.param("a\x00b\x7fc\x9bd", "a\ufffdb\ufffdc\ufffdd", id="controls"),
        pytest.param("\ud800", "\ufffd", id="half a character"),
        pytest.param("\u202eevil", "\ufffdevil", id="right to left"),
        pytest.param("one\r\ntwo", "one\ntwo", id="line ends of Windows"),
        pytest.param("✔ ∞ 漢字 🎉", "✔ ∞ 漢字 🎉", id="all else stays"),
    ],
)
def test_control_characters_are_replaced(text: str, harmless: str) -> None:
    assert plain(text) == harmless
