"""What AWS refuses is told with the resource that it refused."""

import pytest
from botocore.exceptions import EndpointConnectionError

from harness.errors import BackendError
from harness.stack.model import Api, Authorizer, Function, Index, Route, Stack, Table, Topic
from harness.stack.provision import Deployment
from tests.stack.recorded_aws import RecordedAws, deploy

STACK = Stack(
    name="chat",
    region="eu-west-1",
    tables={
        "rows": Table(name="Rows", hash_key="pk", ttl="expireAt", indexes={"ByRoom": Index(hash_key="room")})
    },
    topics={"events": Topic(name="Events")},
    functions={
        "open": Function(
            handler="chat.open",
            environment={"TABLE": "${tables.rows.name}", "ENDPOINT": "${api.management_endpoint}"},
            reserved_concurrency=5,
        ),
        "fan_out": Function(handler="chat.fan_out", subscribed_to=("events",)),
    },
    api=Api(name="chat-api", stage="live", routes={"$connect": Route(function="open", two_way=True)}),
)


@pytest.mark.parametrize(
    ("operation", "resource"),
    [
        ("create_table", "table Rows"),
        ("update_time_to_live", "table Rows"),
        ("create_topic", "topic Events"),
        ("create_api", "api chat-api"),
        ("create_function", "function chat-open"),
        ("put_function_concurrency", "function chat-open"),
        ("create_integration", "route $connect"),
        ("create_route", "route $connect"),
        ("create_route_response", "route $connect"),
        ("create_stage", "stage live"),
        ("subscribe", "subscription of arn:function to arn:topic"),
    ],
)
def test_a_refusal_names_the_resource_and_what_aws_said(operation: str, resource: str) -> None:
    with pytest.raises(BackendError) as raised:
        deploy(RecordedAws(refusing=operation), STACK)
    assert str(raised.value) == (
        f"{resource} cannot be deployed: An error occurred (LimitExceededException) when calling the {operation} "
        "operation: too many"
    )


def test_an_endpoint_that_does_not_answer_is_told_the_same_way() -> None:
    silent = EndpointConnectionError(endpoint_url="http://127.0.0.1:1")
    with pytest.raises(
        BackendError, match=r"^table Rows cannot be deployed: Could not connect to the endpoint URL"
    ):
        deploy(RecordedAws(refusing="create_table", error=silent), STACK)


def test_what_is_deployed_is_known_by_the_names_of_the_file() -> None:
    assert deploy(RecordedAws(), STACK) == Deployment(
        url="ws://a1/live",
        management_endpoint="http://a1",
        api_id="a1",
        outputs={
            "region": "eu-west-1",
            "tables.rows.name": "Rows",
            "topics.events.name": "Events",
            "topics.events.arn": "arn:topic",
            "api.id": "a1",
            "api.stage": "live",
            "api.url": "ws://a1/live",
            "api.management_endpoint": "http://a1",
            "functions.open.name": "chat-open",
            "functions.fan_out.name": "chat-fan_out",
            "functions.open.arn": "arn:function",
            "functions.fan_out.arn": "arn:function",
        },
    )


def test_every_reference_that_a_stack_may_make_is_an_output() -> None:
    assert set(deploy(RecordedAws(), STACK).outputs) == set(STACK.references())


def test_the_references_in_an_environment_are_filled_in() -> None:
    aws = RecordedAws()
    deploy(aws, STACK)
    environments = [asked["Environment"] for operation, asked in aws.asked if operation == "create_function"]
    assert environments == [{"Variables": {"TABLE": "Rows", "ENDPOINT": "http://a1"}}, {"Variables": {}}]


def test_a_route_with_an_authorizer_is_never_there_without_it() -> None:
    guard = Authorizer(function="fan_out", identity_sources=("route.request.querystring.token",))
    routes = {"$connect": Route(function="open", authorizer=guard)}
    aws = RecordedAws()
    deploy(aws, STACK.model_copy(update={"api": STACK.api.model_copy(update={"routes": routes})}))

    operations = [operation for operation, _ in aws.asked]
    assert operations.index("create_authorizer") < operations.index("create_route")
    (made,), (route,) = aws.of("create_authorizer"), aws.of("create_route")
    assert (made["AuthorizerType"], made["IdentitySource"]) == (
        "REQUEST",
        ["route.request.querystring.token"],
    )
    assert (route["AuthorizationType"], route["AuthorizerId"]) == ("CUSTOM", "z1")


def test_api_keys_are_put_into_a_usage_plan_of_the_stage() -> None:
    keyed = STACK.api.model_copy(update={"api_keys": ("a-key-of-twenty-letters",)})
    aws = RecordedAws(refusing="create_usage_plan")
    with pytest.raises(BackendError, match=r"^usage plan chat cannot be deployed: "):
        deploy(aws, STACK.model_copy(update={"api": keyed}))


def test_a_topic_of_large_messages_is_created_as_one() -> None:
    large = {"events": Topic(name="Events", maximum_message_size=1_048_576)}
    aws = RecordedAws()
    deploy(aws, STACK.model_copy(update={"topics": large}))
    created = aws.of("create_topic")
    assert created == [{"Name": "Events", "Attributes": {"MaximumMessageSize": "1048576"}}]
