"""TransactWriteItems and TransactGetItems: all or nothing, and why nothing."""

import pytest

from tests.emulator.dynamodb.engines import Body, Engine, a_table, an_engine, an_index, item

TABLE = {"TableName": "Things"}


def things() -> Engine:
    return an_engine(a_table(key="pk", global_indexes={"ByColour": an_index("colour")}))


def put(*attributes: str, **more: object) -> Body:
    pk, *rest = attributes
    return {"Put": {**TABLE, "Item": item(pk=pk, **dict(zip("xyz", rest, strict=False))), **more}}


def delete(pk: str, **more: object) -> Body:
    return {"Delete": {**TABLE, "Key": item(pk=pk), **more}}


def update(pk: str, expression: str, value: Body | None = None) -> Body:
    values: Body = {} if value is None else {"ExpressionAttributeValues": {":v": value}}
    return {"Update": {**TABLE, "Key": item(pk=pk), "UpdateExpression": expression, **values}}


def check(pk: str, condition: str, **more: object) -> Body:
    return {"ConditionCheck": {**TABLE, "Key": item(pk=pk), "ConditionExpression": condition, **more}}


def rows(engine: Engine) -> dict[str, Body]:
    return {one["pk"]["S"]: one for one in engine("Scan", **TABLE)["Items"]}


def test_every_action_is_done() -> None:
    engine = things()
    for pk in "abc":
        engine("PutItem", **TABLE, Item=item(pk=pk, x="old"))
    actions = [
        put("new", "x"),
        delete("a"),
        update("b", "SET x = :v", {"S": "new"}),
        check("c", "attribute_exists(pk)"),
    ]
    assert engine("TransactWriteItems", TransactItems=actions) == {}
    assert rows(engine) == {
        "b": item(pk="b", x="new"),
        "c": item(pk="c", x="old"),
        "new": item(pk="new", x="x"),
    }
    assert [change.kind for change in engine.changes[3:]] == ["PutItem", "DeleteItem", "UpdateItem"]


def test_one_failed_condition_undoes_everything_and_each_action_has_its_reason() -> None:
    engine = things()
    engine("PutItem", **TABLE, Item=item(pk="a", x="there"))
    absent = {"ConditionExpression": "attribute_not_exists(pk)"}
    error = engine.refusal(
        "TransactWriteItems",
        TransactItems=[
            put("b", **absent),
            put("a", "new", **absent, ReturnValuesOnConditionCheckFailure="ALL_OLD"),
            check("c", "attribute_exists(pk)", ReturnValuesOnConditionCheckFailure="ALL_OLD"),
        ],
    )
    failed = {"Code": "ConditionalCheckFailed", "Message": "The conditional request failed"}
    assert (error.code, error.message) == (
        "TransactionCanceledException",
        "Transaction cancelled, please refer cancellation reasons for specific reasons "
        "[None, ConditionalCheckFailed, ConditionalCheckFailed]",
    )
    assert error.extra == {
        "CancellationReasons": [{"Code": "None"}, failed | {"Item": item(pk="a", x="there")}, failed]
    }
    assert rows(engine) == {"a": item(pk="a", x="there")}


@pytest.mark.parametrize(
    ("action", "message"),
    [
        pytest.param(
            {"Put": {**TABLE, "Item": item(x="x")}},
            "One or more parameter values were invalid: Missing the key pk in the item",
            id="a put without its key",
        ),
        pytest.param(
            {"Put": {**TABLE, "Item": item(pk="b", colour=7)}},
            "One or more parameter values were invalid: Type mismatch for Index Key colour Expected: S Actual: N "
            "IndexName: ByColour",
            id="an unfit index key",
        ),
        pytest.param(
            {"Delete": {**TABLE, "Key": item(sk="b")}},
            "The provided key element does not match the schema",
            id="another key",
        ),
        pytest.param(
            update("b", "SET x = y"),
            "The provided expression refers to an attribute that does not exist in the item",
            id="an update from nowhere",
        ),
        pytest.param(
            update("b", "SET pk = :v", {"S": "c"}),
            "One or more parameter values were invalid: Cannot update attribute pk. This attribute is part of the "
            "key",
            id="an update of the key",
        ),
    ],
)
def test_what_the_item_or_its_key_cannot_take_cancels(action: Body, message: str) -> None:
    engine = things()
    error = engine.refusal("TransactWriteItems", TransactItems=[put("a"), action])
    assert error.code == "TransactionCanceledException"
    assert error.extra == {
        "CancellationReasons": [{"Code": "None"}, {"Code": "ValidationError", "Message": message}]
    }
    assert rows(engine) == {}


@pytest.mark.parametrize(
    ("actions", "message"),
    [
        pytest.param(
            [put("a"), delete("a")],
            "Transaction request cannot include multiple operations on one item",
            id="one item twice",
        ),
        pytest.param(
            [{}],
            "Invalid Request: TransactWriteRequest should contain Delete or Put or Update request",
            id="no action",
        ),
        pytest.param(
            [put("a") | delete("b")],
            "TransactItems can only contain one of Check, Put, Update or Delete",
            id="two in one",
        ),
        pytest.param(
            [put("a", ConditionExpression="attribute_exists(pk")],
            'Invalid ConditionExpression: Syntax error; token: "<EOF>", near: "pk"',
            id="a broken expression",
        ),
        pytest.param(
            [],
            "1 validation error detected: Value '[]' at 'transactItems' failed to satisfy constraint: Member must "
            "have length greater than or equal to 1",
            id="nothing",
        ),
        pytest.param(
            [{"ConditionCheck": {**TABLE, "Key": item(pk="a")}}],
            "1 validation error detected: Value null at 'transactItems.1.member.conditionCheck.conditionExpression' "
            "failed to satisfy constraint: Member must not be null",
            id="a check of nothing",
        ),
    ],
)
def test_a_transaction_that_makes_no_sense_is_refused(actions: list[Body], message: str) -> None:
    assert things().message("TransactWriteItems", TransactItems=actions) == message


def test_an_unknown_table_is_not_found() -> None:
    error = an_engine().refusal("TransactWriteItems", TransactItems=[put("a")])
    assert (error.code, error.message) == ("ResourceNotFoundException", "Requested resource not found")


# --- idempotency ------------------------------------------------------------------------------------------


def test_a_token_makes_a_transaction_happen_once_for_ten_minutes() -> None:
    engine = things()
    asked: Body = {"TransactItems": [update("a", "ADD n :v", {"N": "1"})], "ClientRequestToken": "token"}
    engine("TransactWriteItems", **asked)
    repeated = engine("TransactWriteItems", **asked, ReturnConsumedCapacity="TOTAL")
    assert repeated == {
        "ConsumedCapacity": [{"TableName": "Things", "CapacityUnits": 2.0, "ReadCapacityUnits": 2.0}]
    }
    assert rows(engine) == {"a": item(pk="a", n=1)}
    engine.clock.advance(599.0)
    engine("TransactWriteItems", **asked)
    assert rows(engine) == {"a": item(pk="a", n=1)}
    engine.clock.advance(1.0)
    engine("TransactWriteItems", **asked)
    assert rows(engine) == {"a": item(pk="a", n=2)}


def test_a_token_stands_for_one_request_only() -> None:
    engine = things()
    engine("TransactWriteItems", TransactItems=[put("a")], ClientRequestToken="token")
    error = engine.refusal("TransactWriteItems", TransactItems=[put("b")], ClientRequestToken="token")
    assert error.code == "IdempotentParameterMismatchException"


def test_a_transaction_that_was_cancelled_may_come_again_with_its_token() -> None:
    engine = things()
    asked: Body = {
        "TransactItems": [put("b"), check("a", "attribute_exists(pk)")],
        "ClientRequestToken": "token",
    }
    engine.refusal("TransactWriteItems", **asked)
    engine("PutItem", **TABLE, Item=item(pk="a"))
    engine("TransactWriteItems", **asked)
    assert rows(engine).keys() == {"a", "b"}


# --- reading, capacity ------------------------------------------------------------------------------------


def get(pk: str, **more: object) -> Body:
    return {"Get": {**TABLE, "Key": item(pk=pk), **more}}


def test_gets_answer_in_their_order_and_with_nothing_for_an_absent_item() -> None:
    engine = things()
    engine("PutItem", **TABLE, Item=item(pk="a", x="x"))
    asked = [get("b"), get("a", ProjectionExpression="x")]
    assert engine("TransactGetItems", TransactItems=asked) == {"Responses": [{}, {"Item": item(x="x")}]}


@pytest.mark.parametrize(
    ("asked", "code", "message"),
    [
        pytest.param(
            [get("a"), get("a")],
            "ValidationException",
            "Transaction request cannot include multiple operations on one item",
            id="one item twice",
        ),
        pytest.param(
            [{"Get": {**TABLE, "Key": item(x="a")}}],
            "TransactionCanceledException",
            "Transaction cancelled, please refer cancellation reasons for specific reasons [ValidationError]",
            id="another key",
        ),
    ],
)
def test_gets_that_make_no_sense_are_refused(asked: list[Body], code: str, message: str) -> None:
    error = things().refusal("TransactGetItems", TransactItems=asked)
    assert (error.code, error.message) == (code, message)


@pytest.mark.aws("D-7")
def test_a_transaction_consumes_twice_as_much() -> None:
    engine = things()
    written = engine(
        "TransactWriteItems",
        TransactItems=[{"Put": {**TABLE, "Item": item(pk="a", colour="red")}}, delete("b")],
        ReturnConsumedCapacity="INDEXES",
    )
    assert written["ConsumedCapacity"] == [
        {
            "TableName": "Things",
            "CapacityUnits": 6.0,
            "WriteCapacityUnits": 6.0,
            "Table": {"CapacityUnits": 4.0, "WriteCapacityUnits": 4.0},
            "GlobalSecondaryIndexes": {"ByColour": {"CapacityUnits": 2.0, "WriteCapacityUnits": 2.0}},
        }
    ]
    read = engine("TransactGetItems", TransactItems=[get("a"), get("b")], ReturnConsumedCapacity="TOTAL")
    assert read["ConsumedCapacity"] == [
        {"TableName": "Things", "CapacityUnits": 4.0, "ReadCapacityUnits": 4.0}
    ]
