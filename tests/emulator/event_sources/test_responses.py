"""What a function says of the records that failed."""

import pytest

from harness.emulator.event_sources.responses import failed_items

ALL = frozenset({"a", "b", "c"})
NONE: frozenset[str] = frozenset()

RESPONSES = {
    "nothing": (b"", NONE),
    "null": (b"null", NONE),
    "an empty object": (b"{}", NONE),
    "an empty list": (b'{"batchItemFailures": []}', NONE),
    "a null list": (b'{"batchItemFailures": null}', NONE),
    "another object": (b'{"statusCode": 200}', NONE),
    "one of them": (b'{"batchItemFailures": [{"itemIdentifier": "b"}]}', frozenset({"b"})),
    "two of them": (
        b'{"batchItemFailures": [{"itemIdentifier": "a"}, {"itemIdentifier": "c"}]}',
        frozenset({"a", "c"}),
    ),
    "no JSON": (b"oh", ALL),
    "text": (b'"ok"', ALL),
    "no list": (b'{"batchItemFailures": "a"}', ALL),
    "an empty identifier": (b'{"batchItemFailures": [{"itemIdentifier": ""}]}', ALL),
    "a null identifier": (b'{"batchItemFailures": [{"itemIdentifier": null}]}', ALL),
    "a wrong key": (b'{"batchItemFailures": [{"id": "a"}]}', ALL),
    "no object": (b'{"batchItemFailures": ["a"]}', ALL),
    "a stranger": (b'{"batchItemFailures": [{"itemIdentifier": "a"}, {"itemIdentifier": "z"}]}', ALL),
}


@pytest.mark.parametrize(("payload", "failed"), RESPONSES.values(), ids=RESPONSES)
def test_response_means(payload: bytes, failed: frozenset[str]) -> None:
    assert failed_items(payload, ["a", "b", "c"]) == failed
