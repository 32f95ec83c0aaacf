"""Request models: which messages they let pass, and which schemas are not understood (R-20)."""

import json

import pytest

from harness.emulator.gateway.request_models import is_acceptable, unsupported

ORDER = {
    "$schema": "http://json-schema.org/draft-04/schema#",
    "title": "order",
    "type": "object",
    "required": ["action", "price"],
    "properties": {
        "action": {"enum": ["buy", "sell"]},
        "price": {"type": "number", "minimum": 0, "maximum": 10},
        "market": {"type": "string", "minLength": 2, "maxLength": 4, "pattern": "^[A-Z]+$"},
        "tags": {"type": "array", "maxItems": 1, "items": {"type": ["string", "null"]}},
    },
    "additionalProperties": False,
}
GOOD = {"action": "buy", "price": 1}


@pytest.mark.aws("R-20")
@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, True),
        ({"market": "BTC", "tags": [None]}, True),
        ({"price": 10.0}, True),
        ({"action": "hold"}, False),
        ({"price": "1"}, False),
        ({"price": True}, False),
        ({"price": -1}, False),
        ({"price": 10.5}, False),
        ({"market": "B"}, False),
        ({"market": "BTCUSD"}, False),
        ({"market": "btc"}, False),
        ({"tags": ["a", "b"]}, False),
        ({"tags": [1]}, False),
        ({"other": 1}, False),
    ],
    ids=lambda value: json.dumps(value) if isinstance(value, dict) else "",
)
def test_message_passes_its_model(changes: dict[str, object], expected: bool) -> None:
    assert unsupported(ORDER) is None
    assert is_acceptable(ORDER, json.dumps(GOOD | changes)) is expected


@pytest.mark.aws("R-20")
@pytest.mark.parametrize("body", ["", "buy", "[]", '{"action":"buy"}', "null"])
def test_what_is_no_such_object_does_not_pass(body: str) -> None:
    assert is_acceptable(ORDER, body) is False


@pytest.mark.parametrize(
    ("schema", "keyword"),
    [
        ({"oneOf": []}, "oneOf"),
        ({"properties": {"a": {"$ref": "#"}}}, "$ref"),
        ({"items": {"not": {}}}, "not"),
        ({"items": [{}]}, "a schema that is no object"),
        ({"additionalProperties": {"type": "string"}}, "additionalProperties"),
        ({"pattern": "("}, "pattern"),
        ("the unknown model x", "a schema that is no object"),
    ],
    ids=str,
)
def test_schema_that_asks_for_more_is_told(schema: object, keyword: str) -> None:
    assert unsupported(schema) == keyword
