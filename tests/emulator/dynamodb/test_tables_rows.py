"""In which order do rows stand, and which lie between two keys?"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.emulator.dynamodb.attribute_values import AttributeValue
from harness.emulator.dynamodb.key_schema import KeyAttribute, KeySchema
from harness.emulator.dynamodb.page import PAGE_BYTES, read_page
from harness.emulator.dynamodb.rows import (
    OrderedRows,
    Row,
    bounds_of,
    position_of,
    row_of,
    segment_bounds,
)
from tests.emulator.dynamodb.engines import Body, item

SCHEMA = KeySchema(KeyAttribute("pk", "S"), KeyAttribute("sk", "S"))
NUMBERED = KeySchema(KeyAttribute("pk", "S"), KeyAttribute("sk", "N"))


def rows_of(*items: Body, schema: KeySchema = SCHEMA) -> OrderedRows:
    rows = OrderedRows()
    for one in items:
        rows.set(position_of(schema, one), row_of(one))
    return rows


def sort_keys(rows: OrderedRows, *condition: object, forward: bool = True) -> list[str]:
    operator, *operands = condition or (None,)
    bounds = bounds_of({"S": "a"}, operator, tuple(operands))  # type: ignore[arg-type]
    return [next(iter(row.item["sk"].values())) for _, row in rows.within(bounds, forward=forward)]


def strings(*texts: str) -> tuple[AttributeValue, ...]:
    return tuple({"S": text} for text in texts)


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        pytest.param((), ["a", "ab", "abc", "b", "é"], id="all of a partition"),
        pytest.param(("=", *strings("ab")), ["ab"], id="one"),
        pytest.param(("<", *strings("ab")), ["a"], id="less"),
        pytest.param(("<=", *strings("ab")), ["a", "ab"], id="up to and with"),
        pytest.param((">", *strings("ab")), ["abc", "b", "é"], id="greater"),
        pytest.param((">=", *strings("ab")), ["ab", "abc", "b", "é"], id="from and with"),
        pytest.param(("BETWEEN", *strings("ab", "b")), ["ab", "abc", "b"], id="between includes both ends"),
        pytest.param(("BETWEEN", *strings("aba", "abz")), ["abc"], id="between bounds that are no keys"),
        pytest.param(("begins_with", *strings("ab")), ["ab", "abc"], id="a prefix, itself included"),
        pytest.param(("begins_with", *strings("x")), [], id="a prefix of nothing"),
    ],
)
def test_a_key_condition_bounds_the_walk(condition: tuple[object, ...], expected: list[str]) -> None:
    rows = rows_of(
        *(item(pk="a", sk=sort) for sort in ("b", "abc", "a", "ab", "é")),
        item(pk="other", sk="ab"),
        item(pk="A", sk="ab"),
    )
    assert sort_keys(rows, *condition) == expected
    assert sort_keys(rows, *condition, forward=False) == expected[::-1]


def test_numbers_are_ordered_by_value() -> None:
    rows = rows_of(
        *(item(pk="a", sk={"N": number}) for number in ("10", "9", "-1", "0.5", "1000000000000000000001")),
        schema=NUMBERED,
    )
    assert sort_keys(rows) == ["-1", "0.5", "9", "10", "1000000000000000000001"]
    assert sort_keys(rows, ">", {"N": "9"}) == ["10", "1000000000000000000001"]


def test_binary_is_ordered_by_its_unsigned_bytes_and_has_prefixes() -> None:
    schema = KeySchema(KeyAttribute("pk", "S"), KeyAttribute("sk", "B"))
    rows = rows_of(
        *(item(pk="a", sk={"B": text}) for text in ("/w==", "AA==", "fwA=", "fw==")), schema=schema
    )
    assert sort_keys(rows) == ["AA==", "fw==", "fwA=", "/w=="]
    assert sort_keys(rows, "begins_with", {"B": "fw=="}) == ["fw==", "fwA="]


def test_the_size_follows_every_change() -> None:
    rows = rows_of(item(pk="a", sk="1"), item(pk="a", sk="2"))
    assert (len(rows), rows.size) == (2, 12)
    rows.set(position_of(SCHEMA, item(pk="a", sk="1")), row_of(item(pk="a", sk="1", x="four")))
    assert (len(rows), rows.size) == (2, 17)
    rows.remove(position_of(SCHEMA, item(pk="a", sk="2")))
    rows.remove(position_of(SCHEMA, item(pk="a", sk="2")))
    assert (len(rows), rows.size) == (1, 11)


def test_a_walk_goes_on_behind_a_row_that_is_gone() -> None:
    rows = rows_of(*(item(pk="a", sk=sort) for sort in "135"))
    bounds = bounds_of({"S": "a"})
    behind = bounds.after(position_of(SCHEMA, item(pk="a", sk="2")), forward=True)
    before = bounds.after(position_of(SCHEMA, item(pk="a", sk="3")), forward=False)
    assert [row.item["sk"]["S"] for _, row in rows.within(behind)] == ["3", "5"]
    assert [row.item["sk"]["S"] for _, row in rows.within(before, forward=False)] == ["1"]


@given(keys=st.sets(st.text(min_size=1, max_size=3), min_size=1, max_size=40), total=st.integers(1, 7))
def test_segments_share_all_rows_between_them(keys: set[str], total: int) -> None:
    rows = rows_of(*(item(pk=key, sk="s") for key in keys))
    found = [
        row.item["pk"]["S"]
        for segment in range(total)
        for _, row in rows.within(segment_bounds(segment, total))
    ]
    assert sorted(found) == sorted(keys)


def test_segments_are_of_about_the_same_size() -> None:
    rows = rows_of(*(item(pk=f"WS#{number}", sk="META") for number in range(4000)))
    sizes = [len(list(rows.within(segment_bounds(segment, 4)))) for segment in range(4)]
    assert all(900 < size < 1100 for size in sizes), sizes


@pytest.mark.aws("D-1")
@pytest.mark.parametrize(
    ("sizes", "limit", "taken", "truncated"),
    [
        pytest.param([10, 10], None, 2, False, id="everything"),
        pytest.param([10, 10, 10], 2, 2, True, id="a limit"),
        pytest.param([10, 10], 2, 2, True, id="a limit that is just reached tells a last key too"),
        pytest.param([10, 10], 3, 2, False, id="a limit that is not reached"),
        pytest.param([PAGE_BYTES // 4] * 5, None, 4, True, id="1 MB reached exactly"),
        pytest.param(
            [PAGE_BYTES // 4 - 1] * 6, None, 5, True, id="the item that passes 1 MB is part of the page"
        ),
        pytest.param([PAGE_BYTES // 4 - 1] * 5, None, 5, False, id="1 MB passed with the last item"),
        pytest.param([PAGE_BYTES // 4 - 1] * 4, None, 4, False, id="just below 1 MB"),
    ],
)
def test_a_page_ends_at_the_limit_or_at_1_mb(
    sizes: list[int], limit: int | None, taken: int, truncated: bool
) -> None:
    rows = [((number,), Row({}, size)) for number, size in enumerate(sizes)]
    page = read_page(iter(rows), limit)
    assert (len(page.rows), page.size) == (taken, sum(sizes[:taken]))
    assert page.last is (rows[taken - 1][1] if truncated else None)
