"""Query and Scan: which rows, which of their attributes, how many at a time, and what they cost."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.emulator.dynamodb.engines import Body, Engine, a_table, an_engine, an_index, item

INVALID = "One or more parameter values were invalid: "


def things() -> Engine:
    """Three partitions; `n` counts down as `sk` counts up, and every second item has a colour."""
    engine = an_engine(
        a_table(
            types={"n": "N"},
            global_indexes={
                "ByColour": an_index("colour sk"),
                "ByNumber": an_index("n", "KEYS_ONLY"),
                "ByColourWithX": an_index("colour n", "INCLUDE", "x"),
            },
            local_indexes={"Numbered": an_index("pk n", "KEYS_ONLY")},
        )
    )
    for partition in "abc":
        for number in range(5):
            colour: Body = {"colour": {"S": "red"}} if number % 2 == 0 else {}
            row = item(pk=partition, sk=str(number), n=9 - number, x="x", y="y") | colour
            engine("PutItem", TableName="Things", Item=row)
    return engine


def query(condition: str = "pk = :v", value: str | int = "a", **more: object) -> Body:
    (wire,) = item(v=value).values()
    values: Any = more.pop("values", {})
    return {
        "TableName": "Things",
        "KeyConditionExpression": condition,
        "ExpressionAttributeValues": {":v": wire, **values},
        **more,
    }


def pages(engine: Engine, operation: str, **asked: object) -> Iterator[Body]:
    page = engine(operation, **asked)
    yield page
    while "LastEvaluatedKey" in page:
        page = engine(operation, **asked, ExclusiveStartKey=page["LastEvaluatedKey"])
        yield page


def keys(page: Body) -> list[str]:
    return [one["pk"]["S"] + one["sk"]["S"] for one in page["Items"]]


# --- what is found ----------------------------------------------------------------------------------------


def test_a_query_finds_a_partition_in_the_order_of_its_sort_key() -> None:
    engine = things()
    assert keys(engine("Query", **query())) == ["a0", "a1", "a2", "a3", "a4"]
    assert keys(engine("Query", **query(ScanIndexForward=False))) == ["a4", "a3", "a2", "a1", "a0"]
    between = query("pk = :v AND sk BETWEEN :low AND :high", values={":low": {"S": "1"}, ":high": {"S": "3"}})
    assert keys(engine("Query", **between)) == ["a1", "a2", "a3"]
    assert engine("Query", **query(value="z")) == {"Items": [], "Count": 0, "ScannedCount": 0}


def test_an_index_is_queried_by_its_own_key_and_gives_what_it_projects() -> None:
    engine = things()
    by_colour = engine("Query", **query("colour = :v", "red", IndexName="ByColour", Limit=1))
    assert by_colour["Items"] == [item(pk="a", sk="0", n=9, x="x", y="y", colour="red")]
    keys_only = engine("Query", **query("n = :v", 8, IndexName="ByNumber", Limit=1))
    assert keys_only["Items"] == [item(pk="a", sk="1", n=8)]
    included = engine("Query", **query("colour = :v", "red", IndexName="ByColourWithX", Limit=1))
    assert included["Items"] == [item(pk="a", sk="4", n=5, colour="red", x="x")]
    assert keys(engine("Query", **query(IndexName="Numbered"))) == ["a4", "a3", "a2", "a1", "a0"]


@pytest.mark.aws("D-4")
def test_a_filter_is_applied_after_the_page_was_read() -> None:
    engine = things()
    filtered = query(FilterExpression="n > :n", values={":n": {"N": "6"}}, Limit=4)
    answer = engine("Query", **filtered)
    assert (keys(answer), answer["Count"], answer["ScannedCount"]) == (["a0", "a1", "a2"], 3, 4)
    counted = engine("Query", **filtered, Select="COUNT")
    assert counted == {"Count": 3, "ScannedCount": 4, "LastEvaluatedKey": item(pk="a", sk="3")}


def test_a_local_index_fetches_from_the_table_what_it_does_not_hold() -> None:
    engine = things()
    fetched = engine("Query", **query(IndexName="Numbered", ProjectionExpression="y, n", Limit=1))
    assert fetched["Items"] == [item(y="y", n=5)]
    whole = engine("Query", **query(IndexName="Numbered", Select="ALL_ATTRIBUTES", Limit=1))
    assert whole["Items"] == [item(pk="a", sk="4", n=5, x="x", y="y", colour="red")]


# --- page by page -----------------------------------------------------------------------------------------


@pytest.mark.aws("D-2")
@pytest.mark.parametrize("limit", [1, 2, 3, 5, 6])
@pytest.mark.parametrize("forward", [True, False])
@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        pytest.param(query(), ["a0", "a1", "a2", "a3", "a4"], id="table"),
        pytest.param(query("colour = :v AND sk < :t", "red", IndexName="ByColour", values={":t": {"S": "3"}}),
                     ["a0", "b0", "c0", "a2", "b2", "c2"], id="global index"),
        pytest.param(query(IndexName="Numbered"), ["a4", "a3", "a2", "a1", "a0"], id="local index"),
    ],
)  # fmt: skip
def test_pages_have_everything_once_and_in_order(
    asked: Body, expected: list[str], forward: bool, limit: int
) -> None:
    asked = {**asked, "Limit": limit, "ScanIndexForward": forward}
    found = [key for page in pages(things(), "Query", **asked) for key in keys(page)]
    assert found == (expected if forward else expected[::-1])


@pytest.mark.aws("D-2")
def test_the_last_key_of_an_index_has_its_key_and_the_tables() -> None:
    answer = things()("Query", **query("colour = :v", "red", IndexName="ByColour", Limit=1))
    assert answer["LastEvaluatedKey"] == item(colour="red", sk="0", pk="a")


@pytest.mark.aws("D-2")
def test_a_page_may_be_empty_and_not_the_last() -> None:
    filtered = query(FilterExpression="n = :n", values={":n": {"N": "5"}}, Limit=2)
    assert [keys(page) for page in pages(things(), "Query", **filtered)] == [[], [], ["a4"]]


@pytest.mark.aws("D-1", "D-3")
def test_a_page_ends_at_1_mb_of_items_whatever_is_asked_of_them() -> None:
    engine = an_engine(a_table())
    for number in range(12):
        engine("PutItem", TableName="Things", Item=item(pk="a", sk=f"{number:02}", x="x" * 200_000))
    asked = query(ProjectionExpression="sk", FilterExpression="attribute_not_exists(x) OR size(x) > :n",
                  values={":n": {"N": "1"}})  # fmt: skip
    assert [page["Count"] for page in pages(engine, "Query", **asked)] == [6, 6]
    assert [page["ScannedCount"] for page in pages(engine, "Scan", TableName="Things")] == [6, 6]


def test_the_next_page_begins_behind_a_row_that_was_deleted_meanwhile() -> None:
    engine = things()
    first = engine("Query", **query(Limit=2))
    engine("DeleteItem", TableName="Things", Key=first["LastEvaluatedKey"])
    assert keys(engine("Query", **query(ExclusiveStartKey=first["LastEvaluatedKey"]))) == ["a2", "a3", "a4"]


# --- scanning ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("limit", [1, 4, 100])
@pytest.mark.parametrize("index", [None, "ByColour"])
@pytest.mark.parametrize("total", [1, 3])
def test_segments_and_pages_of_a_scan_have_everything_once(limit: int, index: str | None, total: int) -> None:
    engine = things()
    of_index: Body = {} if index is None else {"IndexName": index}
    found = [
        key
        for segment in range(total)
        for page in pages(
            engine, "Scan", TableName="Things", Limit=limit, Segment=segment, TotalSegments=total, **of_index
        )
        for key in keys(page)
    ]
    numbers = range(5) if index is None else range(0, 5, 2)
    assert sorted(found) == [f"{partition}{number}" for partition in "abc" for number in numbers]


def test_a_scan_keeps_its_order_and_partitions_together() -> None:
    engine = things()
    order = keys(engine("Scan", TableName="Things"))
    assert keys(engine("Scan", TableName="Things")) == order
    assert [order[start : start + 5] for start in (0, 5, 10)] == [
        [f"{order[start][0]}{number}" for number in range(5)] for start in (0, 5, 10)
    ]


# --- what it costs ----------------------------------------------------------------------------------------


@pytest.mark.aws("D-5", "D-6")
@pytest.mark.parametrize(
    ("operation", "asked", "capacity"),
    [
        pytest.param("Query", query(value="big"), {"CapacityUnits": 2.0, "Table": 2.0}, id="rounded up once"),
        pytest.param(
            "Query",
            query(value="big", ConsistentRead=True),
            {"CapacityUnits": 4.0, "Table": 4.0},
            id="twice as much when consistent",
        ),
        pytest.param(
            "Query",
            query(value="big", FilterExpression="x = :v", Select="COUNT"),
            {"CapacityUnits": 2.0, "Table": 2.0},
            id="filtered or not",
        ),
        pytest.param(
            "Query", query(value="none"), {"CapacityUnits": 0.5, "Table": 0.5}, id="at least one unit"
        ),
        pytest.param(
            "Query",
            query("colour = :v", "red", IndexName="ByColour"),
            {"CapacityUnits": 0.5, "Table": 0.0, "GlobalSecondaryIndexes": {"ByColour": 0.5}},
            id="of a global index",
        ),
        pytest.param(
            "Query",
            query(IndexName="Numbered", ProjectionExpression="y", Limit=3),
            {"CapacityUnits": 2.0, "Table": 1.5, "LocalSecondaryIndexes": {"Numbered": 0.5}},
            id="of a local index and each row it fetches",
        ),
        pytest.param(
            "Scan",
            {"TableName": "Things"},
            {"CapacityUnits": 2.0, "Table": 2.0},
            id="a scan pays for everything",
        ),
    ],
)
def test_reads_consume_what_they_evaluate(operation: str, asked: Body, capacity: Body) -> None:
    engine = things()
    for sort in "1234":
        engine("PutItem", TableName="Things", Item=item(pk="big", sk=sort, z="x" * 3800))
    consumed = engine(operation, **asked, ReturnConsumedCapacity="INDEXES")["ConsumedCapacity"]
    assert flattened(consumed) == {"TableName": "Things", **capacity}


def flattened(consumed: Body) -> Body:
    flat = dict(consumed)
    flat["Table"] = consumed["Table"]["CapacityUnits"]
    for member in ("GlobalSecondaryIndexes", "LocalSecondaryIndexes"):
        if member in consumed:
            flat[member] = {name: one["CapacityUnits"] for name, one in consumed[member].items()}
    return flat


# --- what is refused --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        pytest.param(
            query("colour = :v", "red", IndexName="ByColour", ConsistentRead=True),
            "Consistent reads are not supported on global secondary indexes",
            id="D-8",
            marks=pytest.mark.aws("D-8"),
        ),
        pytest.param(
            query(IndexName="ByNothing"),
            "The table does not have the specified index: ByNothing",
            id="an unknown index",
        ),
        pytest.param(
            {"TableName": "Things"},
            "Either the KeyConditions or KeyConditionExpression parameter must be specified in the request.",
            id="no key condition",
        ),
        pytest.param(query("x = :v"), "Query condition missed key schema element: pk", id="not the key"),
        pytest.param(
            query("pk > :v"), "Query key condition not supported", id="an inequality of the hash key"
        ),
        pytest.param(
            query(value=1),
            INVALID + "Condition parameter type does not match schema type",
            id="another type than the key's",
        ),
        pytest.param(
            query(value=""),
            "One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an "
            "empty string value. Key: pk",
            id="an empty key",
        ),
        pytest.param(
            query(FilterExpression="sk = :v"),
            "Filter Expression can only contain non-primary key attributes: Primary key attribute: sk",
            id="a filter on the key",
        ),
        pytest.param(
            query(FilterExpression="contains(#k, :v)", ExpressionAttributeNames={"#k": "pk"}),
            "Filter Expression can only contain non-primary key attributes: Primary key attribute: pk",
            id="a filter on the key by another name",
        ),
        pytest.param(
            query(Select="SPECIFIC_ATTRIBUTES"),
            "Must specify the AttributesToGet or ProjectionExpression when choosing to get SPECIFIC_ATTRIBUTES",
            id="specific attributes, and none named",
        ),
        pytest.param(
            query(Select="ALL_PROJECTED_ATTRIBUTES"),
            "ALL_PROJECTED_ATTRIBUTES can be used only when Querying using an IndexName",
            id="projected attributes of a table",
        ),
        pytest.param(
            query(Select="COUNT", ProjectionExpression="pk"),
            "Cannot specify the ProjectionExpression when choosing to get only the Count",
            id="count and projection",
        ),
        pytest.param(
            query("n = :v", 1, IndexName="ByNumber", Select="ALL_ATTRIBUTES"),
            INVALID
            + "Select type ALL_ATTRIBUTES is not supported for global secondary index ByNumber because its "
            "projection type is not ALL",
            id="all attributes of an index that has not all",
        ),
        pytest.param(
            query("n = :v", 1, IndexName="ByNumber", ProjectionExpression="y, pk, x"),
            INVALID + "Global secondary index ByNumber does not project [x, y]",
            id="attributes that a global index has not",
        ),
        pytest.param(
            query("n = :v", 1, IndexName="ByNumber", FilterExpression="y = :v AND pk <> :v"),
            INVALID + "Secondary index ByNumber does not project one or more filter attributes: [y]",
            id="a filter on what a global index has not",
        ),
        pytest.param(
            query(IndexName="Numbered", FilterExpression="x = :v"),
            INVALID + "Secondary index Numbered does not project one or more filter attributes: [x]",
            id="a filter on what a local index has not",
        ),
        pytest.param(
            query(Limit=0),
            "1 validation error detected: Value '0' at 'limit' failed to satisfy constraint: Member must have "
            "value greater than or equal to 1",
            id="no limit at all",
        ),
        pytest.param(
            query(ExclusiveStartKey=item(pk="a")),
            "The provided starting key is invalid: The provided key element does not match the schema",
            id="half a starting key",
        ),
        pytest.param(
            query("n = :v", 1, IndexName="ByNumber", ExclusiveStartKey=item(pk="a", sk="1")),
            "The provided starting key is invalid",
            id="a starting key without the index's",
        ),
        pytest.param(
            query(ExclusiveStartKey=item(pk="b", sk="1")),
            "The provided starting key is outside query boundaries based on provided conditions",
            id="a starting key of another partition",
        ),
        pytest.param(
            query("pk = :v AND sk < :s", values={":s": {"S": "2"}}, ExclusiveStartKey=item(pk="a", sk="3")),
            "The provided starting key does not match the range key predicate",
            id="a starting key beyond the condition",
        ),
        pytest.param(
            {"TableName": "Things", "KeyConditions": {}},
            "The legacy parameter KeyConditions is not emulated by fanout-harness; use KeyConditionExpression "
            "instead.",
            id="a legacy query",
        ),
    ],
)
def test_a_query_that_makes_no_sense_is_refused_in_the_words_of_aws(asked: Body, message: str) -> None:
    assert things().message("Query", **asked) == message


@pytest.mark.parametrize(
    ("members", "message"),
    [
        pytest.param(
            {"Segment": 0},
            "The TotalSegments parameter is required but was not present in the request when Segment parameter is "
            "present",
            id="a segment of how many",
        ),
        pytest.param(
            {"TotalSegments": 2},
            "The Segment parameter is required but was not present in the request when parameter TotalSegments is "
            "present",
            id="which segment",
        ),
        pytest.param(
            {"Segment": 2, "TotalSegments": 2},
            "The Segment parameter is zero-based and must be less than parameter TotalSegments: Segment: 2 is not "
            "less than TotalSegments: 2",
            id="a segment too far",
        ),
        pytest.param(
            {"IndexName": "ByColour", "ConsistentRead": True},
            "Consistent reads are not supported on global secondary indexes",
            id="consistent on a global index",
        ),
        pytest.param(
            {"ExclusiveStartKey": item(pk="a", sk=1)},
            "The provided starting key is invalid: The provided key element does not match the schema",
            id="a starting key of another type",
        ),
    ],
)
def test_a_scan_that_makes_no_sense_is_refused_in_the_words_of_aws(members: Body, message: str) -> None:
    assert things().message("Scan", TableName="Things", **members) == message


def test_a_scan_goes_on_in_its_own_segment_only() -> None:
    engine = an_engine(a_table(key="pk"))
    for letter in "abcdefgh":
        engine("PutItem", TableName="Things", Item=item(pk=letter))
    segments = [engine("Scan", TableName="Things", Segment=one, TotalSegments=2, Limit=1) for one in (0, 1)]
    other = {"Segment": 0, "TotalSegments": 2, "ExclusiveStartKey": segments[1]["LastEvaluatedKey"]}
    assert engine.message("Scan", TableName="Things", **other) == (
        "The provided starting key is invalid: Invalid ExclusiveStartKey. Please use ExclusiveStartKey with "
        "correct Segment. TotalSegments: 2 Segment: 0"
    )
