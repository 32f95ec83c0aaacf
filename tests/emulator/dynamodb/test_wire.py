"""How DynamoDB speaks: JSON 1.0, a checksum, errors by name; and the SDK understands it."""

import zlib
from collections.abc import Mapping
from random import Random

import orjson
import pytest

from harness.clock import ManualClock
from harness.emulator.aws_api.requests import AwsCall, aws_call
from harness.emulator.dynamodb.settings import DynamoDbSettings
from harness.emulator.dynamodb.wire import DynamoDbApi
from harness.emulator.port.http import Headers, Request, Response
from tests.emulator.dynamodb.engines import ACCOUNT, Body, a_table, item

SERIALIZATION = "com.amazon.coral.service#SerializationException"


def an_api() -> DynamoDbApi:
    return DynamoDbApi(account=ACCOUNT, clock=ManualClock(), random=Random(1))


def ask(
    api: DynamoDbApi,
    operation: str,
    body: Mapping[str, object] | bytes,
    *,
    target: str = "DynamoDB_20120810",
    region: str = "us-east-1",
) -> Response:
    scope = f"key/20261122/{region}/dynamodb/aws4_request"
    headers = Headers(
        (
            ("X-Amz-Target", f"{target}.{operation}"),
            ("Content-Type", "application/x-amz-json-1.0"),
            ("Authorization", f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0"),
        )
    )
    content = body if isinstance(body, bytes) else orjson.dumps(body)
    request = Request("POST", "/", "", headers, content)
    call = aws_call(request)
    assert isinstance(call, AwsCall)
    return api.answer(call, request)


def answer(response: Response) -> Body:
    body: Body = orjson.loads(response.body)
    return body


@pytest.mark.aws("D-20")
@pytest.mark.parametrize("operation", ["ListTables", "DescribeTable"])
def test_an_answer_has_its_type_its_checksum_and_a_request_id(operation: str) -> None:
    response = ask(an_api(), operation, {})
    headers = dict(response.headers)
    assert headers["Content-Type"] == "application/x-amz-json-1.0"
    assert headers["x-amz-crc32"] == str(zlib.crc32(response.body))
    assert len(headers["x-amzn-RequestId"]) == 52


@pytest.mark.aws("D-20")
@pytest.mark.parametrize(
    ("operation", "body", "expected"),
    [
        pytest.param(
            "DescribeTable",
            {},
            {
                "__type": "com.amazon.coral.validate#ValidationException",
                "message": "The parameter 'TableName' is required but was not present in the request",
            },
            id="validation",
        ),
        pytest.param(
            "DescribeTable",
            {"TableName": "Things"},
            {
                "__type": "com.amazonaws.dynamodb.v20120810#ResourceNotFoundException",
                "message": "Requested resource not found: Table: Things not found",
            },
            id="service",
        ),
        pytest.param(
            "MakeCoffee",
            {},
            {
                "__type": "com.amazon.coral.service#UnknownOperationException",
                "Message": "MakeCoffee is not emulated by fanout-harness",
            },
            id="unknown",
        ),
        pytest.param(
            "ListTables",
            b"{",
            {"__type": SERIALIZATION, "Message": "Unable to parse the request body as JSON"},
            id="no JSON",
        ),
    ],
)
def test_an_error_is_400_and_named_with_its_namespace(
    operation: str, body: Mapping[str, object] | bytes, expected: Body
) -> None:
    response = ask(an_api(), operation, body)
    assert (response.status, answer(response)) == (400, expected)


def test_an_operation_of_aws_that_is_not_emulated_is_refused_by_its_name() -> None:
    response = ask(an_api(), "ExecuteStatement", {"Statement": "SELECT * FROM Things"})
    assert (response.status, answer(response)["message"]) == (
        501,
        "dynamodb:ExecuteStatement is not emulated by fanout-harness; nothing was done.",
    )


def test_a_failed_condition_carries_the_item_beside_its_message() -> None:
    api = an_api()
    ask(api, "CreateTable", a_table(key="pk"))
    put = {"TableName": "Things", "Item": item(pk="a")}
    ask(api, "PutItem", put)
    refused = ask(
        api,
        "PutItem",
        put
        | {
            "ConditionExpression": "attribute_not_exists(pk)",
            "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
        },
    )
    assert answer(refused) == {
        "__type": "com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException",
        "message": "The conditional request failed",
        "Item": item(pk="a"),
    }


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"TableName": 7}, "NUMBER_VALUE cannot be converted to String"),
        ({"TableName": 7.5}, "DECIMAL_VALUE cannot be converted to String"),
        ({"TableName": True}, "TRUE_VALUE cannot be converted to String"),
        ({"TableName": []}, "Unrecognized collection type class java.lang.String"),
        ({"TableName": {}}, "Start of structure or map found where not expected"),
        ({"TableName": "Things", "Limit": "7"}, "STRING_VALUE cannot be converted to Integer"),
        ({"TableName": "Things", "ConsistentRead": "true"}, "Unexpected token received from parser"),
        ({"TableName": "Things", "ExclusiveStartKey": "a"}, "Unexpected field type"),
        ({"TableName": "Things", "ExclusiveStartKey": {"a": "b"}}, "Unexpected field type"),
        (
            {"TableName": "Things", "ExclusiveStartKey": {"a": []}},
            "Unrecognized collection type class com.amazonaws.dynamodb.v20120810.AttributeValue",
        ),
        (
            {"TableName": "Things", "ExclusiveStartKey": []},
            "Unrecognized collection type java.util.Map<java.lang.String, "
            "com.amazonaws.dynamodb.v20120810.AttributeValue>",
        ),
        (
            {"TableName": "Things", "ExclusiveStartKey": {"a": {"N": 7}}},
            "NUMBER_VALUE cannot be converted to String",
        ),
        (
            {"TableName": "Things", "ExclusiveStartKey": {"a": {"L": [{"M": {"b": {"BOOL": "x"}}}]}}},
            "Unexpected token received from parser",
        ),
        ({"TableName": "Things", "ExclusiveStartKey": {"a": {"SS": "x"}}}, "Unexpected field type"),
        (
            {"TableName": "Things", "ExclusiveStartKey": {"a": {"B": "abc"}}},
            "Base64 encoded length is expected a multiple of 4 bytes but found: 3",
        ),
        (
            {"TableName": "Things", "ExclusiveStartKey": {"a": {"BS": [7]}}},
            "only base-64-encoded strings are convertible to bytes",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_member_of_the_wrong_json_type_is_a_serialization_exception(body: Body, message: str) -> None:
    response = ask(an_api(), "Scan", body)
    assert (response.status, answer(response)) == (400, {"__type": SERIALIZATION, "Message": message})


def test_nesting_without_end_is_refused_and_not_a_crash() -> None:
    api = an_api()
    ask(api, "CreateTable", a_table(key="pk"))
    nested = b'{"L":[' * 400 + b'{"S":"x"}' + b"]}" * 400
    response = ask(api, "PutItem", b'{"TableName":"Things","Item":{"pk":{"S":"a"},"x":%b}}' % nested)
    assert response.status == 400
    assert answer(response)["message"].startswith("Nesting Levels have exceeded supported limits")


def test_streams_have_a_target_of_their_own() -> None:
    api = an_api()
    streams = "DynamoDBStreams_20120810"
    assert answer(ask(api, "ListStreams", {}, target=streams)) == {"Streams": []}
    for operation, target in (("ListStreams", "DynamoDB_20120810"), ("ListTables", streams)):
        refused = answer(ask(api, operation, {}, target=target))
        assert refused["__type"] == "com.amazon.coral.service#UnknownOperationException"


def test_every_region_has_tables_of_its_own_and_behaves_alike() -> None:
    api = an_api()
    ask(api, "CreateTable", a_table(key="pk"))
    assert answer(ask(api, "ListTables", {}, region="eu-west-1")) == {"TableNames": []}
    api.configure(DynamoDbSettings(index_lag=1.0))
    assert api.region("us-east-1").settings == api.region("ap-south-1").settings == api.settings


def test_an_unsigned_request_is_refused_by_name() -> None:
    response = an_api().refuse_unsigned()
    assert (response.status, answer(response)) == (
        400,
        {
            "__type": "com.amazon.coral.service#MissingAuthenticationTokenException",
            "Message": "Request must contain either a valid (registered) AWS access key ID or X.509 certificate.",
        },
    )
