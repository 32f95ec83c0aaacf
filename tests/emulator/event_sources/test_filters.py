"""Which records a mapping's filters let through."""

import pytest

from harness.emulator.event_sources.filters import Filters

JSON_BODY = {"body": '{"market": "BTC-PERP", "price": 300}', "attributes": {"SenderId": "me"}}
TEXT_BODY = {"body": "hello there", "attributes": {"SenderId": "me"}}
LIST_BODY = {"body": '["a", "b"]', "attributes": {"SenderId": "me"}}
CHANGE = {"eventName": "INSERT", "dynamodb": {"NewImage": {"market": {"S": "BTC-PERP"}, "n": {"N": "3"}}}}

CASES = {
    "no filter": ((), JSON_BODY, True),
    "a field of the body": (('{"body": {"market": ["BTC-PERP"]}}',), JSON_BODY, True),
    "another value": (('{"body": {"market": ["ETH-PERP"]}}',), JSON_BODY, False),
    "a number of the body": (('{"body": {"price": [{"numeric": [">", 100]}]}}',), JSON_BODY, True),
    "any of the filters": (('{"body": {"market": ["x"]}}', '{"body": {"price": [300]}}'), JSON_BODY, True),
    "all fields of a filter": (
        ('{"body": {"price": [300]}, "attributes": {"SenderId": ["you"]}}',),
        JSON_BODY,
        False,
    ),
    "the text of a body": (('{"body": ["hello there"]}',), TEXT_BODY, True),
    "the beginning of a text": (('{"body": [{"prefix": "hello"}]}',), TEXT_BODY, True),
    "a text for JSON": (('{"body": {"market": [{"exists": false}]}}',), TEXT_BODY, False),
    "JSON for a text": (('{"body": [{"prefix": "{"}]}',), JSON_BODY, False),
    "a JSON array is no text": (('{"body": ["a"]}',), LIST_BODY, False),
    "whatever the body": (('{"attributes": {"SenderId": ["me"]}}',), TEXT_BODY, True),
    "the kind of change": (('{"eventName": ["INSERT"]}',), CHANGE, True),
    "another kind": (('{"eventName": ["REMOVE"]}',), CHANGE, False),
    "an attribute of the row": (
        ('{"dynamodb": {"NewImage": {"market": {"S": [{"prefix": "BTC"}]}}}}',),
        CHANGE,
        True,
    ),
    "numbers of rows are texts": (
        ('{"dynamodb": {"NewImage": {"n": {"N": [{"numeric": ["=", 3]}]}}}}',),
        CHANGE,
        False,
    ),
}


@pytest.mark.parametrize(("texts", "record", "through"), CASES.values(), ids=CASES)
def test_filter_lets_through(texts: tuple[str, ...], record: dict[str, object], through: bool) -> None:
    assert Filters.of(texts).let_through(record) is through
