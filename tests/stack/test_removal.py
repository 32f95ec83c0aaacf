"""What a run made on a shared endpoint goes at its end, and nothing else does."""

import asyncio
from typing import Any, cast

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from harness.errors import BackendError, DeploymentFailed, HarnessError
from harness.stack.apart import apart
from harness.stack.model import Api, Function, Queue, Rule, Stack, Table, Topic
from harness.stack.removal import Made, Undo, remove, undo
from harness.testbed import undone_at_the_end

TABLE = Made("table Rows", "dynamodb", "create_table", {"TableName": "Rows"}, {})
TOPIC = Made("topic Events", "sns", "create_topic", {"Name": "Events"}, {"TopicArn": "arn:events"})
API = Made("api chat", "apigatewayv2", "create_api", {"Name": "chat"}, {"ApiId": "a1"})


def refusal(code: str, status: int = 400) -> ClientError:
    answer = {"Error": {"Code": code, "Message": "no"}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(cast(Any, answer), "Delete")


class Aws:
    """Takes every call but those that it refuses."""

    def __init__(self, **refusals: Exception) -> None:
        self.asked: list[tuple[str, dict[str, object]]] = []
        self._refusals = refusals

    def __getattr__(self, operation: str) -> Any:
        def call(**arguments: object) -> None:
            self.asked.append((operation, arguments))
            if operation in self._refusals:
                raise self._refusals[operation]

        return call


def removed(aws: Aws) -> None:
    remove((TABLE, TOPIC, API), lambda _: cast(Any, aws))


@pytest.mark.parametrize(
    ("made", "undone"),
    [
        pytest.param(
            TABLE, Undo("table Rows", "dynamodb", "delete_table", {"TableName": "Rows"}), id="table"
        ),
        pytest.param(
            TOPIC, Undo("topic Events", "sns", "delete_topic", {"TopicArn": "arn:events"}), id="topic"
        ),
        pytest.param(API, Undo("api chat", "apigatewayv2", "delete_api", {"ApiId": "a1"}), id="API"),
        pytest.param(
            Made("f", "lambda", "create_function", {"FunctionName": "f"}, {"FunctionName": "other"}),
            Undo("f", "lambda", "delete_function", {"FunctionName": "f"}),
            id="function",
        ),
        pytest.param(
            Made("key", "apigateway", "create_api_key", {}, {"id": "k"}),
            Undo("key", "apigateway", "delete_api_key", {"apiKey": "k"}),
            id="API key",
        ),
        pytest.param(
            Made("rule", "events", "put_rule", {"Name": "r", "EventBusName": "b"}, {}),
            Undo("rule", "events", "delete_rule", {"Name": "r", "EventBusName": "b"}),
            id="rule",
        ),
        pytest.param(
            Made(
                "t", "events", "put_targets", {"Rule": "r", "EventBusName": "b", "Targets": [{"Id": "1"}]}, {}
            ),
            Undo("t", "events", "remove_targets", {"Rule": "r", "EventBusName": "b", "Ids": ["1"]}),
            id="targets of a rule",
        ),
        pytest.param(Made("r", "apigatewayv2", "create_route", {}, {}), None, id="a route goes with its API"),
        pytest.param(Made("s", "sns", "subscribe", {}, {}), None, id="a subscription goes with its topic"),
    ],
)
def test_each_call_has_its_opposite(made: Made, undone: Undo | None) -> None:
    assert undo(made) == undone


def test_what_was_made_last_goes_first() -> None:
    aws = Aws()

    removed(aws)

    assert aws.asked == [
        ("delete_api", {"ApiId": "a1"}),
        ("delete_topic", {"TopicArn": "arn:events"}),
        ("delete_table", {"TableName": "Rows"}),
    ]


def test_what_is_gone_already_is_fine() -> None:
    aws = Aws(delete_api=refusal("NotFoundException"), delete_table=refusal("ResourceNotFoundException"))

    removed(aws)

    assert len(aws.asked) == 3


def test_what_cannot_be_deleted_is_named_once_for_all() -> None:
    aws = Aws(
        delete_api=refusal("AccessDenied"),
        delete_topic=refusal("ServiceUnavailable", 503),
        delete_table=EndpointConnectionError(endpoint_url="http://x"),
    )

    with pytest.raises(BackendError) as caught:
        removed(aws)

    assert str(caught.value) == (
        "what the run had made stays there: api chat (An error occurred (AccessDenied) when calling the Delete "
        "operation: no), topic Events, table Rows"
    )


def test_a_stack_lives_apart_under_names_of_its_own() -> None:
    stack = Stack(
        name="chat",
        tables={"rows": Table(name="Rows", hash_key="pk"), "long": Table(name="R" * 255, hash_key="pk")},
        topics={"events": Topic(name="Events")},
        queues={"jobs": Queue(name="Jobs"), "ordered": Queue(name="q" * 75 + ".fifo")},
        rules={"nightly": Rule(schedule="rate(1 day)", functions=("open",))},
        functions={
            "open": Function(handler="chat.open", environment={"TABLE": "${tables.rows.name}"}),
            "named": Function(handler="chat.named", name="f" * 64, environment={"URL": "mine"}),
        },
        api=Api(name="chat", routes={"$connect": "open"}),
    )

    own = apart(stack, "a1b2c3", variables={"URL": "theirs"})

    assert [table.name for table in own.tables.values()] == ["Rows-a1b2c3", "R" * 248 + "-a1b2c3"]
    assert own.topics["events"].name == "Events-a1b2c3"
    assert [queue.name for queue in own.queues.values()] == ["Jobs-a1b2c3", "q" * 68 + "-a1b2c3.fifo"]
    assert own.rule_name("nightly") == "chat-nightly-a1b2c3"
    assert [own.function_name(name) for name in own.functions] == ["chat-open-a1b2c3", "f" * 57 + "-a1b2c3"]
    assert own.functions["open"].environment == {"URL": "theirs", "TABLE": "${tables.rows.name}"}
    assert own.functions["named"].environment == {"URL": "mine"}
    assert (own.api, own.feed, own.name) == (stack.api, stack.feed, stack.name)


def test_what_nobody_else_sees_keeps_its_name() -> None:
    stack = Stack(
        name="chat",
        topics={"events": Topic(name="Events")},
        rules={"nightly": Rule(schedule="rate(1 day)", functions=("open",))},
        functions={"open": Function(handler="chat.open")},
        api=Api(name="chat", routes={"$connect": "open"}),
    )

    own = apart(stack, "a1b2c3", passing=frozenset({"lambda", "events"}))

    assert own.topics["events"].name == "Events-a1b2c3"
    assert (own.function_name("open"), own.rule_name("nightly")) == ("chat-open", "chat-nightly")


@pytest.mark.parametrize(
    ("ended_by", "told"),
    [
        pytest.param(None, "what the run had made stays there: table Rows", id="nothing else is wrong"),
        pytest.param(
            DeploymentFailed("open does not start"),
            "open does not start; what the run had made stays there: table Rows",
            id="after an error of its own",
        ),
        pytest.param(
            asyncio.CancelledError(),
            "interrupted; what the run had made stays there: table Rows",
            id="interrupted",
        ),
    ],
)
def test_what_stays_is_told_however_the_run_ended(ended_by: BaseException | None, told: str) -> None:
    aws = Aws(delete_table=EndpointConnectionError(endpoint_url="http://x"))

    async def scenario() -> None:
        async with undone_at_the_end(lambda _: cast(Any, aws)) as made:
            made(TABLE)
            if ended_by is not None:
                raise ended_by

    with pytest.raises(HarnessError) as caught:
        asyncio.run(scenario())

    assert str(caught.value) == told
    assert type(caught.value) is (
        DeploymentFailed if isinstance(ended_by, DeploymentFailed) else BackendError
    )


def test_what_ends_by_itself_is_not_deleted() -> None:
    aws = Aws()

    async def scenario() -> None:
        async with undone_at_the_end(lambda _: cast(Any, aws), passing=frozenset({"apigatewayv2"})) as made:
            made(TABLE)
            made(API)

    asyncio.run(scenario())
    assert aws.asked == [("delete_table", {"TableName": "Rows"})]


def test_an_error_that_is_not_ours_stays_what_it_is() -> None:
    aws = Aws()

    async def scenario() -> None:
        async with undone_at_the_end(lambda _: cast(Any, aws)) as made:
            made(TABLE)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        asyncio.run(scenario())
    assert aws.asked == [("delete_table", {"TableName": "Rows"})]
