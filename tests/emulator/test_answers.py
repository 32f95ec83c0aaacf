"""Small rules of the AWS APIs: errors by protocol, endpoints, deployments, long polls."""

from random import Random
from urllib.parse import urlencode

import orjson
import pytest

from harness.clock import ManualClock
from harness.emulator.aws_api.errors import aws_error
from harness.emulator.gateway.control_plane.api_endpoints import with_websocket_endpoints
from harness.emulator.gateway.control_plane.deployments import Deployments
from harness.emulator.port.http import Headers, Request, Response, json_response
from harness.emulator.sqs.polling import Poll, is_empty, read_poll

QUERY = (
    b"<ErrorResponse><Error><Type>Sender</Type><Code>C</Code><Message>a &lt; b</Message></Error>"
    b"<RequestId>00000000-0000-0000-0000-000000000000</RequestId></ErrorResponse>"
)
JSON = b'{"__type":"C","message":"a < b","Message":"a < b"}'


@pytest.mark.parametrize(
    ("service", "content_type", "body"),
    [
        ("dynamodb", "application/x-amz-json-1.0", JSON),
        ("lambda", "application/json", JSON),
        ("sns", "text/xml", QUERY),
        ("s3", "text/xml", b"<Error><Code>C</Code><Message>a &lt; b</Message></Error>"),
    ],
)
def test_errors_are_in_the_protocol_of_their_service(service: str, content_type: str, body: bytes) -> None:
    headers = (("Content-Type", content_type), ("x-amzn-ErrorType", "C"))

    assert aws_error(service, 418, "C", "a < b") == Response(418, headers, body)


def an_api(protocol: str, endpoint: str) -> dict[str, str]:
    return {"protocolType": protocol, "apiEndpoint": endpoint}


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (an_api("WEBSOCKET", "https://a"), an_api("WEBSOCKET", "wss://a")),
        (an_api("HTTP", "https://a"), an_api("HTTP", "https://a")),
        (
            {"items": [an_api("WEBSOCKET", "https://a"), an_api("HTTP", "https://b")]},
            {"items": [an_api("WEBSOCKET", "wss://a"), an_api("HTTP", "https://b")]},
        ),
        ({"description": "WEBSOCKET"}, {"description": "WEBSOCKET"}),
    ],
    ids=["a WebSocket API", "an HTTP API", "a list", "something else"],
)
def test_endpoints_of_websocket_apis_are_wss(body: object, expected: object) -> None:
    answer = with_websocket_endpoints(json_response(200, orjson.dumps(body)))

    assert orjson.loads(answer.body) == expected


@pytest.fixture
def deployments() -> Deployments:
    stages = {("r", "a"): frozenset({"prod"})}
    return Deployments(
        stages_of=lambda region, api_id: stages.get((region, api_id)),
        clock=ManualClock(time=1_700_000_000.9),
        random=Random(1),
    )


def test_a_deployment_is_deployed_at_once(deployments: Deployments) -> None:
    created = deployments.answer(Request("POST", "/v2/apis/a/deployments", body=b'{"stageName":"prod"}'), "r")

    assert created is not None
    described = orjson.loads(created.body)
    assert described == {
        "autoDeployed": False,
        "createdDate": "2023-11-14T22:13:20Z",
        "deploymentId": described["deploymentId"],
        "deploymentStatus": "DEPLOYED",
    }
    listed = deployments.answer(Request("GET", "/v2/apis/a/deployments"), "r")
    assert listed == json_response(200, orjson.dumps({"items": [described]}))


DEPLOYMENT_REFUSALS = {
    "of another region": ("GET", "/v2/apis/a/deployments", b"", "other", 404),
    "of an API that is not there": ("GET", "/v2/apis/b/deployments", b"", "r", 404),
    "to a stage that is not there": ("POST", "/v2/apis/a/deployments", b'{"stageName":"x"}', "r", 404),
    "that is not there": ("GET", "/v2/apis/a/deployments/x", b"", "r", 404),
    "with a body that is no JSON": ("POST", "/v2/apis/a/deployments", b"{", "r", 400),
    "with a body that is no object": ("POST", "/v2/apis/a/deployments", b"[]", "r", 400),
}


@pytest.mark.parametrize(
    ("method", "path", "body", "region", "status"), DEPLOYMENT_REFUSALS.values(), ids=DEPLOYMENT_REFUSALS
)
def test_deployments_that_are_refused(
    deployments: Deployments, method: str, path: str, body: bytes, region: str, status: int
) -> None:
    answer = deployments.answer(Request(method, path, body=body), region)

    assert answer is not None
    assert answer.status == status


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/v2/apis/a"),
        ("GET", "/v2/apis/a/deployments/b/c"),
        ("PUT", "/v2/apis/a/deployments"),
    ],
)
def test_other_requests_are_not_about_deployments(deployments: Deployments, method: str, path: str) -> None:
    assert deployments.answer(Request(method, path), "r") is None


FORM = Headers((("Content-Type", "application/x-www-form-urlencoded"),))


def json_poll(**asked: object) -> Request:
    return Request("POST", "/", body=orjson.dumps({"QueueUrl": "q", **asked}))


def form_poll(**asked: str) -> Request:
    return Request("POST", "/", headers=FORM, body=urlencode({"QueueUrl": "q", **asked}).encode())


@pytest.mark.parametrize(
    ("request_", "poll"),
    [
        (json_poll(WaitTimeSeconds=5), Poll(json_poll(WaitTimeSeconds=0), 5.0)),
        (json_poll(), Poll(json_poll(WaitTimeSeconds=0), 0.0)),
        (json_poll(WaitTimeSeconds=99), Poll(json_poll(WaitTimeSeconds=0), 20.0)),
        (json_poll(WaitTimeSeconds="x"), Poll(json_poll(WaitTimeSeconds=0), 0.0)),
        (form_poll(WaitTimeSeconds="5"), Poll(form_poll(WaitTimeSeconds="0"), 5.0)),
        (Request("POST", "/", body=b"{"), Poll(Request("POST", "/", body=b"{"), 0.0)),
        (Request("POST", "/", body=b"[]"), Poll(Request("POST", "/", body=b"[]"), 0.0)),
    ],
    ids=["a wait", "no wait", "too long a wait", "no number", "the query protocol", "no JSON", "no object"],
)
def test_a_long_poll_is_taken_apart(request_: Request, poll: Poll) -> None:
    assert read_poll(request_) == poll


@pytest.mark.parametrize(
    ("response", "empty"),
    [
        (Response(200, body=b"{}"), True),
        (Response(200, body=b'{"Messages": [{}]}'), False),
        (Response(200, body=b"<ReceiveMessageResult><Message></Message></ReceiveMessageResult>"), False),
        (Response(400, body=b"{}"), False),
    ],
    ids=["nothing", "messages", "messages in XML", "a refusal"],
)
def test_a_poll_is_over_once_something_came(response: Response, empty: bool) -> None:
    assert is_empty(response) is empty
