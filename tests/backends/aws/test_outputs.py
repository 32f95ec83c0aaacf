"""Which output is which: documents as tools write them, and values in doubt."""

import pytest

from harness.backends.aws.choice import Flags
from harness.backends.aws.outputs import Addresses, account_of, addresses, named_outputs
from harness.errors import UsageError
from harness.stack.model import Stack

URL = "wss://a1b2.execute-api.eu-west-1.amazonaws.com/prod"
TOPIC = "arn:aws:sns:eu-west-1:111122223333:Messages"
OTHER_TOPIC = "arn:aws:sns:eu-west-1:111122223333:Alarms"
PLAIN = {"Url": URL, "Topic": TOPIC, "RoomsTable": "prod-rooms"}
FOUND = Addresses(URL, TOPIC, "prod-rooms", "eu-west-1")


def a_stack(*, connections: bool = True) -> Stack:
    stack: dict[str, object] = {
        "name": "chat",
        "tables": {"rooms": {"name": "Rooms", "hash_key": "id"}},
        "topics": {"messages": {"name": "Messages"}},
        "functions": {"connect": {"handler": "app.connect"}},
        "api": {"name": "chat", "routes": {"$connect": "connect"}},
    }
    if connections:
        stack["connections"] = {"table": "rooms", "connection_id": {"attribute": "id"}}
    return Stack.model_validate(stack)


@pytest.mark.parametrize(
    "document",
    [
        pytest.param(PLAIN, id="a plain mapping"),
        pytest.param({"chat-prod": PLAIN}, id="by stack, as cdk and SST 2 write it"),
        pytest.param(
            {
                "Stacks": [
                    {
                        "StackName": "x",
                        "Outputs": [{"OutputKey": k, "OutputValue": v} for k, v in PLAIN.items()],
                    }
                ]
            },
            id="aws cloudformation describe-stacks",
        ),
        pytest.param(
            [{"OutputKey": k, "OutputValue": v, "Description": URL + "-old"} for k, v in PLAIN.items()],
            id="sam list stack-outputs",
        ),
        pytest.param(
            {k: {"sensitive": False, "type": "string", "value": v} for k, v in PLAIN.items()},
            id="terraform output",
        ),
    ],
)
def test_every_tool_s_document_is_read(document: object) -> None:
    outputs = named_outputs(document)
    assert addresses(outputs, Flags(), a_stack(), source="outputs.json") == FOUND


@pytest.mark.parametrize("document", [{}, [], None, 3, {"Stacks": []}], ids=repr)
def test_a_document_without_outputs_is_refused(document: object) -> None:
    with pytest.raises(ValueError, match=r"^there is no output in it$"):
        named_outputs(document)


@pytest.mark.parametrize(
    ("outputs", "table"),
    [
        pytest.param(
            {"TableArn": "arn:aws:dynamodb:eu-west-1:111122223333:table/prod-rooms"}, "prod-rooms", id="ARN"
        ),
        pytest.param({"Name": "Rooms"}, "Rooms", id="the stack file's own name"),
        pytest.param({"Table": "prod-rooms", "TableToo": "prod-rooms"}, "prod-rooms", id="twice the same"),
        pytest.param(
            {"UserTable": "users", "RoomsTable": "prod-rooms"}, "prod-rooms", id="by the output's name"
        ),
        pytest.param(
            {"RoomsTable": "x-old", "Table": "Rooms"}, "Rooms", id="the stack file's name before any word"
        ),
    ],
)
def test_the_table_is_found(outputs: dict[str, str], table: str) -> None:
    found = addresses({"Url": URL, "Topic": TOPIC, **outputs}, Flags(), a_stack(), source="here")
    assert found.table == table


@pytest.mark.parametrize(
    "outputs",
    [
        pytest.param({"A": OTHER_TOPIC, "B": TOPIC}, id="of two topics the one that the stack file names"),
        pytest.param(
            {"Api": "wss://x/prod", "MarketWebSocketUrl": URL, "Topic": TOPIC}, id="of two URLs by the name"
        ),
    ],
)
def test_one_of_several_is_chosen(outputs: dict[str, str]) -> None:
    found = addresses({**PLAIN, "Url": URL, **outputs}, Flags(), a_stack(), source="here")
    assert found == FOUND


def test_flags_win_over_outputs() -> None:
    flags = Flags(websocket_url="ws://127.0.0.1:1/x/", topic_arn=OTHER_TOPIC, table="mine")
    found = addresses(PLAIN, flags, a_stack(), source="here")
    assert found == Addresses("ws://127.0.0.1:1/x", OTHER_TOPIC, "mine", "eu-west-1")


def test_a_stack_file_without_connections_needs_no_table() -> None:
    found = addresses({"Url": URL, "Topic": TOPIC}, Flags(), a_stack(connections=False), source="here")
    assert found == Addresses(URL, TOPIC, "", "eu-west-1")


def test_a_stack_without_a_topic_has_nothing_to_publish_to() -> None:
    stack = a_stack().model_copy(update={"topics": {}})
    with pytest.raises(UsageError, match="publishes to the stack's topic, and the stack has none"):
        addresses(PLAIN, Flags(), stack, source="here")


def test_the_account_is_the_topic_s() -> None:
    assert account_of(TOPIC) == "111122223333"


@pytest.mark.parametrize(
    ("outputs", "flags", "said"),
    [
        pytest.param({"Url": URL}, Flags(), "here has no topic; name it with --topic-arn", id="no topic"),
        pytest.param(
            {"Topic": TOPIC}, Flags(), "here has no WebSocket URL; name it with --websocket-url", id="no URL"
        ),
        pytest.param(
            {"Url": URL, "Topic": TOPIC, "Role": "admin"},
            Flags(),
            "here has no table; name it with --table",
            id="no table",
        ),
        pytest.param(
            {**PLAIN, "Topic": OTHER_TOPIC, "Second": OTHER_TOPIC + "2"},
            Flags(),
            f"here has more than one topic: Topic = {OTHER_TOPIC}, Second = {OTHER_TOPIC}2; name one",
            id="two topics",
        ),
        pytest.param(
            {**PLAIN, "RoomsTable": "one", "RoomsTableToo": "two"},
            Flags(),
            "here has more than one table: RoomsTable = one, RoomsTableToo = two; name one with --table",
            id="two tables",
        ),
        pytest.param(
            PLAIN,
            Flags(region="us-east-1"),
            "one stack is in one region, but --region says us-east-1, the topic says eu-west-1, "
            "the WebSocket URL says eu-west-1",
            id="another region",
        ),
        pytest.param(PLAIN, Flags(region="here"), "--region: 'here' is no region", id="no region"),
        pytest.param(PLAIN, Flags(topic_arn="Messages"), "--topic-arn: 'Messages' is none", id="no ARN"),
        pytest.param(
            PLAIN, Flags(websocket_url="https://x"), "--websocket-url: 'https://x' is none", id="no ws URL"
        ),
        pytest.param(PLAIN, Flags(table="a b"), "--table: 'a b' is no table", id="no name of a table"),
    ],
)
def test_doubt_is_one_error_with_the_candidates(outputs: dict[str, str], flags: Flags, said: str) -> None:
    with pytest.raises(UsageError) as refused:
        addresses(outputs, flags, a_stack(), source="here")
    assert str(refused.value).startswith(said)
