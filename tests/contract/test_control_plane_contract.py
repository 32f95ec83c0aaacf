"""Tables, functions, APIs and refusals, through boto3."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.contract.conftest import ROLE, Clients, Deployed, a_name, refused, zipped

# --- DynamoDB ---------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def table(dynamodb: Any) -> str:
    name = a_name("connections")
    dynamodb.create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        AttributeDefinitions=[
            {"AttributeName": one, "AttributeType": "S"} for one in ("pk", "sk", "channel")
        ],
        GlobalSecondaryIndexes=[
            {
                "IndexName": "ByChannel",
                "KeySchema": [{"AttributeName": "channel", "KeyType": "HASH"}],
                "Projection": {"ProjectionType": "KEYS_ONLY"},
            }
        ],
    )
    dynamodb.update_time_to_live(
        TableName=name, TimeToLiveSpecification={"Enabled": True, "AttributeName": "expireAt"}
    )
    return name


def row(key: str, **attributes: str) -> dict[str, dict[str, str]]:
    texts = {"pk": key, "sk": "META", **attributes}
    return {name: {"S": text} for name, text in texts.items()}


def test_a_table_is_described_with_its_index_and_its_time_to_live(dynamodb: Any, table: str) -> None:
    described = dynamodb.describe_table(TableName=table)["Table"]
    to_live = dynamodb.describe_time_to_live(TableName=table)["TimeToLiveDescription"]

    assert [index["IndexName"] for index in described["GlobalSecondaryIndexes"]] == ["ByChannel"]
    assert to_live == {"TimeToLiveStatus": "ENABLED", "AttributeName": "expireAt"}


def test_a_query_of_the_index_finds_the_rows_of_a_channel(dynamodb: Any, table: str) -> None:
    for key, channel in (("a", "market.ETH"), ("b", "market.ETH"), ("c", "market.SOL")):
        dynamodb.put_item(TableName=table, Item=row(key, channel=channel))
    dynamodb.put_item(TableName=table, Item=row("d"))

    found = dynamodb.query(
        TableName=table,
        IndexName="ByChannel",
        KeyConditionExpression="channel = :c",
        ExpressionAttributeValues={":c": {"S": "market.ETH"}},
    )

    assert sorted(item["pk"]["S"] for item in found["Items"]) == ["a", "b"]


def test_a_row_that_is_gone_is_not_created_again_under_a_condition(dynamodb: Any, table: str) -> None:
    update = {
        "TableName": table,
        "Key": row("gone"),
        "UpdateExpression": "SET channel = :c",
        "ConditionExpression": "attribute_exists(pk)",
        "ExpressionAttributeValues": {":c": {"S": "market.ETH"}},
    }

    assert refused(dynamodb.update_item, **update) == (
        400,
        "ConditionalCheckFailedException",
        "The conditional request failed",
    )
    assert "Item" not in dynamodb.get_item(TableName=table, Key=row("gone"))


def test_a_condition_that_fails_can_return_the_row(dynamodb: Any, table: str) -> None:
    dynamodb.put_item(TableName=table, Item=row("kept", traderId="t-1"))

    with pytest.raises(dynamodb.exceptions.ConditionalCheckFailedException) as failed:
        dynamodb.put_item(
            TableName=table,
            Item=row("kept", traderId="t-2"),
            ConditionExpression="attribute_not_exists(pk)",
            ReturnValuesOnConditionCheckFailure="ALL_OLD",
        )

    assert failed.value.response["Item"] == row("kept", traderId="t-1")


def test_deleting_a_row_that_is_not_there_succeeds(dynamodb: Any, table: str) -> None:
    answer = dynamodb.delete_item(TableName=table, Key=row("never"))

    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 200


# --- Lambda -----------------------------------------------------------------------------------------------

GREETER = """
def handler(event, context):
    return {"hello": event["name"], "function": context.function_name}
"""


@pytest.mark.parametrize("packing", ["zip", "hot reload"])
@pytest.mark.aws("L-20")
def test_a_function_is_created_and_invoked(client: Clients, tmp_path: Path, packing: str) -> None:
    functions, name = client("lambda"), a_name("greeter")
    (tmp_path / "greeter.py").write_text(GREETER)
    code: dict[str, object] = {"S3Bucket": "hot-reload", "S3Key": str(tmp_path)}
    if packing == "zip":
        code = {"ZipFile": zipped({"greeter.py": GREETER})}

    functions.create_function(
        FunctionName=name, Runtime="python3.11", Role=ROLE, Handler="greeter.handler", Code=code
    )
    invoked = functions.invoke(FunctionName=name, Payload=b'{"name":"ann"}')
    failed = functions.invoke(FunctionName=name, Payload=b"{}")
    functions.delete_function(FunctionName=name)

    assert json.loads(invoked["Payload"].read()) == {"hello": "ann", "function": name}
    assert (failed["StatusCode"], failed["FunctionError"]) == (200, "Unhandled")
    assert json.loads(failed["Payload"].read())["errorType"] == "KeyError"
    with pytest.raises(functions.exceptions.ResourceNotFoundException):
        functions.invoke(FunctionName=name)


# --- API Gateway ------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def apis(client: Clients) -> Any:
    return client("apigatewayv2")


def test_the_endpoint_of_a_websocket_api_is_wss(apis: Any, deployed: Deployed) -> None:
    created = apis.create_api(
        Name=a_name("api"), ProtocolType="WEBSOCKET", RouteSelectionExpression="$request.body.action"
    )
    updated = apis.update_api(ApiId=created["ApiId"], Description="other")
    read = apis.get_api(ApiId=created["ApiId"])
    (listed,) = [one for one in apis.get_apis()["Items"] if one["ApiId"] == created["ApiId"]]
    apis.delete_api(ApiId=created["ApiId"])

    expected = f"wss://{created['ApiId']}.execute-api.us-east-1.amazonaws.com"
    assert {one["ApiEndpoint"] for one in (created, updated, read, listed)} == {expected}


def test_the_endpoint_of_an_http_api_is_https(apis: Any) -> None:
    created = apis.create_api(Name=a_name("api"), ProtocolType="HTTP")
    apis.delete_api(ApiId=created["ApiId"])

    assert created["ApiEndpoint"].startswith("https://")


@pytest.mark.parametrize(
    "arguments", [{"ApiId": "nosuchapi1"}, {"StageName": "nosuchstage"}], ids=["of no API", "of no stage"]
)
def test_a_deployment_of_nothing_is_not_found(
    apis: Any, deployed: Deployed, arguments: dict[str, str]
) -> None:
    with pytest.raises(apis.exceptions.NotFoundException):
        apis.create_deployment(**({"ApiId": deployed.api_id} | arguments))


# --- refusals ---------------------------------------------------------------------------------------------

NOT_EMULATED = {
    "of a JSON service": ("dynamodb", "list_imports", {}, "dynamodb:ListImports"),
    "of a query service": ("sns", "create_sms_sandbox_phone_number", {"PhoneNumber": "+1"}, "sns:Create"),
    "of a REST service": (
        "apigatewayv2",
        "export_api",
        {"ApiId": "a", "OutputType": "JSON", "Specification": "OAS30"},
        "apigateway:GET /v2/apis/a/exports/OAS30",
    ),
    "of a service that nobody emulates": ("braket", "search_jobs", {"filters": []}, "braket:POST /jobs"),
}


@pytest.mark.parametrize(
    ("service", "operation", "arguments", "named"), NOT_EMULATED.values(), ids=NOT_EMULATED
)
def test_an_operation_that_is_not_emulated_is_refused_by_name(
    client: Clients, service: str, operation: str, arguments: dict[str, object], named: str
) -> None:
    status, code, message = refused(getattr(client(service), operation), **arguments)

    assert (status, code) == (501, "NotImplemented")
    assert message.startswith(named)
    assert message.endswith("is not emulated by fanout-harness; nothing was done.")


def test_an_unsigned_call_to_dynamodb_is_refused_in_its_words(client: Clients) -> None:
    assert refused(client("dynamodb", signed=False).list_tables) == (
        400,
        "MissingAuthenticationTokenException",
        "Request must contain either a valid (registered) AWS access key ID or X.509 certificate.",
    )


@pytest.mark.parametrize(
    ("service", "operation", "arguments"),
    [
        ("sns", "list_topics", {}),
        ("apigatewayv2", "get_apis", {}),
        ("lambda", "list_functions", {}),
    ],
    ids=["query", "rest", "lambda"],
)
def test_an_unsigned_call_is_refused_and_says_why(
    client: Clients, service: str, operation: str, arguments: dict[str, object]
) -> None:
    unsigned = client(service, signed=False)

    assert refused(getattr(unsigned, operation), **arguments) == (
        403,
        "MissingAuthenticationTokenException",
        "Missing Authentication Token: AWS calls must be signed (any credentials do)",
    )
