import json

import pytest

from harness.checks.payload import SAME, Comparison, Fit, compare, has_shape, ids_in
from harness.scenario.feed import PayloadRule

PUBLISHED = '{"eventId":"e1","price":0.1,"bids":[["1","2"],["3","4"]],"by":{"id":"7f"}}'
WHOLE = json.loads(PUBLISHED)


def changed(**members: object) -> str:
    return json.dumps(WHOLE | members)


@pytest.mark.parametrize(
    "received",
    [
        pytest.param(PUBLISHED, id="the same text"),
        pytest.param(
            json.dumps(WHOLE, indent=2, sort_keys=True), id="members in another order, and white space"
        ),
        pytest.param(PUBLISHED.replace("0.1", "0.10"), id="a zero more behind the point"),
        pytest.param(PUBLISHED.replace("0.1", "1e-1"), id="an exponent"),
        pytest.param(PUBLISHED.replace("7f", "\\u0037f"), id="a letter escaped"),
    ],
)
def test_it_is_the_published_value_with(received: str) -> None:
    assert compare(PUBLISHED, received, "json") == SAME


@pytest.mark.parametrize(
    ("received", "place", "differs"),
    [
        pytest.param(
            changed(price=666), "price", " at price: 0.1 was published, 666 received", id="a number"
        ),
        pytest.param(
            PUBLISHED.replace("0.1", "0.10000000000000000001"),
            "price",
            " at price: 0.1 was published, 0.10000000000000000001 received",
            id="a number that is the same as a double",
        ),
        pytest.param(
            changed(price="0.1"), "price", ' at price: 0.1 was published, "0.1" received', id="a text"
        ),
        pytest.param(
            changed(bids=[["1", "9"], ["3", "4"]]),
            "bids[0][1]",
            ' at bids[0][1]: "2" was published, "9" received',
            id="an item of an item",
        ),
        pytest.param(
            changed(bids=[["1", "2"]]),
            "bids",
            " at bids: 2 items were published, 1 received",
            id="an item less",
        ),
        pytest.param(
            changed(by=None),
            "by",
            " at by: an object was published, null received",
            id="nothing for an object",
        ),
        pytest.param(
            PUBLISHED.replace('"price":', '"price":666,"price":'),
            "price",
            " at price, which is given twice",
            id="a member given twice",
        ),
        pytest.param(
            PUBLISHED.replace('"id":"7f"', '"id":"7f","id":"7f"'),
            "by.id",
            " at by.id, which is given twice",
            id="a member given twice with one value",
        ),
        pytest.param(
            PUBLISHED.replace('"eventId":"e1",', ""),
            "eventId",
            " at eventId, which is missing",
            id="a member less",
        ),
        pytest.param(changed(mark=None), "mark", " at mark, which was not published", id="a member more"),
        pytest.param(
            PUBLISHED[:-1], "", f": it is no JSON, from character {len(PUBLISHED)} on", id="half of it"
        ),
        pytest.param(
            '{"kind":"tick","p":0.1}', "", ": nothing of what was published is in it", id="words of its own"
        ),
        pytest.param(
            json.dumps({"detail": WHOLE | {"price": 2}}),
            "detail.price",
            " at detail.price: 0.1 was published, 2 received",
            id="what it is wrapped in apart",
        ),
        pytest.param(
            json.dumps([{"Sns": {"Message": changed(price=2)}}]),
            "[0].Sns.Message.price",
            " at [0].Sns.Message.price: 0.1 was published, 2 received",
            id="JSON in a string",
        ),
        pytest.param(
            "[" * 3000 + "]" * 3000, "", ": it is no JSON, from character 1 on", id="no end of arrays"
        ),
    ],
)
def test_it_is_altered_by(received: str, place: str, differs: str) -> None:
    assert compare(PUBLISHED, received, "json") == Comparison(Fit.ALTERED, 0, place, differs)


@pytest.mark.parametrize(
    ("received", "times"),
    [
        pytest.param(json.dumps({"detail": WHOLE}), 1, id="an object"),
        pytest.param(json.dumps({"batch": [WHOLE, {"n": WHOLE}]}), 2, id="a list, twice"),
        pytest.param(json.dumps([{"Sns": {"Message": PUBLISHED}}]), 1, id="a record of SNS, as text"),
        pytest.param(json.dumps(json.dumps(PUBLISHED)), 1, id="text of text"),
    ],
)
def test_it_is_wrapped_in(received: str, times: int) -> None:
    assert compare(PUBLISHED, received, "json") == Comparison(Fit.WRAPPED, times)


@pytest.mark.parametrize(
    ("mode", "received", "fit"),
    [
        ("bytes", PUBLISHED, Fit.SAME),
        ("bytes", json.dumps(WHOLE), Fit.ALTERED),
        ("contains", f"data: {PUBLISHED}\n\n", Fit.WRAPPED),
        ("contains", json.dumps({"detail": WHOLE}), Fit.WRAPPED),
        ("contains", json.dumps(WHOLE), Fit.SAME),
        ("contains", changed(price=2), Fit.ALTERED),
        ("json", f"data: {PUBLISHED}\n\n", Fit.ALTERED),
        ("any", changed(price=2), Fit.SAME),
    ],
)
def test_what_a_payload_must_be_is_the_feeds_word(mode: PayloadRule, received: str, fit: Fit) -> None:
    assert compare(PUBLISHED, received, mode).fit is fit


def test_numbers_of_any_size_are_compared() -> None:
    digits = "9" * 6000

    assert compare(f'{{"a":{digits}}}', f'{{"a": {digits}}}', "json") == SAME
    assert compare(f'{{"a":{digits}}}', f'{{"a":{digits[:-1]}8}}', "json").place == "a"
    assert compare('{"a":1e999999}', '{"a":1e999998}', "json").place == "a"


@pytest.mark.parametrize(
    ("received", "path", "ids"),
    [
        pytest.param('{"eventId":"e1"}', "eventId", ("e1",), id="at the top"),
        pytest.param(
            '{"a":[{"eventId":"e1"},{"eventId":"e2"},{"eventId":"e1"}]}', "eventId", ("e1", "e2"), id="a list"
        ),
        pytest.param('{"a":"{\\"eventId\\":\\"e1\\"}"}', "eventId", ("e1",), id="text that holds JSON"),
        pytest.param('{"a":{"meta":{"id":"e1"}},"id":"x"}', "meta.id", ("e1",), id="a path"),
        pytest.param('{"eventId":7}', "eventId", (), id="a number is none"),
        pytest.param("eventId", "eventId", (), id="no JSON"),
    ],
)
def test_ids_are_found_anywhere(received: str, path: str, ids: tuple[str, ...]) -> None:
    assert ids_in(received, path) == ids


@pytest.mark.parametrize(
    ("received", "has"),
    [
        ('{"type":"pong","at":5}', True),
        ('{"type":"ping"}', False),
        ('{"at":5}', False),
        ('["type"]', False),
        ("pong", False),
    ],
)
def test_a_shape_is_a_part_of_an_object(received: str, has: bool) -> None:
    assert has_shape(received, {"type": "pong"}) is has
