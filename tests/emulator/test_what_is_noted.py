"""What the emulator notes for attribution: seen through boto3, WebSockets and its page of observations."""

import json
import time
import uuid
from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import urlencode

import pytest
import urllib3
from websockets.sync.client import connect

from harness.record.observation import (
    ConnectionAsked,
    ConnectionOpened,
    ConnectionPosted,
    InvocationStarted,
    Observation,
    PostRefused,
    ReplySent,
    RouteAnswered,
    RowWritten,
    Sent,
    digest_of,
)
from tests.contract.conftest import REGION, ROLE, a_lambda_integration, zipped
from tests.observed import Observed
from tests.patience import WAIT
from tests.small_api import an_emulator

# Does what the event says: calls AWS as the event lists, or answers a route with what the message holds.
ACTOR = """
import json
import os
import subprocess

import boto3
from botocore.config import Config

ONCE = Config(retries={"total_max_attempts": 1})

def call(service, operation, arguments, endpoint=None):
    client = boto3.client(service, endpoint_url=endpoint or os.environ["AWS_ENDPOINT_URL"], config=ONCE)
    try:
        return getattr(client, operation)(**arguments)
    except Exception as error:
        return {"failed": str(error)}

def handler(event, context):
    if "requestContext" in event and "connectionId" in event["requestContext"]:
        kind = event["requestContext"]["eventType"]
        query = event.get("queryStringParameters") or {}
        if kind == "DISCONNECT":
            return {"statusCode": 500}
        told = query.get("answer") if kind == "CONNECT" else json.loads(event["body"]).get("answer")
        return {"statusCode": 200} if told is None else json.loads(told)
    if event.get("leave"):
        subprocess.Popen(["sleep", "600"], start_new_session=True)
    for one in event.get("calls", []):
        call(*one)
    return {"calls": len(event.get("calls", []))}
"""


class Stack:
    """An emulator with the actor, and an API all of whose routes it answers; `echo` is two-way."""

    def __init__(self, backend: Any) -> None:
        self.client, self.endpoint = backend.client, backend.endpoint
        self.observed = Observed(backend.endpoint)
        self.function_arn = self.deploy("actor")
        apis = self.client("apigatewayv2")
        self.api = apis.create_api(
            Name="api", ProtocolType="WEBSOCKET", RouteSelectionExpression="$request.body.action"
        )["ApiId"]
        target = a_lambda_integration(apis, self.api, self.function_arn)
        for key in ("$connect", "$disconnect", "$default", "echo"):
            two_way = {"RouteResponseSelectionExpression": "$default"} if key == "echo" else {}
            route = apis.create_route(ApiId=self.api, RouteKey=key, Target=target, **two_way)
            if two_way:
                apis.create_route_response(
                    ApiId=self.api, RouteId=route["RouteId"], RouteResponseKey="$default"
                )
        apis.create_stage(ApiId=self.api, StageName="prod", AutoDeploy=True)
        self.path = f"/_aws/execute-api/{self.api}/prod"
        self.url = self.endpoint.replace("http", "ws", 1) + self.path

    def deploy(self, name: str) -> str:
        created = self.client("lambda").create_function(
            FunctionName=name,
            Runtime="python3.11",
            Role=ROLE,
            Handler="app.handler",
            Code={"ZipFile": zipped({"app.py": ACTOR})},
            Timeout=20,
            MemorySize=512,
        )
        return str(created["FunctionArn"])

    def act(self, *calls: object) -> str:
        """Lets the actor make the calls; the id of its invocation."""
        body = json.dumps({"calls": calls})
        answer = self.client("lambda").invoke(FunctionName="actor", Payload=body)
        assert json.loads(answer["Payload"].read()) == {"calls": len(calls)}
        return str(answer["ResponseMetadata"]["RequestId"])

    def post(self, page: str) -> Any:
        """What a page answers to a POST."""
        return urllib3.request("POST", f"{self.endpoint}/_harness/{page}", timeout=WAIT).json()

    def quiet(self) -> None:
        answer = urllib3.request("GET", f"{self.endpoint}/_harness/quiet?timeout={WAIT}", timeout=2 * WAIT)
        assert answer.status == 200


@pytest.fixture(scope="module")
def emulator() -> Iterator[Stack]:
    with an_emulator() as (backend, _):
        yield Stack(backend)


@pytest.fixture
def stack(emulator: Stack) -> Stack:
    """The stack, of which nothing has been seen yet."""
    emulator.quiet()
    emulator.observed.forget()
    return emulator


def a_name() -> str:
    return f"x-{uuid.uuid4().hex[:8]}"


def without_time(observations: Sequence[Observation]) -> list[tuple[object, ...]]:
    """Their other fields."""
    return [tuple(getattr(one, name) for name in one.__slots__) for one in observations]


# --- @connections -----------------------------------------------------------------------------------------


def test_a_post_tells_size_and_digest_and_other_calls_are_noted_too(stack: Stack) -> None:
    with connect(stack.url, open_timeout=WAIT) as client:
        (opened,) = stack.observed.of(ConnectionOpened)
        to, name = stack.endpoint + stack.path, opened.connection
        request = stack.act(
            ["apigatewaymanagementapi", "get_connection", {"ConnectionId": name}, to],
            ["apigatewaymanagementapi", "post_to_connection", {"ConnectionId": name, "Data": "täxt"}, to],
            ["apigatewaymanagementapi", "delete_connection", {"ConnectionId": name}, to],
            ["apigatewaymanagementapi", "get_connection", {"ConnectionId": name}, to],
        )
        assert client.recv(WAIT) == "täxt"

    assert without_time(stack.observed.of(ConnectionPosted)) == [
        (name, 200, request, 5, digest_of("täxt".encode()))
    ]
    assert without_time(stack.observed.of(ConnectionAsked)) == [
        (name, "GET", 200, request),
        (name, "DELETE", 204, request),
        (name, "GET", 410, request),
    ]


@pytest.mark.parametrize(
    ("path", "status", "reason"),
    [
        pytest.param("", 403, "no such API: the address has none", id="no path at all"),
        pytest.param("/None", 403, "no such API: the address has none", id="None for an endpoint"),
        pytest.param("/undefined/prod", 403, "no such API: the address has none", id="undefined for an API"),
        pytest.param(
            "/_aws/execute-api/None/prod",
            403,
            "no such API 'None', or no stage 'prod' of it",
            id="None where the API id belongs",
        ),
        pytest.param(
            "/_aws/execute-api/{api}",
            403,
            "no such API '{api}', or no stage in the address",
            id="no stage",
        ),
        pytest.param(
            "/_aws/execute-api/{api}/dev",
            403,
            "no such API '{api}', or no stage 'dev' of it",
            id="another stage",
        ),
        pytest.param(
            "/_aws/execute-api/{api}/prod/prod",
            404,
            "nothing is at 'prod/@connections/abc=' behind the stage",
            id="the stage twice",
        ),
    ],
)
def test_a_post_to_nowhere_says_where_it_went_and_what_is_wrong(
    stack: Stack, path: str, status: int, reason: str
) -> None:
    to = stack.endpoint + path.format(api=stack.api)
    call = ["apigatewaymanagementapi", "post_to_connection", {"ConnectionId": "abc=", "Data": "x"}, to]
    request = stack.act(call)

    (refused,) = stack.observed.of(PostRefused)
    assert refused.url in (f"{to}/@connections/abc%3D", f"{to}/%40connections/abc%3D")
    why = reason.format(api=stack.api)
    assert (refused.status, refused.reason, refused.request) == (status, why, request)
    assert stack.observed.of(ConnectionPosted) == []


def test_a_call_without_a_signature_to_nowhere_is_noted_too(stack: Stack) -> None:
    urllib3.request("POST", f"{stack.endpoint}/undefined/@connections/abc", body=b"x")
    urllib3.request(
        "POST",
        f"{stack.endpoint}/prod/@connections/abc",
        body=b"x",
        headers={"Host": f"nobody.execute-api.{REGION}.amazonaws.com"},
    )

    assert without_time(stack.observed.of(PostRefused)) == [
        (f"{stack.endpoint}/undefined/@connections/abc", 403, "no such API: the address has none", None),
        (
            f"http://nobody.execute-api.{REGION}.amazonaws.com/prod/@connections/abc",
            403,
            "no such API: not in this region",
            None,
        ),
    ]


# --- routes -----------------------------------------------------------------------------------------------


def test_what_the_gateway_writes_itself_is_noted(stack: Stack) -> None:
    with connect(stack.url, open_timeout=WAIT) as client:
        client.send('{"action":"echo","answer":"{\\"body\\":\\"hello\\"}"}')
        assert client.recv(WAIT) == "hello"
        client.send('{"action":"echo","answer":"[]"}')
        told = str(client.recv(WAIT))
        assert "Internal server error" in told
        stack.quiet()

    (opened,) = stack.observed.of(ConnectionOpened)
    of_routes = [one for one in stack.observed.of(InvocationStarted) if one.route == "echo"]
    assert without_time(stack.observed.of(ReplySent)) == [
        (opened.connection, len(text), digest_of(text.encode()), started.request)
        for text, started in zip(("hello", told), of_routes, strict=True)
    ]


@pytest.mark.parametrize(
    ("route", "answer", "status", "problem"),
    [
        pytest.param("$default", "null", 200, "None: not a response", id="None"),
        pytest.param("$default", '"ok"', 500, "a text: not a response", id="a text"),
        pytest.param("$default", "[]", 500, "a list: not a response", id="a list"),
        pytest.param("$default", "1", 500, "a number: not a response", id="a number"),
        pytest.param("$default", '{"foo":1}', 500, "unknown key 'foo'", id="an unknown key"),
        pytest.param("$default", '{"statusCode":500}', 500, "", id="a status of a failure"),
        pytest.param("$default", '{"statusCode":404}', 404, "", id="a status of a mistake"),
        pytest.param("$connect", "null", 502, "None: not a response", id="a handshake with None"),
        pytest.param("$connect", '{"statusCode":500}', 500, "", id="a handshake that fails"),
    ],
)
def test_an_answer_that_is_no_success_is_noted(
    stack: Stack, route: str, answer: str, status: int, problem: str
) -> None:
    if route == "$connect":
        query = urlencode({"answer": answer})
        with pytest.raises(Exception, match="HTTP 50"), connect(f"{stack.url}?{query}", open_timeout=WAIT):
            raise AssertionError("accepted")
    else:
        with connect(stack.url, open_timeout=WAIT) as client:
            client.send(json.dumps({"answer": answer}))
    stack.quiet()

    first = next(one for one in stack.observed.of(InvocationStarted) if one.route == route)
    answered = [one for one in stack.observed.of(RouteAnswered) if one.route == route]
    assert without_time(answered) == [(first.request, "actor", route, first.connection, status, problem)]


def test_a_disconnect_route_that_fails_is_noted_and_a_refused_handshake_is_not(stack: Stack) -> None:
    with (
        pytest.raises(Exception, match="HTTP 403"),
        connect(f'{stack.url}?answer={{"statusCode":403}}', open_timeout=WAIT),
    ):
        raise AssertionError("accepted")
    with connect(stack.url, open_timeout=WAIT):
        pass
    stack.quiet()

    assert [(one.route, one.status) for one in stack.observed.of(RouteAnswered)] == [("$disconnect", 500)]


# --- ids, from hop to hop ---------------------------------------------------------------------------------


def a_queue(stack: Stack) -> tuple[str, str]:
    sqs = stack.client("sqs")
    url = sqs.create_queue(QueueName=a_name())["QueueUrl"]
    told = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
    return str(url), str(told["Attributes"]["QueueArn"])


def a_reader(stack: Stack, source_arn: str, **settings: object) -> None:
    stack.client("lambda").create_event_source_mapping(
        EventSourceArn=source_arn, FunctionName="actor", **settings
    )


@pytest.mark.parametrize("raw", [False, True])
def test_a_message_is_followed_from_a_topic_through_a_queue(stack: Stack, raw: bool) -> None:
    sns = stack.client("sns")
    topic, (_, queue) = sns.create_topic(Name=a_name())["TopicArn"], a_queue(stack)
    attributes = {"RawMessageDelivery": "true"} if raw else {}
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue, Attributes=attributes)
    a_reader(stack, queue)
    published = sns.publish(TopicArn=topic, Message="{}")["MessageId"]
    stack.quiet()

    (hop,) = stack.observed.of(Sent)
    (started,) = stack.observed.of(InvocationStarted)
    assert (hop.to, hop.origin, hop.request) == (queue, published, None)
    assert started.messages == ((hop.id,) if raw else (hop.id, published))
    assert hop.at <= started.at


def test_what_a_function_sends_is_followed(stack: Stack) -> None:
    sns, (queue_url, _) = stack.client("sns"), a_queue(stack)
    topic = sns.create_topic(Name=a_name())["TopicArn"]
    entries = [{"Id": "a", "Message": "1"}, {"Id": "b", "Message": "2"}]
    bodies = [{"Id": "a", "MessageBody": "1"}, {"Id": "b", "MessageBody": "2"}]
    event = {"Source": "s", "DetailType": "d", "Detail": "{}"}
    request = stack.act(
        ["sns", "publish", {"TopicArn": topic, "Message": "x"}],
        ["sns", "publish_batch", {"TopicArn": topic, "PublishBatchRequestEntries": entries}],
        ["sqs", "send_message", {"QueueUrl": queue_url, "MessageBody": "x"}],
        ["sqs", "send_message_batch", {"QueueUrl": queue_url, "Entries": bodies}],
        ["events", "put_events", {"Entries": [event]}],
    )
    sent = stack.observed.of(Sent)
    assert [one.to for one in sent] == [topic] * 3 + [queue_url] * 3 + ["default"]
    assert {(one.request, one.origin) for one in sent} == {(request, None)}
    received = stack.client("sqs").receive_message(QueueUrl=queue_url, MaxNumberOfMessages=10)["Messages"]
    assert {one["MessageId"] for one in received} == {one.id for one in sent if one.to == queue_url}


def test_what_the_harness_sends_itself_is_not_noted(stack: Stack) -> None:
    topic = stack.client("sns").create_topic(Name=a_name())["TopicArn"]
    stack.client("sns").publish(TopicArn=topic, Message="x")
    stack.client("sqs").send_message(QueueUrl=a_queue(stack)[0], MessageBody="x")
    assert stack.observed.of(Sent) == []


def test_an_event_is_followed_through_a_bus_to_functions_queues_and_topics(stack: Stack) -> None:
    events, sns = stack.client("events"), stack.client("sns")
    rule, topic, (_, queue) = a_name(), sns.create_topic(Name=a_name())["TopicArn"], a_queue(stack)
    events.put_rule(Name=rule, EventPattern='{"source":["fan"]}')
    targets = [stack.function_arn, queue, topic]
    events.put_targets(
        Rule=rule, Targets=[{"Id": str(number), "Arn": arn} for number, arn in enumerate(targets)]
    )
    put = events.put_events(Entries=[{"Source": "fan", "DetailType": "d", "Detail": "{}"}])
    stack.quiet()
    events.remove_targets(Rule=rule, Ids=["0", "1", "2"])

    event_id = put["Entries"][0]["EventId"]
    assert [one.messages for one in stack.observed.of(InvocationStarted)] == [(event_id,)]
    assert {(one.to, one.origin) for one in stack.observed.of(Sent)} == {(queue, event_id), (topic, event_id)}


def test_a_row_is_followed_through_its_tables_stream(stack: Stack) -> None:
    dynamodb, table = stack.client("dynamodb"), a_name()
    made = dynamodb.create_table(
        TableName=table,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"},
    )["TableDescription"]
    a_reader(stack, made["LatestStreamArn"], StartingPosition="TRIM_HORIZON")
    put = ["dynamodb", "put_item", {"TableName": table, "Item": {"id": {"S": "a"}}}]
    request = stack.act(put, put)  # the second one changes nothing, and is no record
    stack.quiet()

    (sent,) = stack.observed.of(Sent)
    assert (sent.to, sent.request) == (table, request)
    assert [one.messages for one in stack.observed.of(InvocationStarted)] == [(), (sent.id,)]


def test_a_function_that_is_invoked_by_another_names_its_caller(stack: Stack) -> None:
    request = stack.act(
        ["lambda", "invoke", {"FunctionName": "actor", "Payload": "{}"}],
        ["lambda", "invoke", {"FunctionName": "actor", "Payload": "{}", "InvocationType": "Event"}],
    )
    stack.quiet()

    assert [one.caller for one in stack.observed.of(InvocationStarted)] == [None, request, request]


def test_a_destination_is_told_of_the_invocation_by_a_message_that_names_it(stack: Stack) -> None:
    lambda_, (_, queue) = stack.client("lambda"), a_queue(stack)
    stack.deploy("asked")
    lambda_.put_function_event_invoke_config(
        FunctionName="asked", DestinationConfig={"OnSuccess": {"Destination": queue}}
    )
    a_reader(stack, queue)
    lambda_.invoke(FunctionName="asked", Payload="{}", InvocationType="Event")
    stack.quiet()

    asked, reader = stack.observed.of(InvocationStarted)
    (sent,) = stack.observed.of(Sent)
    assert (sent.to, sent.request, reader.messages) == (queue, asked.request, (sent.id,))


# --- rows -------------------------------------------------------------------------------------------------


def test_a_row_shows_what_it_has_for_time_to_live(stack: Stack) -> None:
    dynamodb, table, at = stack.client("dynamodb"), a_name(), str(int(time.time()) + 3600)
    dynamodb.create_table(
        TableName=table,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
    )
    row = {"id": {"S": "a"}, "expireAt": {"N": at}}
    dynamodb.put_item(TableName=table, Item=row)
    specification = {"Enabled": True, "AttributeName": "expireAt"}
    dynamodb.update_time_to_live(TableName=table, TimeToLiveSpecification=specification)
    dynamodb.put_item(TableName=table, Item=row)
    dynamodb.put_item(TableName=table, Item={"id": {"S": "a"}, "expiresAt": {"N": at}})
    dynamodb.update_item(
        TableName=table,
        Key={"id": {"S": "a"}},
        UpdateExpression="SET expireAt = :at",
        ExpressionAttributeValues={":at": {"S": "soon"}},
    )

    assert [one.ttl for one in stack.observed.of(RowWritten)] == [
        None,
        f'{{"N":"{at}"}}',
        "",
        '{"S":"soon"}',
    ]


# --- what a run asks for at its end -----------------------------------------------------------------------


def test_retries_that_wait_are_given_up_when_that_is_asked_for(stack: Stack) -> None:
    function = stack.deploy("failing")
    stack.client("lambda").invoke(FunctionName=function, Payload="1", InvocationType="Event")
    stack.quiet()

    assert [stack.post("forget-retries") for _ in range(2)] == [{"given_up": ["failing"]}, {"given_up": []}]


def test_environments_whose_functions_left_something_running_end_and_others_stay_warm(stack: Stack) -> None:
    stack.client("lambda").invoke(FunctionName="actor", Payload="{}")
    stack.client("lambda").invoke(FunctionName=stack.deploy("leaving"), Payload='{"leave": true}')

    assert [stack.post("end-left-over") for _ in range(2)] == [{"functions": ["leaving"]}, {"functions": []}]
    for name in ("actor", "leaving"):
        stack.client("lambda").invoke(FunctionName=name, Payload="{}")
    assert [one.cold for one in stack.observed.of(InvocationStarted)][-2:] == [False, True]
