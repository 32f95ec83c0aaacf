"""Where a feed keeps an event's id, and what a stack may say of payloads."""

from pathlib import Path

import pytest

from harness.errors import UsageError
from harness.scenario.feed import Feed
from harness.stack.loader import load_stack

EVENT = {"type": "trade", "meta": {"seq": 1}}


@pytest.mark.parametrize(
    ("event_id", "identified", "found"),
    [
        pytest.param("eventId", {**EVENT, "eventId": "e1"}, "e1", id="a name"),
        pytest.param("meta.id", {"type": "trade", "meta": {"seq": 1, "id": "e1"}}, "e1", id="a path"),
        pytest.param("head.id", {**EVENT, "head": {"id": "e1"}}, "e1", id="a path that is not there"),
        pytest.param("type", EVENT, "trade", id="something is there"),
        pytest.param("type.id", EVENT, None, id="a path through what is no object"),
        pytest.param("none", EVENT, None, id="nowhere"),
    ],
)
def test_an_id_is_put_where_the_feed_keeps_it(event_id: str, identified: object, found: str | None) -> None:
    feed = Feed(event_id=event_id)

    assert feed.identified(EVENT, "e1") == identified
    assert feed.event_id_of(identified) == found


@pytest.mark.parametrize(
    ("said", "says"),
    [
        ("event_id_field: id", "unknown field 'event_id_field'; did you mean 'event_id'?"),
        (
            "payload: jsn",
            "'payload' must be 'json', 'bytes', 'contains' or 'any', not 'jsn'; did you mean 'json'?",
        ),
        ("others: [{}]", "item 1 of 'others': a shape without members would be that of every message"),
        ("event_id: a..b", "'event_id'"),
    ],
)
def test_a_feed_that_makes_no_sense_is_refused(tmp_path: Path, said: str, says: str) -> None:
    file = tmp_path / "stack.yaml"
    file.write_text(f"name: s\nfeed:\n  {said}\n")

    with pytest.raises(UsageError) as refused:
        load_stack(file)

    assert f"stack.yaml:3: {says}" in str(refused.value)
