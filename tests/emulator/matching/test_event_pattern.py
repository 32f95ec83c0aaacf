"""Which events match which patterns, and which patterns are none."""

import json
from collections.abc import Mapping

import pytest

from harness.emulator.matching.event_pattern import InvalidPattern, matches, parse_pattern

EVENT = {
    "source": "matcher",
    "resources": ["arn:a", "arn:b"],
    "detail": {
        "market": "BTC-PERP",
        "price": 300,
        "share": 0.5,
        "open": True,
        "note": None,
        "empty": "",
        "address": "10.0.0.12",
        "file": "a*b\\c.txt",
        "fills": [{"id": "1", "side": "buy"}, {"id": "2", "side": "sell"}],
        "tags": [],
        "nested": {"deep": {"er": "x"}},
    },
}


def detail(**wanted: object) -> Mapping[str, object]:
    return {"detail": wanted}


def either(*patterns: Mapping[str, object]) -> Mapping[str, object]:
    return {"$or": list(patterns)}


MATCHES = {
    "the same text": {"source": ["matcher"]},
    "any of the texts": {"source": ["other", "matcher"]},
    "any element of an array": {"resources": ["arn:b"]},
    "all fields": {"source": ["matcher"], **detail(market=["BTC-PERP"])},
    "the same number": detail(price=[300]),
    "true": detail(open=[True]),
    "null": detail(note=[None]),
    "empty text": detail(empty=[""]),
    "prefix": detail(market=[{"prefix": "BTC-"}]),
    "prefix, whatever the case": detail(market=[{"prefix": {"equals-ignore-case": "btc"}}]),
    "suffix": detail(market=[{"suffix": "-PERP"}]),
    "suffix, whatever the case": detail(market=[{"suffix": {"equals-ignore-case": "perp"}}]),
    "whatever the case": detail(market=[{"equals-ignore-case": "btc-perp"}]),
    "wildcard": detail(market=[{"wildcard": "B*-P*P"}]),
    "a wildcard for nothing": detail(market=[{"wildcard": "BTC-PERP*"}]),
    "an asterisk and a backslash themselves": detail(file=[{"wildcard": "a\\*b\\\\c.*"}]),
    "anything but": detail(market=[{"anything-but": "ETH-PERP"}]),
    "anything but several": detail(market=[{"anything-but": ["ETH-PERP", "SOL-PERP"]}]),
    "anything but a number": detail(price=[{"anything-but": 301}]),
    "anything but a prefix": detail(market=[{"anything-but": {"prefix": "ETH"}}]),
    "anything but prefixes": detail(market=[{"anything-but": {"prefix": ["ETH", "SOL"]}}]),
    "anything but a suffix": detail(market=[{"anything-but": {"suffix": "SPOT"}}]),
    "anything but a wildcard": detail(market=[{"anything-but": {"wildcard": "*-SPOT"}}]),
    "anything but, whatever the case": detail(market=[{"anything-but": {"equals-ignore-case": ["eth"]}}]),
    "anything but one of the elements": {"resources": [{"anything-but": "arn:a"}]},
    "number equal": detail(price=[{"numeric": ["=", 300.0]}]),
    "number in a range": detail(price=[{"numeric": [">", 299, "<=", 300]}]),
    "number below": detail(share=[{"numeric": ["<", 1]}]),
    "address in a network": detail(address=[{"cidr": "10.0.0.0/24"}]),
    "there": detail(market=[{"exists": True}]),
    "there, though null": detail(note=[{"exists": True}]),
    "not there": detail(nothing=[{"exists": False}]),
    "an empty array is nothing": detail(tags=[{"exists": False}]),
    "nothing within nothing": {"nowhere": {"at": {"all": [{"exists": False}]}}},
    "an object is no leaf": detail(nested=[{"exists": False}]),
    "deep down": detail(nested={"deep": {"er": ["x"]}}),
    "a field of an object in an array": detail(fills={"side": ["sell"]}),
    "both in the same object": detail(fills={"id": ["2"], "side": ["sell"]}),
    "or": either({"source": ["other"]}, detail(price=[300])),
    "or within": {"detail": either({"price": [1]}, {"share": [0.5]})},
    "a field called $or": {"source": ["matcher"], "detail": {"$or": [{"exists": False}, "x"]}},
}

DOES_NOT_MATCH = {
    "another text": {"source": ["other"]},
    "part of the text": {"source": ["match"]},
    "another case": {"source": ["Matcher"]},
    "one field of two": {"source": ["matcher"], **detail(market=["ETH-PERP"])},
    "text for a number": detail(price=["300"]),
    "a number that is written otherwise": detail(price=[300.0]),
    "one for true": detail(open=[1]),
    "null for nothing": detail(nothing=[None]),
    "prefix of a number": detail(price=[{"prefix": "3"}]),
    "prefix in another case": detail(market=[{"prefix": "btc"}]),
    "wildcard that ends before": detail(market=[{"wildcard": "BTC*-"}]),
    "anything but itself": detail(market=[{"anything-but": ["BTC-PERP"]}]),
    "anything but its prefix": detail(market=[{"anything-but": {"prefix": ["ETH", "BTC"]}}]),
    "anything but for nothing": detail(nothing=[{"anything-but": "x"}]),
    "number out of the range": detail(price=[{"numeric": [">", 300, "<", 400]}]),
    "number for text": detail(market=[{"numeric": [">", 0]}]),
    "number for true": detail(open=[{"numeric": [">", 0]}]),
    "address outside": detail(address=[{"cidr": "10.0.1.0/24"}]),
    "no address": detail(market=[{"cidr": "10.0.0.0/24"}]),
    "not there, though it is": detail(market=[{"exists": False}]),
    "there, though it is not": detail(nothing=[{"exists": True}]),
    "an object, though only leaves are there": detail(nested=[{"exists": True}]),
    "in two objects of an array": detail(fills={"id": ["1"], "side": ["sell"]}),
    "none of the alternatives": either({"source": ["other"]}, detail(price=[1])),
}


@pytest.mark.parametrize("pattern", MATCHES.values(), ids=MATCHES)
def test_event_matches(pattern: Mapping[str, object]) -> None:
    assert matches(parse_pattern(json.dumps(pattern)), EVENT)


@pytest.mark.parametrize("pattern", DOES_NOT_MATCH.values(), ids=DOES_NOT_MATCH)
def test_event_does_not_match(pattern: Mapping[str, object]) -> None:
    assert not matches(parse_pattern(json.dumps(pattern)), EVENT)


NO_PATTERNS = {
    "text": ("source", "it is no JSON"),
    "array": ('["a"]', "it is no JSON object with a field"),
    "nothing": ("{}", "it is no JSON object with a field"),
    "bare value": ('{"source": "matcher"}', "'source' must be an object or an array"),
    "no condition": ('{"source": []}', "'source' is empty"),
    "no field within": ('{"detail": {}}', "'detail' is empty"),
    "array in an array": ('{"source": [["a"]]}', "a condition of 'source' is an array"),
    "two operators": (
        '{"source": [{"prefix": "a", "suffix": "b"}]}',
        "a condition of 'source' is not one operator",
    ),
    "unknown operator": ('{"source": [{"like": "a"}]}', "unknown operator 'like' in 'source'"),
    "within or": ('{"$or": [{"source": []}, {"a": ["b"]}]}', "'source' is empty"),
    "prefix of a number": (
        '{"source": [{"prefix": 1}]}',
        "'prefix' in 'source' does not take 1",
    ),
    "exists of a text": (
        '{"source": [{"exists": "yes"}]}',
        "'exists' in 'source' does not take \"yes\"",
    ),
    "half a range": (
        '{"source": [{"numeric": [">"]}]}',
        "'numeric' in 'source' does not take [\">\"]",
    ),
    "unknown comparison": (
        '{"source": [{"numeric": ["!=", 1]}]}',
        "'numeric' in 'source' does not take [\"!=\",1]",
    ),
    "no network": ('{"source": [{"cidr": "all"}]}', "'cidr' in 'source' does not take \"all\""),
    "two wildcards in a row": (
        '{"source": [{"wildcard": "a**"}]}',
        "'wildcard' in 'source' does not take \"a**\"",
    ),
    "anything but numeric": (
        '{"source": [{"anything-but": {"numeric": ["=", 1]}}]}',
        "'anything-but' in 'source' does not take {\"numeric\":[\"=\",1]}",
    ),
    "anything but nothing": (
        '{"source": [{"anything-but": []}]}',
        "'anything-but' in 'source' does not take []",
    ),
}


@pytest.mark.parametrize(("text", "reason"), NO_PATTERNS.values(), ids=NO_PATTERNS)
def test_pattern_is_refused_with_the_reason(text: str, reason: str) -> None:
    with pytest.raises(InvalidPattern) as refused:
        parse_pattern(text)
    assert str(refused.value) == reason
