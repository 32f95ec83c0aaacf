"""PutItem, GetItem, UpdateItem, DeleteItem."""

import pytest

from harness.emulator.dynamodb.database import Change
from tests.emulator.dynamodb.engines import Body, Engine, a_table, an_engine, an_index, item

INVALID = "One or more parameter values were invalid: "
EMPTY = "The AttributeValue for a key attribute cannot contain an empty string value."
KEY = item(pk="a", sk="1")


def things() -> Engine:
    return an_engine(a_table(global_indexes={"ByColour": an_index("colour sk")}))


def put(engine: Engine, **attributes: str | int | Body) -> None:
    engine("PutItem", TableName="Things", Item=item(**attributes))


def get(engine: Engine, key: Body = KEY, **more: object) -> Body | None:
    answer: Body = engine("GetItem", TableName="Things", Key=key, **more)
    return answer.get("Item")


# --- putting and getting ----------------------------------------------------------------------------------


def test_an_item_comes_back_in_normal_form() -> None:
    engine = things()
    put(engine, pk="a", sk="1", n={"N": "+01.50"}, s={"SS": ["b", "a"]}, m={"M": {"x": {"NULL": True}}})
    assert get(engine) == {
        "pk": {"S": "a"},
        "sk": {"S": "1"},
        "n": {"N": "1.5"},
        "s": {"SS": ["a", "b"]},
        "m": {"M": {"x": {"NULL": True}}},
    }
    assert get(engine, ProjectionExpression="n, m.x") == {
        "n": {"N": "1.5"},
        "m": {"M": {"x": {"NULL": True}}},
    }
    assert get(engine, item(pk="a", sk="2")) is None


def test_a_put_replaces_the_whole_item_and_returns_the_old_one_if_asked() -> None:
    engine = things()
    put(engine, pk="a", sk="1", x="old")
    replaced = engine(
        "PutItem", TableName="Things", Item=item(pk="a", sk="1", y="new"), ReturnValues="ALL_OLD"
    )
    assert replaced == {"Attributes": item(pk="a", sk="1", x="old")}
    assert get(engine) == item(pk="a", sk="1", y="new")
    assert engine("PutItem", TableName="Things", Item=item(pk="b", sk="1"), ReturnValues="ALL_OLD") == {}


@pytest.mark.parametrize(
    ("put_item", "message"),
    [
        pytest.param(
            item(pk="a"), INVALID + "Missing the key sk in the item", id="D-15", marks=pytest.mark.aws("D-15")
        ),
        pytest.param(
            item(pk=1, sk="1"),
            INVALID + "Type mismatch for key pk expected: S actual: N",
            id="D-12",
            marks=pytest.mark.aws("D-12"),
        ),
        pytest.param(
            item(pk="", sk="1"),
            f"One or more parameter values are not valid. {EMPTY} Key: pk",
            id="D-14",
            marks=pytest.mark.aws("D-14"),
        ),
        pytest.param(
            item(pk="a", sk="1", colour={"NULL": True}),
            INVALID + "Type mismatch for Index Key colour Expected: S Actual: NULL IndexName: ByColour",
            id="D-11",
            marks=pytest.mark.aws("D-11"),
        ),
        pytest.param(
            item(pk="a", sk="1", colour=""),
            "One or more parameter values are not valid. A value specified for a secondary index key is not "
            f"supported. {EMPTY} IndexName: ByColour, IndexKey: colour",
            id="D-13",
            marks=pytest.mark.aws("D-13"),
        ),
        pytest.param(
            item(pk="é" * 1025, sk="1"),
            INVALID + "Size of hashkey has exceeded the maximum size limit of2048 bytes",
            id="a hash key over 2048 bytes",
            marks=pytest.mark.aws("D-25"),
        ),
        pytest.param(
            item(pk="a", sk="x" * 1025),
            INVALID + "Aggregated size of all range keys has exceeded the size limit of 1024 bytes",
            id="a range key over 1024 bytes",
            marks=pytest.mark.aws("D-25"),
        ),
        pytest.param(
            item(pk="a", sk="1", x="x" * (400 * 1024 - 6)),
            "Item size has exceeded the maximum allowed size",
            id="an item over 400 KB",
            marks=pytest.mark.aws("D-25"),
        ),
        pytest.param(
            item(pk="a", sk="1", x={"NULL": False}),
            INVALID + "Null attribute value types must have the value of true",
            id="a value that no item may have",
        ),
    ],
)
def test_an_item_that_does_not_fit_is_refused_in_the_words_of_aws(put_item: Body, message: str) -> None:
    engine = things()
    assert engine.message("PutItem", TableName="Things", Item=put_item) == message
    assert engine("Scan", TableName="Things")["Count"] == 0


@pytest.mark.aws("D-25")
def test_keys_and_items_may_be_as_large_as_aws_allows() -> None:
    engine = things()
    put(engine, pk="é" * 1024, sk="x" * 1024)
    put(engine, pk="a", sk="1", x="x" * (400 * 1024 - 7))


@pytest.mark.aws("D-10")
def test_an_item_without_the_index_key_is_accepted_and_not_in_the_index() -> None:
    engine = things()
    put(engine, pk="a", sk="1")
    assert engine("Scan", TableName="Things", IndexName="ByColour")["Count"] == 0


@pytest.mark.aws("D-14", "D-19")
@pytest.mark.parametrize("operation", ["GetItem", "UpdateItem", "DeleteItem"])
@pytest.mark.parametrize(
    ("key", "message"),
    [
        pytest.param({}, "The provided key element does not match the schema", id="no key"),
        pytest.param(item(pk="a"), "The provided key element does not match the schema", id="half a key"),
        pytest.param(
            item(pk="a", sk="1", x="1"), "The provided key element does not match the schema", id="too much"
        ),
        pytest.param(item(pk="a", sk=1), "The provided key element does not match the schema", id="type"),
        pytest.param(
            item(pk="a", sk=""),
            f"One or more parameter values are not valid. {EMPTY} Key: sk",
            id="an empty value",
        ),
    ],
)
def test_a_key_that_is_not_the_tables_is_refused(operation: str, key: Body, message: str) -> None:
    assert things().message(operation, TableName="Things", Key=key) == message


def test_a_table_that_is_not_there_is_not_found() -> None:
    error = an_engine().refusal("PutItem", TableName="Things", Item=KEY)
    assert (error.code, error.message) == ("ResourceNotFoundException", "Requested resource not found")


# --- conditions -------------------------------------------------------------------------------------------


@pytest.mark.aws("D-22")
@pytest.mark.parametrize(
    ("operation", "members"),
    [
        ("PutItem", {"Item": item(pk="a", sk="1", x="new")}),
        ("UpdateItem", {"Key": KEY, "UpdateExpression": "REMOVE x"}),
        ("DeleteItem", {"Key": KEY}),
    ],
)
def test_a_condition_that_does_not_hold_stops_the_write(operation: str, members: Body) -> None:
    engine = things()
    put(engine, pk="a", sk="1", x="old")
    asked = {"TableName": "Things", "ConditionExpression": "attribute_not_exists(pk)", **members}
    error = engine.refusal(operation, **asked)
    assert (error.code, error.message, error.extra) == (
        "ConditionalCheckFailedException",
        "The conditional request failed",
        {},
    )
    error = engine.refusal(operation, **asked, ReturnValuesOnConditionCheckFailure="ALL_OLD")
    assert error.extra == {"Item": item(pk="a", sk="1", x="old")}
    assert get(engine) == item(pk="a", sk="1", x="old")


@pytest.mark.aws("D-22")
def test_a_failed_condition_on_an_absent_item_has_no_item_to_show() -> None:
    error = things().refusal(
        "DeleteItem",
        TableName="Things",
        Key=KEY,
        ConditionExpression="attribute_exists(pk)",
        ReturnValuesOnConditionCheckFailure="ALL_OLD",
    )
    assert error.extra == {}


# --- updating and deleting --------------------------------------------------------------------------------


@pytest.mark.aws("D-21")
def test_an_update_of_an_absent_item_makes_one_of_its_key() -> None:
    engine = things()
    update = {"UpdateExpression": "SET x = :x", "ExpressionAttributeValues": {":x": {"S": "new"}}}
    answer = engine("UpdateItem", TableName="Things", Key=KEY, ReturnValues="ALL_NEW", **update)
    assert answer == {"Attributes": item(pk="a", sk="1", x="new")}
    engine("UpdateItem", TableName="Things", Key=item(pk="b", sk="1"))
    assert get(engine, item(pk="b", sk="1")) == item(pk="b", sk="1")


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ("NONE", None),
        ("ALL_OLD", item(pk="a", sk="1", n=1, x="old")),
        ("ALL_NEW", item(pk="a", sk="1", n=3, y="new")),
        ("UPDATED_OLD", item(n=1, x="old")),
        ("UPDATED_NEW", item(n=3, y="new")),
    ],
)
def test_an_update_returns_what_is_asked(wanted: str, expected: Body | None) -> None:
    engine = things()
    put(engine, pk="a", sk="1", n=1, x="old")
    answer = engine(
        "UpdateItem",
        TableName="Things",
        Key=KEY,
        UpdateExpression="SET n = n + :two, y = :y REMOVE x",
        ExpressionAttributeValues={":two": {"N": "2"}, ":y": {"S": "new"}},
        ReturnValues=wanted,
    )
    assert answer.get("Attributes") == expected


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        pytest.param(
            "SET pk = :string",
            INVALID + "Cannot update attribute pk. This attribute is part of the key",
            id="D-18",
            marks=pytest.mark.aws("D-18"),
        ),
        pytest.param(
            "SET colour = :number",
            INVALID + "Type mismatch for Index Key colour Expected: S Actual: N IndexName: ByColour",
            id="D-16",
            marks=pytest.mark.aws("D-16"),
        ),
        pytest.param(
            "SET colour = size_",
            "The update expression attempted to update the secondary index key to unsupported type",
            id="D-17",
            marks=pytest.mark.aws("D-17"),
        ),
        pytest.param(
            "SET colour = :empty",
            "One or more parameter values are not valid. The update expression attempted to update a secondary "
            f"index key to a value that is not supported. {EMPTY}",
            id="an empty index key",
        ),
        pytest.param(
            "SET colour.red = :string",
            "Key attributes must be scalars; list random access '[]' and map lookup '.' are not allowed: "
            "IndexKey: colour",
            id="inside an index key",
        ),
        pytest.param(
            "SET big = :big, more = :big",
            "Item size to update has exceeded the maximum allowed size",
            id="too large",
        ),
        pytest.param(
            "SET x = absent",
            "The provided expression refers to an attribute that does not exist in the item",
            id="from nowhere",
        ),
    ],
)
def test_an_update_that_the_item_cannot_take_changes_nothing(expression: str, message: str) -> None:
    engine = things()
    put(engine, pk="a", sk="1", size_=7)
    values = {
        ":string": {"S": "x"},
        ":number": {"N": "1"},
        ":empty": {"S": ""},
        ":big": {"S": "x" * 210_000},
    }
    used = {reference: value for reference, value in values.items() if reference in expression}
    asked: Body = {"ExpressionAttributeValues": used} if used else {}
    assert (
        engine.message("UpdateItem", TableName="Things", Key=KEY, UpdateExpression=expression, **asked)
        == message
    )
    assert get(engine) == item(pk="a", sk="1", size_=7)


def test_an_update_leaves_an_unfit_index_key_alone_that_it_does_not_touch() -> None:
    engine = an_engine(a_table())
    put(engine, pk="a", sk="1", colour=7)
    engine(
        "UpdateTable",
        TableName="Things",
        AttributeDefinitions=[{"AttributeName": "colour", "AttributeType": "S"}],
        GlobalSecondaryIndexUpdates=[{"Create": {"IndexName": "ByColour", **an_index("colour")}}],
    )
    engine(
        "UpdateItem",
        TableName="Things",
        Key=KEY,
        UpdateExpression="SET x = :x",
        ExpressionAttributeValues={":x": {"S": "x"}},
    )
    assert get(engine) == item(pk="a", sk="1", colour=7, x="x")


@pytest.mark.aws("D-23")
def test_a_delete_takes_the_item_away_and_succeeds_without_one() -> None:
    engine = things()
    put(engine, pk="a", sk="1", colour="red")
    deleted = engine("DeleteItem", TableName="Things", Key=KEY, ReturnValues="ALL_OLD")
    assert deleted == {"Attributes": item(pk="a", sk="1", colour="red")}
    assert engine("DeleteItem", TableName="Things", Key=KEY, ReturnValues="ALL_OLD") == {}
    assert get(engine) is None
    assert engine("Scan", TableName="Things", IndexName="ByColour")["Count"] == 0


def test_what_an_answer_gave_does_not_change_with_the_item() -> None:
    engine = things()
    put(engine, pk="a", sk="1", tags={"L": [{"S": "x"}]})
    before = get(engine)
    engine(
        "UpdateItem",
        TableName="Things",
        Key=KEY,
        UpdateExpression="SET tags = list_append(tags, :y)",
        ExpressionAttributeValues={":y": {"L": [{"S": "y"}]}},
    )
    assert before == item(pk="a", sk="1", tags={"L": [{"S": "x"}]})


# --- parameters -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("operation", "members", "message"),
    [
        pytest.param(
            "PutItem",
            {"Item": KEY, "ReturnValues": "ALL_NEW"},
            "ReturnValues can only be ALL_OLD or NONE",
            id="return values of a put",
        ),
        pytest.param(
            "PutItem",
            {"Item": KEY, "ReturnConsumedCapacity": "SOME"},
            "1 validation error detected: Value 'SOME' at 'returnConsumedCapacity' failed to satisfy constraint: "
            "Member must satisfy enum value set: [INDEXES, TOTAL, NONE]",
            id="an unknown word",
        ),
        pytest.param(
            "GetItem",
            {},
            "1 validation error detected: Value null at 'key' failed to satisfy constraint: Member must not be null",
            id="no key",
        ),
        pytest.param(
            "GetItem",
            {"Key": KEY, "ExpressionAttributeNames": {"#a": "a"}},
            "ExpressionAttributeNames can only be specified when using expressions",
            id="names without an expression",
        ),
        pytest.param(
            "UpdateItem",
            {"Key": KEY, "ExpressionAttributeValues": {":a": {"S": "a"}}},
            "ExpressionAttributeValues can only be specified when using expressions: "
            "UpdateExpression and ConditionExpression are null",
            id="values without an expression",
        ),
        pytest.param(
            "DeleteItem",
            {
                "Key": KEY,
                "ConditionExpression": "attribute_exists(x)",
                "ExpressionAttributeNames": {"#a": "a"},
            },
            "Value provided in ExpressionAttributeNames unused in expressions: keys: {#a}",
            id="a name that is not used",
        ),
        pytest.param(
            "PutItem",
            {"Item": KEY, "Expected": {}},
            "The legacy parameter Expected is not emulated by fanout-harness; use ConditionExpression instead.",
            id="a legacy parameter",
        ),
        pytest.param(
            "UpdateItem",
            {"Key": KEY, "AttributeUpdates": {}, "UpdateExpression": "REMOVE x"},
            "Can not use both expression and non-expression parameters in the same request: Non-expression "
            "parameters: {AttributeUpdates} Expression parameters: {UpdateExpression}",
            id="legacy and expression",
        ),
    ],
)
def test_parameters_that_do_not_go_together_are_refused(operation: str, members: Body, message: str) -> None:
    assert things().message(operation, TableName="Things", **members) == message


# --- capacity ---------------------------------------------------------------------------------------------


def consumed(engine: Engine, operation: str, **members: object) -> Body:
    answer = engine(operation, TableName="Things", ReturnConsumedCapacity="INDEXES", **members)
    capacity: Body = answer["ConsumedCapacity"]
    return capacity


@pytest.mark.aws("D-5", "D-6")
@pytest.mark.parametrize(
    ("size", "consistent", "units"),
    [
        (0, False, 0.5),
        (0, True, 1.0),
        (4096, False, 0.5),
        (4096, True, 1.0),
        (4097, True, 2.0),
        (8193, False, 1.5),
    ],
)
def test_a_get_consumes_a_unit_for_each_4_kb_and_half_when_eventually_consistent(
    size: int, consistent: bool, units: float
) -> None:
    engine = things()
    if size:
        put(engine, pk="a", sk="1", x="x" * (size - 7))
    assert consumed(engine, "GetItem", Key=KEY, ConsistentRead=consistent) == {
        "TableName": "Things",
        "CapacityUnits": units,
        "Table": {"CapacityUnits": units},
    }


@pytest.mark.aws("D-7")
def test_a_write_consumes_a_unit_for_each_1_kb_of_the_larger_item_and_for_each_index_it_changes() -> None:
    engine = things()
    red, big = item(pk="a", sk="1", colour="red"), {"x": {"S": "x" * 2048}}

    def units(answer: Body) -> tuple[float, float, float | None]:
        index = answer.get("GlobalSecondaryIndexes", {}).get("ByColour", {}).get("CapacityUnits")
        return answer["CapacityUnits"], answer["Table"]["CapacityUnits"], index

    assert units(consumed(engine, "PutItem", Item=KEY)) == (1.0, 1.0, None)
    assert units(consumed(engine, "PutItem", Item=red)) == (2.0, 1.0, 1.0)
    assert units(consumed(engine, "PutItem", Item=red)) == (1.0, 1.0, None)
    assert units(consumed(engine, "PutItem", Item=red | big)) == (6.0, 3.0, 3.0)
    assert units(consumed(engine, "PutItem", Item=red | big | item(colour="blue"))) == (9.0, 3.0, 6.0)
    assert units(consumed(engine, "PutItem", Item=KEY)) == (6.0, 3.0, 3.0)
    assert units(consumed(engine, "DeleteItem", Key=KEY)) == (1.0, 1.0, None)
    assert units(consumed(engine, "DeleteItem", Key=KEY)) == (1.0, 1.0, None)


@pytest.mark.aws("D-6")
def test_total_capacity_leaves_the_indexes_out() -> None:
    engine = things()
    answer = engine(
        "PutItem", TableName="Things", Item=item(pk="a", sk="1", colour="red"), ReturnConsumedCapacity="TOTAL"
    )
    assert answer == {"ConsumedCapacity": {"TableName": "Things", "CapacityUnits": 2.0}}


def test_item_collections_are_told_of_tables_with_local_indexes() -> None:
    engine = an_engine(a_table(local_indexes={"ByX": an_index("pk x")}), a_table("Others"))
    answer = engine("PutItem", TableName="Things", Item=KEY, ReturnItemCollectionMetrics="SIZE")
    assert answer == {
        "ItemCollectionMetrics": {"ItemCollectionKey": item(pk="a"), "SizeEstimateRangeGB": [0.0, 1.0]}
    }
    assert engine("PutItem", TableName="Others", Item=KEY, ReturnItemCollectionMetrics="SIZE") == {}


# --- what the engine tells --------------------------------------------------------------------------------


def test_each_row_that_is_written_or_deleted_is_told_once_with_who_did_it() -> None:
    engine = things()
    engine.dynamodb.handle("PutItem", {"TableName": "Things", "Item": KEY}, by="request-1")
    engine("UpdateItem", TableName="Things", Key=KEY)
    engine.refusal("DeleteItem", TableName="Things", Key=KEY, ConditionExpression="attribute_not_exists(pk)")
    engine.dynamodb.handle("DeleteItem", {"TableName": "Things", "Key": KEY}, by="request-2")
    engine("DeleteItem", TableName="Things", Key=KEY)
    assert engine.changes == [
        Change("Things", "a", "PutItem", "request-1"),
        Change("Things", "a", "UpdateItem", None),
        Change("Things", "a", "DeleteItem", "request-2"),
    ]
