"""Events out of the entries of PutEvents."""

import pytest

from harness.emulator.events.envelope import (
    Origin,
    RefusedEntry,
    event_of,
    scheduled_event,
    size_of,
)

ORIGIN = Origin("000000000000", "eu-west-1", 1_700_000_000.0)
ENTRY = {"Source": "matcher", "DetailType": "Trade", "Detail": '{"a":1}'}


def test_entry_becomes_an_event() -> None:
    entry = {**ENTRY, "Resources": ["arn:x"], "Time": 1_600_000_000.5}
    assert event_of(entry, ORIGIN, event_id="e") == {
        "version": "0",
        "id": "e",
        "detail-type": "Trade",
        "source": "matcher",
        "account": "000000000000",
        "time": "2020-09-13T12:26:40Z",
        "region": "eu-west-1",
        "resources": ["arn:x"],
        "detail": {"a": 1},
    }


def test_event_has_the_time_at_which_it_came_unless_it_says_another() -> None:
    event = event_of(ENTRY, ORIGIN, event_id="e")
    assert isinstance(event, dict)
    assert (event["time"], event["resources"]) == ("2023-11-14T22:13:20Z", [])


@pytest.mark.parametrize(
    ("changed", "code", "message"),
    [
        (
            {"Source": ""},
            "InvalidArgument",
            "Parameter Source is not valid. Reason: Source is a required argument.",
        ),
        (
            {"DetailType": None},
            "InvalidArgument",
            "Parameter DetailType is not valid. Reason: DetailType is a required argument.",
        ),
        (
            {"Detail": ""},
            "InvalidArgument",
            "Parameter Detail is not valid. Reason: Detail is a required argument.",
        ),
        ({"Detail": "{"}, "MalformedDetail", "Detail is malformed."),
        ({"Detail": "[1]"}, "MalformedDetail", "Detail is malformed."),
        ({"Source": "aws.s3"}, "NotAuthorizedForSourceException", "Not authorized for the source."),
    ],
)
def test_entry_is_refused(changed: dict[str, object], code: str, message: str) -> None:
    assert event_of({**ENTRY, **changed}, ORIGIN, event_id="e") == RefusedEntry(code, message)


def test_schedule_has_an_event_of_its_own() -> None:
    assert scheduled_event("arn:rule", ORIGIN, event_id="e") == {
        "version": "0",
        "id": "e",
        "detail-type": "Scheduled Event",
        "source": "aws.events",
        "account": "000000000000",
        "time": "2023-11-14T22:13:20Z",
        "region": "eu-west-1",
        "resources": ["arn:rule"],
        "detail": {},
    }


@pytest.mark.parametrize(
    ("entry", "size"),
    [
        (ENTRY, 7 + 5 + 7),
        ({**ENTRY, "Time": 0.0}, 7 + 5 + 7 + 14),
        ({**ENTRY, "Detail": '{"é":1}', "Resources": ["ab", "c"]}, 7 + 5 + 8 + 3),
    ],
    ids=["text", "a time counts 14", "bytes of UTF-8, and resources"],
)
def test_size_of_an_entry(entry: dict[str, object], size: int) -> None:
    assert size_of(entry) == size
