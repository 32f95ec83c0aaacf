"""Lines of histories."""

import math
from dataclasses import fields

import orjson
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from harness.record.lines import REMEMBERED, LineReader, LineWriter, UnreadableLineError, header
from harness.record.observation import (
    KINDS,
    ClientLeft,
    ConnectionPosted,
    FunctionLogged,
    InvocationStarted,
    MessageReceived,
    Observation,
    RowsFound,
)

TEXT = '{"price":"64523.5"}'
A_LINE = b'["ClientLeft",3,1.0,"alice",false]'


def read_back(*lines: bytes) -> list[tuple[int, Observation]]:
    """What a reader makes of the lines."""
    reader = LineReader(header())
    read = [reader.read(line) for line in b"".join(lines).splitlines()]
    return [one for one in read if one is not None]


def test_a_line_is_the_kind_the_number_and_the_fields_in_the_order_of_the_header() -> None:
    line = LineWriter().line(ClientLeft(12.3456789, "eth/2", vanished=True), 17)

    assert line == b'["ClientLeft",17,12.345679,"eth/2",true]\n'
    assert orjson.loads(header())["kinds"]["ClientLeft"] == ["at", "client", "vanished"]


def test_what_comes_again_is_written_once() -> None:
    writer = LineWriter()
    lines = [writer.line(MessageReceived(1.0, client, TEXT), number) for number, client in enumerate("ab")]

    assert lines == [
        b'["=",0,"{\\"price\\":\\"64523.5\\"}"]\n["MessageReceived",0,1.0,"a",0,null]\n',
        b'["MessageReceived",1,1.0,"b",0,null]\n',
    ]
    assert [one for _, one in read_back(*lines)] == [
        MessageReceived(1.0, "a", TEXT),
        MessageReceived(1.0, "b", TEXT),
    ]


def test_writer_and_reader_forget_at_the_same_time() -> None:
    writer = LineWriter()
    texts = [f"a text of its own: {number % (REMEMBERED + 7)}" for number in range(3 * REMEMBERED)]
    seen = [MessageReceived(float(number), "a", text) for number, text in enumerate(texts)]

    lines = [writer.line(one, number) for number, one in enumerate(seen)]

    assert read_back(*lines) == list(enumerate(seen))


def test_a_text_whose_line_is_lost_is_never_taken_for_another() -> None:
    writer = LineWriter()
    first = writer.line(MessageReceived(1.0, "a", TEXT), 0)
    second = writer.line(MessageReceived(1.0, "a", TEXT + " "), 1)

    with pytest.raises(UnreadableLineError, match="nothing has the number 2"):
        read_back(first, second.splitlines()[1])


def test_the_two_sources_remember_apart() -> None:
    posted = ConnectionPosted(1.0, "c", 200, "a request of a function", 2, "0123456789abcdef")
    received = MessageReceived(1.0, "a", TEXT)
    lines = [LineWriter().line(posted, 0), LineWriter().line(received, 0), LineWriter().line(posted, 1)]

    assert read_back(*lines) == [(0, posted), (0, received), (1, posted)]


@given(st.sampled_from(tuple(KINDS.values())).flatmap(st.from_type), st.integers(0, 2**40))
def test_every_observation_is_read_as_it_was_written(observation: Observation, number: int) -> None:
    assume(all(_fits_json(getattr(observation, one.name)) for one in fields(observation)))

    line = LineWriter().line(observation, number)

    ((read_number, read),) = read_back(line)
    assert (read_number, type(read), read.at) == (number, type(observation), round(observation.at, 6))
    names = [one.name for one in fields(observation) if one.name != "at"]
    assert [getattr(read, name) for name in names] == [getattr(observation, name) for name in names]


def _fits_json(value: object) -> bool:
    match value:
        case bool() | str() | None | tuple():
            return True
        case int():
            return abs(value) < 2**63
        case float():
            return math.isfinite(value)
    return False


def test_tuples_are_restored() -> None:
    seen = [InvocationStarted(1.0, "r", "fan_out", messages=("m1", "m2")), RowsFound(1.0, ())]

    assert [one for _, one in read_back(*(LineWriter().line(one, 0) for one in seen))] == seen


def test_half_characters_are_replaced() -> None:
    lines = [
        LineWriter().line(FunctionLogged(1.0, "f", "a\ud800b"), 0),
        LineWriter().line(MessageReceived(1.0, "a", "\udc00 and more than that"), 0),
    ]

    assert [one for _, one in read_back(*lines)] == [
        FunctionLogged(1.0, "f", "a\ufffdb"),
        MessageReceived(1.0, "a", "\ufffd and more than that"),
    ]


@pytest.mark.parametrize(
    ("line", "says"),
    [
        pytest.param(b'["Clie', "not JSON", id="half a line"),
        pytest.param(b"{}", "not an observation: '{}'", id="an object"),
        pytest.param(b'["Nobody",1,1.0]', "not an observation", id="an unknown kind"),
        pytest.param(b'["ClientLeft"]', "not an observation", id="no number"),
        pytest.param(b'["ClientLeft",-1,1.0,"a",false]', "not an observation", id="a number below 0"),
        pytest.param(b'["ClientLeft",1,1.0,"a"]', "ClientLeft has 3 fields, not 2", id="a missing field"),
        pytest.param(b'["ClientLeft",1,"1","a",false]', "ClientLeft.at cannot be '1'", id="another type"),
        pytest.param(
            b'["ClientLeft",1,true,"a",false]', "ClientLeft.at cannot be True", id="true for a number"
        ),
        pytest.param(b'["RowsFound",1,1.0,[1]]', "not a list of strings", id="numbers for texts"),
        pytest.param(
            b'["MessageReceived",1,1.0,"a",7,null]', "nothing has the number 7", id="a text nobody wrote"
        ),
    ],
)
def test_a_line_that_is_no_observation_is_refused_and_the_next_one_is_read(line: bytes, says: str) -> None:
    reader = LineReader(header())
    with pytest.raises(UnreadableLineError) as refused:
        reader.read(line)

    assert says in str(refused.value)
    assert reader.read(A_LINE) == (3, ClientLeft(1.0, "alice"))


def test_a_field_that_the_header_lacks_is_as_by_default_and_others_may_stand_in_another_order() -> None:
    reader = LineReader(b'{"history":2,"kinds":{"ClientLeft":["client","at"]}}')

    assert reader.read(b'["ClientLeft",0,"alice",1.0]') == (0, ClientLeft(1.0, "alice"))


@pytest.mark.parametrize(
    ("first_line", "says"),
    [
        pytest.param(A_LINE, "not a history of version 2; it begins with: '[\"ClientLeft", id="a line"),
        pytest.param(b'{"kind":"ClientLeft"}', "not a history of version 2", id="version 1"),
        pytest.param(b'{"history":3,"kinds":{}}', "of version 3; this harness reads version 2", id="newer"),
        pytest.param(
            b'{"history":2,"kinds":{"Nobody":["at"]}}', "not known here: Nobody", id="an unknown kind"
        ),
        pytest.param(
            b'{"history":2,"kinds":{"ClientLeft":["at"]}}', "ClientLeft has other fields", id="too few"
        ),
        pytest.param(
            b'{"history":2,"kinds":{"ClientLeft":["at","client","speed"]}}', "other fields", id="another"
        ),
    ],
)
def test_another_first_line_is_refused(first_line: bytes, says: str) -> None:
    with pytest.raises(UnreadableLineError) as refused:
        LineReader(first_line)

    assert says in str(refused.value)
