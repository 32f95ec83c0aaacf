import math
from dataclasses import fields

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from harness.record.history import History, UnreadableLineError, decode, encode
from harness.record.observation import (
    KINDS,
    ClientConnected,
    ClientLeft,
    EventPublished,
    FunctionLogged,
    InvocationStarted,
    MessageReceived,
    Observation,
    RecordingBegan,
    RecordingEnded,
    RowsFound,
)


def test_a_line_names_its_kind_and_then_the_fields() -> None:
    message = MessageReceived(12.5, "eth/2", '{"a":1}', "e17")

    assert encode(message) == (
        b'{"kind":"MessageReceived","at":12.5,"client":"eth/2","text":"{\\"a\\":1}","event":"e17"}\n'
    )


@given(st.sampled_from(tuple(KINDS.values())).flatmap(st.from_type))
def test_every_observation_is_decoded_to_what_was_encoded(observation: Observation) -> None:
    assume(all(_fits_json(getattr(observation, one.name)) for one in fields(observation)))

    line = encode(observation)

    assert line.count(b"\n") == 1
    assert decode(line) == observation


def _fits_json(value: object) -> bool:
    match value:
        case bool() | str() | None | tuple():
            return True
        case int():
            return abs(value) < 2**63
        case float():
            return math.isfinite(value)
    return False


def test_tuples_are_restored() -> None:
    started = InvocationStarted(1.0, "r", "fan_out", messages=("m1", "m2"))

    assert decode(encode(started)) == started
    assert decode(encode(RowsFound(1.0, ()))) == RowsFound(1.0, ())


def test_fields_with_a_default_may_be_left_out() -> None:
    assert decode(b'{"kind":"ClientLeft","at":1,"client":"alice"}') == ClientLeft(1.0, "alice")


def test_a_frame_of_old_histories_is_read_as_the_message_it_was() -> None:
    old = b'{"kind":"FrameReceived","at":1.0,"client":"alice","text":"{}","event":"e1"}'

    assert decode(old) == MessageReceived(1.0, "alice", "{}", "e1")


def test_half_characters_are_replaced() -> None:
    assert decode(encode(FunctionLogged(1.0, "f", "a\ud800b"))) == FunctionLogged(1.0, "f", "a\ufffdb")


@pytest.mark.parametrize(
    ("line", "says"),
    [
        pytest.param(b'{"kind":"Clie', "not JSON", id="half a line"),
        pytest.param(b"[1]", "not a JSON object: '[1]'", id="an array"),
        pytest.param(b'{"kind":"Nobody","at":1}', "unknown kind 'Nobody'", id="an unknown kind"),
        pytest.param(b'{"at":1}', "unknown kind None", id="no kind"),
        pytest.param(b'{"kind":["a"],"at":1}', "unknown kind ['a']", id="a kind that is no string"),
        pytest.param(
            b'{"kind":"ClientLeft","at":1,"client":"a","speed":2}',
            "ClientLeft has no field 'speed'",
            id="an unknown field",
        ),
        pytest.param(b'{"kind":"ClientLeft","at":1}', "ClientLeft lacks client", id="a missing field"),
        pytest.param(
            b'{"kind":"ClientLeft","at":"1","client":"a"}', "ClientLeft.at cannot be '1'", id="another type"
        ),
        pytest.param(
            b'{"kind":"ClientLeft","at":true,"client":"a"}',
            "ClientLeft.at cannot be True",
            id="true for a number",
        ),
        pytest.param(
            b'{"kind":"RowsFound","at":1,"connections":[1]}',
            "RowsFound.connections is not a list of strings",
            id="numbers for texts",
        ),
    ],
)
def test_a_line_that_is_no_observation_is_refused(line: bytes, says: str) -> None:
    with pytest.raises(UnreadableLineError) as refused:
        decode(line)

    assert says in str(refused.value)


def test_a_history_is_in_time_order_and_keeps_the_order_of_one_instant() -> None:
    early, one, other = ClientConnected(1.0, "a"), ClientConnected(2.0, "b"), ClientConnected(2.0, "a")

    history = History((one, other, early))

    assert history.observations == (early, one, other)
    assert (history.begins_at, history.ends_at, history.torn) == (1.0, 2.0, False)


def test_a_history_gives_the_observations_of_one_kind() -> None:
    connected, left = ClientConnected(1.0, "a"), ClientLeft(2.0, "a")
    history = History((left, connected))

    assert history.of(ClientConnected) == (connected,)
    assert history.of(ClientLeft) == (left,)
    assert history.of(EventPublished) == ()
    assert history.of(ClientLeft) is history.of(ClientLeft)


def test_a_history_is_gone_through_as_often_as_wanted() -> None:
    connected, left, again = ClientConnected(1.0, "a"), ClientLeft(2.0, "a"), ClientConnected(3.0, "a")
    history = History((again, left, connected))

    assert list(history.each(ClientConnected)) == [connected, again]
    assert list(history.each(ClientLeft, ClientConnected)) == [connected, left, again]
    assert list(history.each()) == list(history.each()) == [connected, left, again]


def test_a_history_knows_whether_it_began_and_ended() -> None:
    began, ended = RecordingBegan(1.0, clients=0, inside=0), RecordingEnded(2.0, clients=1, inside=0)

    assert [(one.began, one.ended) for one in (History(), History((began,)), History((began, ended)))] == [
        (False, False),
        (True, False),
        (True, True),
    ]


def test_a_history_of_nothing_begins_and_ends_at_zero() -> None:
    assert (History().begins_at, History().ends_at) == (0.0, 0.0)
