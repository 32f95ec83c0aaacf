from harness.checks.lineage import Lineage, lineage_of
from harness.record.observation import InvocationEnded, InvocationStarted, Observation, Sent
from tests.checks.histories import a_history, an_event

FIRST, SECOND = an_event("e1", at=11.0), an_event("e2", at=12.0)


def lineage(*observations: Observation) -> Lineage:
    return lineage_of(a_history(FIRST, SECOND, observations))


def started(request: str, *messages: str, at: float = 13.0, caller: str | None = None) -> InvocationStarted:
    return InvocationStarted(at, request, f"f-{request}", messages=messages, caller=caller)


def test_what_sns_hands_over_is_the_event() -> None:
    found = lineage(started("r", "m-e2"), InvocationEnded(14.0, "r", "f-r"))

    assert found.events_of("r") == (1,)
    assert [(one.request, one.started_at, one.ended_at) for one in found.attempts[1]] == [("r", 13.0, 14.0)]
    assert (found.ended_at(1), found.unfollowed) == (14.0, False)


def test_a_batch_of_a_queue_is_followed_to_its_events() -> None:
    queued = (Sent(12.1, "q1", "queue", origin="m-e1"), Sent(12.1, "q2", "queue", origin="m-e2"))

    assert lineage(*queued, started("r", "q1", "q2")).events_of("r") == (0, 1)


def test_what_a_function_sends_on_is_followed() -> None:
    hops = (
        started("first", "m-e1", at=12.5),
        Sent(12.6, "bus-1", "bus", request="first"),
        started("second", "bus-1", at=12.7),
        Sent(12.8, "record-1", "table", request="second"),
        started("third", "record-1", at=12.9),
        started("fourth", at=13.0, caller="third"),
    )

    found = lineage(*hops)

    assert [found.events_of(one) for one in ("first", "second", "third", "fourth")] == [(0,)] * 4
    assert [one.request for one in found.attempts[0]] == ["first", "second", "third", "fourth"]


def test_each_attempt_of_a_retried_invocation_has_its_own_end() -> None:
    tried = (started("r", "m-e1", at=13.0), started("r", "m-e1", at=15.0))
    ends = (InvocationEnded(14.0, "r", "f-r"), InvocationEnded(16.0, "r", "f-r"))

    assert [one.ended_at for one in lineage(*tried, *ends).attempts[0]] == [14.0, 16.0]


def test_a_clients_own_message_is_a_root() -> None:
    own = InvocationStarted(13.0, "r", "subscribe", connection="c-alice", route="subscribe")

    found = lineage(own, started("called", caller="r"))

    assert (found.events_of("called"), found.connections_of("called")) == ((), frozenset({"c-alice"}))


def test_what_came_from_nobody_knows_where_is_no_nothing() -> None:
    found = lineage(started("r", "m-e1", "strange"), started("quiet"))

    assert (found.events_of("r"), found.is_unfollowed("r")) == ((0,), True)
    assert (found.is_unfollowed("quiet"), found.unfollowed) == (False, True)
    assert found.is_unfollowed("never seen")
