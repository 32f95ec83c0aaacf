"""What the harness may call on AWS: the list, and that a client of an account never sends anything else."""

from typing import Any

import pytest

from harness.backends.aws.account import Account
from harness.backends.aws.choice import AwsChoice
from harness.backends.aws.grants import Grants, key_of
from harness.errors import BackendError
from tests.backends.aws.conftest import environment

TOPIC = "arn:aws:sns:us-east-1:111122223333:Messages"
KEY = {"pk": {"S": "WS#a="}, "sk": {"S": "META"}}
GRANTS = Grants({"TopicArn": TOPIC, "TableName": "Rooms"}, frozenset([key_of(KEY)]))


@pytest.mark.parametrize(
    ("service", "operation", "parameters"),
    [
        pytest.param("sts", "GetCallerIdentity", {}, id="who am I"),
        pytest.param("sns", "GetTopicAttributes", {"TopicArn": TOPIC}, id="is the topic there"),
        pytest.param("sns", "Publish", {"TopicArn": TOPIC, "Message": "x"}, id="publish"),
        pytest.param("dynamodb", "Scan", {"TableName": "Rooms"}, id="read rows"),
        pytest.param(
            "dynamodb", "DeleteItem", {"TableName": "Rooms", "Key": KEY}, id="delete a row of the run"
        ),
    ],
)
def test_a_call_of_the_list_is_allowed(service: str, operation: str, parameters: dict[str, object]) -> None:
    assert GRANTS.refusal(service, operation, parameters) == ""


@pytest.mark.parametrize(
    ("service", "operation", "parameters", "said"),
    [
        pytest.param(
            "dynamodb",
            "PutItem",
            {"TableName": "Rooms"},
            "dynamodb:PutItem is not among the calls that a run makes on AWS",
            id="write a row",
        ),
        pytest.param(
            "lambda",
            "Scan",
            {},
            "lambda:Scan is not among the calls that a run makes on AWS",
            id="another service",
        ),
        pytest.param(
            "sns",
            "Publish",
            {"TopicArn": TOPIC + "2"},
            f"sns:Publish on {TOPIC}2 is not for this run's stack",
            id="topic",
        ),
        pytest.param(
            "sns",
            "Publish",
            {"PhoneNumber": "1"},
            "sns:Publish on None is not for this run's stack",
            id="a phone",
        ),
        pytest.param(
            "dynamodb",
            "Scan",
            {"TableName": "Users"},
            "dynamodb:Scan on Users is not for this run's stack",
            id="table",
        ),
        pytest.param(
            "dynamodb",
            "DeleteItem",
            {"TableName": "Rooms", "Key": {**KEY, "sk": {"S": "OTHER"}}},
            "dynamodb:DeleteItem: the row is not one that this run made, or --allow-write was not given",
            id="somebody else's row",
        ),
    ],
)
def test_anything_else_is_refused(
    service: str, operation: str, parameters: dict[str, object], said: str
) -> None:
    assert GRANTS.refusal(service, operation, parameters) == said


def test_the_type_of_a_key_is_part_of_it() -> None:
    assert key_of({"n": {"N": "1"}}) != key_of({"n": {"S": "1"}})


@pytest.mark.parametrize(
    ("service", "operation", "arguments"),
    [
        ("dynamodb", "put_item", {"TableName": "Rooms", "Item": KEY}),
        ("dynamodb", "batch_write_item", {"RequestItems": {"Rooms": [{"DeleteRequest": {"Key": KEY}}]}}),
        ("dynamodb", "delete_item", {"TableName": "Rooms", "Key": {**KEY, "sk": {"S": "OTHER"}}}),
        ("dynamodb", "delete_table", {"TableName": "Rooms"}),
        ("sns", "create_topic", {"Name": "mine"}),
        ("sns", "publish", {"TopicArn": TOPIC + "2", "Message": "x"}),
        ("lambda", "invoke", {"FunctionName": "x"}),
    ],
)
def test_a_client_sends_nothing_that_is_not_granted(
    monkeypatch: pytest.MonkeyPatch, service: str, operation: str, arguments: dict[str, object]
) -> None:
    # Nothing listens at this address: what was sent all the same would be an error of the connection.
    for name, value in environment("http://127.0.0.1:1").items():
        monkeypatch.setenv(name, value)
    account = Account(AwsChoice("111122223333"), region="us-east-1")
    account.grants = GRANTS
    client: Any = account.client(service)

    with pytest.raises(BackendError, match=r"^the harness does not do this on AWS: "):
        getattr(client, operation)(**arguments)
