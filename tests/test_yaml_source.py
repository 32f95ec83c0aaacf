"""Values, lines and mistakes of YAML files."""

from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import pytest
from pydantic import BaseModel, ConfigDict, Field

from harness.errors import UsageError
from harness.validation import validated
from harness.yaml_source import Mistake, parse_yaml, read_yaml, suggestion


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Fruit(_Model):
    colour: Literal["red", "green"] = "red"
    weight: int | str = Field(default=1)
    price: float = Field(default=1.0, gt=0)
    names: str | tuple[str, ...] = ()


class Basket(_Model):
    owner: str
    fruit: Mapping[str, Fruit] = {}
    tags: tuple[str, ...] = ()


def mistakes_of(text: str) -> list[str]:
    with pytest.raises(UsageError) as caught:
        validated(Basket, parse_yaml(text, file="b.yaml"))
    return str(caught.value).splitlines()


@pytest.mark.parametrize(
    ("text", "value"),
    [
        pytest.param("", None, id="nothing"),
        pytest.param(
            "[1, -2, 1.5, 1e3, true, null, ~]", [1, -2, 1.5, 1000.0, True, None, None], id="plain scalars"
        ),
        pytest.param(
            "[no, on, 1:30, 2024-01-01, 0x10]", ["no", "on", "1:30", "2024-01-01", "0x10"], id="text in 1.2"
        ),
        pytest.param("010", 10, id="no octal by a leading zero"),
        pytest.param("'1'", "1", id="quoted number"),
        pytest.param(
            "{1: a, true: b, $connect: c}", {"1": "a", "true": "b", "$connect": "c"}, id="keys are text"
        ),
        pytest.param("a: &x {b: 1}\nc: *x", {"a": {"b": 1}, "c": {"b": 1}}, id="alias"),
        pytest.param(
            "a: &x {b: 1, c: 2}\nd: {<<: *x, c: 3}",
            {"a": {"b": 1, "c": 2}, "d": {"b": 1, "c": 3}},
            id="merge",
        ),
        pytest.param(
            "a: &x {b: 1}\nc: &y {b: 2, d: 2}\ne: {<<: [*x, *y]}",
            {"a": {"b": 1}, "c": {"b": 2, "d": 2}, "e": {"b": 1, "d": 2}},
            id="merge of two: the first wins",
        ),
    ],
)
def test_values(text: str, value: object) -> None:
    source = parse_yaml(text, file="x.yaml")
    assert (source.value, source.mistakes) == (value, ())


def test_every_part_knows_its_line() -> None:
    source = parse_yaml("a: 1\nb:\n  - x\n  - c: 2\n    d: 3\n", file="x.yaml")
    assert source.lines == {
        (): 1,
        ("a",): 1,
        ("b",): 2,
        ("b", 0): 3,
        ("b", 1): 4,
        ("b", 1, "c"): 4,
        ("b", 1, "d"): 5,
    }
    assert source.line_of(("b", 1, "missing", "deeper")) == 4


@pytest.mark.parametrize(
    ("text", "mistakes"),
    [
        pytest.param("a: 1\nb: 2\na: 3", [(3, "'a' is here twice; the first is on line 1")], id="key twice"),
        pytest.param("a:\n  !Ref b", [(2, "the tag '!Ref' means nothing here")], id="tag"),
        pytest.param(
            "!!python/object/apply:os.system [ls]",
            [(1, "the tag 'tag:yaml.org,2002:python/object/apply:os.system' means nothing here")],
            id="code",
        ),
        pytest.param("a: &x [*x]", [(1, "an alias that contains itself")], id="circle"),
        pytest.param("[a]: b", [(1, "a key must be text")], id="key that is a list"),
        pytest.param("a: !!int x", [(1, "'x' is no int")], id="wrong tag for a scalar"),
    ],
)
def test_mistakes_that_leave_a_value(text: str, mistakes: list[tuple[int, str]]) -> None:
    assert parse_yaml(text, file="x.yaml").mistakes == tuple(Mistake("x.yaml", *one) for one in mistakes)


@pytest.mark.parametrize(
    ("text", "start"),
    [
        pytest.param("a: 1\nb: [1", "x.yaml:2: is not YAML: expected ',' or ']'", id="open bracket"),
        pytest.param("a: *x", "x.yaml:1: is not YAML: found undefined alias 'x'", id="undefined alias"),
        pytest.param(
            "a: 1\n--- \nb: 2", "x.yaml:2: is not YAML: but found another document", id="two documents"
        ),
        pytest.param("a: \x00", "x.yaml:1: a character that YAML does not allow", id="control character"),
        pytest.param("[" * 3000, "x.yaml:1: is nested too deeply", id="too deep"),
        pytest.param(
            "\n".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}' if n else 'x'] * 10)}]" for n in range(9)),
            "x.yaml:1: is not YAML: more than a million values",
            id="aliases that multiply",
        ),
    ],
)
def test_no_yaml_at_all(text: str, start: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_yaml(text, file="x.yaml")
    assert str(caught.value).startswith(start)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read: No such file"):
        read_yaml(tmp_path / "none.yaml")


def test_a_file_that_is_no_text(tmp_path: Path) -> None:
    (tmp_path / "x.yaml").write_bytes(b"\xff")
    with pytest.raises(UsageError, match="is not UTF-8 text"):
        read_yaml(tmp_path / "x.yaml")


def test_a_right_file_becomes_its_model() -> None:
    source = parse_yaml("owner: ann\nfruit: {kiwi: {colour: green}}", file="b.yaml")
    assert validated(Basket, source) == Basket(owner="ann", fruit={"kiwi": Fruit(colour="green")})


def test_all_mistakes_are_told_at_once_in_the_order_of_the_file() -> None:
    assert mistakes_of("fruit:\n  kiwi:\n    color: green\n    weight: [1]\ntags: x\ntags: y\n") == [
        "b.yaml:1: 'owner' is missing",
        "b.yaml:3: unknown field 'color'; did you mean 'colour'?",
        "b.yaml:4: 'weight' must be a whole number or text, not a list",
        "b.yaml:5: 'tags' must be a list, not 'x'",
        "b.yaml:6: 'tags' is here twice; the first is on line 5",
    ]


@pytest.mark.parametrize(
    ("text", "mistake"),
    [
        pytest.param(
            "owner: 5", "b.yaml:1: 'owner' must be text, not 5; write it in quotes", id="number for text"
        ),
        pytest.param("owner:", "b.yaml:1: 'owner' must be text, not empty", id="nothing for text"),
        pytest.param("[a]", "b.yaml:1: the file must be a mapping, not a list", id="list for the file"),
        pytest.param(
            "owner: a\nfruit:\n  - x",
            "b.yaml:2: 'fruit' must be a mapping, not a list",
            id="list for mapping",
        ),
        pytest.param(
            "owner: a\ntags:\n- x\n- {}",
            "b.yaml:4: item 2 of 'tags' must be text, not a mapping",
            id="item of a list",
        ),
        pytest.param(
            "owner: a\nfruit: {a: {colour: gren}}",
            "b.yaml:2: 'colour' must be 'red' or 'green', not 'gren'; did you mean 'green'?",
            id="choice",
        ),
        pytest.param(
            "owner: a\nfruit: {a: {price: 0}}", "b.yaml:2: 'price' must be more than 0.0, not 0", id="bound"
        ),
        pytest.param(
            "owner: a\nfruit: {a: {names: 5}}",
            "b.yaml:2: 'names' must be text or a list, not 5; write it in quotes",
            id="either kind",
        ),
        pytest.param(
            "owner: a\nfruit: {a: {names:\n [x, []]}}",
            "b.yaml:3: item 2 of 'names' must be text, not an empty list",
            id="the kind that was meant",
        ),
        pytest.param(
            "owner: a\nzzz: 1",
            "b.yaml:2: unknown field 'zzz'; known are owner, fruit, tags",
            id="nothing is like it",
        ),
    ],
)
def test_mistakes_of_shape_in_plain_words(text: str, mistake: str) -> None:
    assert mistakes_of(text) == [mistake]


def test_suggestions() -> None:
    assert suggestion("subscirbe", ["publish", "subscribe"]) == "; did you mean 'subscribe'?"
    assert suggestion("xyz", ["publish", "subscribe"]) == ""


def test_tags_stand_for_what_the_caller_says() -> None:
    def tagged(tag: str, value: object) -> object:
        if tag == "!Boom":
            raise LookupError(tag)
        return {tag: value}

    text = "a: !X 1\nb: !Y [1, !X z]\nc: !Z\n  d: 2\ne: !Boom\n  f: 3\n"
    source = parse_yaml(text, file="b.yaml", tagged=tagged)

    assert source.value == {"a": {"!X": "1"}, "b": {"!Y": [1, {"!X": "z"}]}, "c": {"!Z": {"d": 2}}, "e": None}
    assert source.line_of(("c", "d")) == 4
    assert [str(mistake) for mistake in source.mistakes] == ["b.yaml:5: the tag '!Boom' means nothing here"]
