"""Histories in memory."""

from harness.record.history import History
from harness.record.observation import (
    ClientConnected,
    ClientLeft,
    EventPublished,
    RecordingBegan,
    RecordingEnded,
)


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
