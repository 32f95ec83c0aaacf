from harness.outside.seen_outside import SeenOutside
from harness.record.observation import Observation
from tests.checks.histories import a_client, a_message, a_scenario, an_event

EVENT = an_event(at=11.0)


def test_an_event_is_on_its_way_until_everybody_has_it_who_must() -> None:
    noted: list[Observation] = []
    seen = SeenOutside(
        a_scenario(clients={"alice": {"subscribe": "market.BTC-PERP"}, "bob": {}}), noted.append
    )
    history = (*a_client("alice"), *a_client("bob", channel=None), EVENT, a_message("alice", EVENT))

    complete = []
    for one in history:
        seen.note(one)
        complete.append(seen.complete())

    assert complete == [True] * 5 + [False, True]
    assert (seen.messages(), noted) == (1, list(history))
