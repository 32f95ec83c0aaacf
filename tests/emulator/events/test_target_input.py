"""What targets get of an event."""

import json

import pytest

from harness.emulator.events.target_input import RuleName, TargetInput, found_at, input_of

EVENT = {
    "version": "0",
    "id": "e-1",
    "source": "matcher",
    "detail": {
        "market": "BTC-PERP",
        "text": 'say "hi"',
        "size": 2,
        "fills": [{"id": "a"}, {"id": "b"}],
        "a-b_c/d": 1,
    },
}
RULE = RuleName("arn:rule", "trades")


def text_for(wanted: TargetInput) -> str:
    return input_of(EVENT, wanted, rule=RULE, ingested_at="2026-11-22T12:00:00Z")


def filled(template: str, **paths: str) -> str:
    return text_for(TargetInput(template=template, paths=paths))


def test_target_gets_the_whole_event_unless_it_asks_for_something_else() -> None:
    assert json.loads(text_for(TargetInput())) == EVENT


def test_constant_is_given_as_it_is() -> None:
    assert text_for(TargetInput(constant='{"a": 1}')) == '{"a": 1}'


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("$", EVENT),
        ("$.detail.market", "BTC-PERP"),
        ("$.detail.fills[1].id", "b"),
        ("$.detail.fills[*].id", ["a", "b"]),
        ("$.detail.a-b_c/d", 1),
        ("$.detail['market']", "BTC-PERP"),
        ("$.detail.fills[2]", None),
        ("$.detail.nothing.at.all", None),
        ("$.source.deeper", None),
    ],
)
def test_path_finds(path: str, found: object) -> None:
    assert found_at(EVENT, path) == found
    assert json.loads(text_for(TargetInput(path=path))) == found


TEMPLATES = {
    "text out of quotes becomes JSON": ('{"m": <market>}', '{"m": "BTC-PERP"}'),
    "text within quotes stays text": ('{"m": "in <market> now"}', '{"m": "in BTC-PERP now"}'),
    "quotes of a text are escaped": ('{"t": "<text>"}', '{"t": "say \\"hi\\""}'),
    "an object out of quotes": ('{"f": <fills>}', '{"f": [{"id":"a"},{"id":"b"}]}'),
    "a number within quotes": ('{"s": "<size>"}', '{"s": "2"}'),
    "escaped quotes open nothing": ('{"s": "a \\"<market>\\" b"}', '{"s": "a \\"BTC-PERP\\" b"}'),
    "a variable alone": ("<fills>", '[{"id":"a"},{"id":"b"}]'),
    "a sentence": ("<market> is at <size>", '"BTC-PERP is at 2"'),
    "a sentence in quotes": ('"<market> is at <size>"', '"BTC-PERP is at 2"'),
    "what is not found is empty": ('{"n": "<nothing>"}', '{"n": ""}'),
    "the rule": (
        '{"arn": <aws.events.rule-arn>, "name": "<aws.events.rule-name>"}',
        '{"arn": "arn:rule", "name": "trades"}',
    ),
    "when it came": ("<aws.events.event.ingestion-time>", '"2026-11-22T12:00:00Z"'),
    "the event without its detail": (
        "<aws.events.event>",
        '{"version":"0","id":"e-1","source":"matcher"}',
    ),
}


@pytest.mark.parametrize(("template", "expected"), TEMPLATES.values(), ids=TEMPLATES)
def test_template_is_filled_in(template: str, expected: str) -> None:
    paths = {name: f"$.detail.{name}" for name in ("market", "text", "fills", "size")}
    written = filled(template, **paths)
    assert json.loads(written) == json.loads(expected)


def test_template_knows_the_whole_event() -> None:
    assert json.loads(filled('{"whole": <aws.events.event.json>}')) == {"whole": EVENT}
