"""What a WebSocket client sees of a function that Lambda does not run for want of concurrency."""

import json
from typing import Any

import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from harness.backends.embedded import emulator_urls
from tests.contract.conftest import ROLE, Clients, a_lambda_integration, a_name, zipped
from tests.patience import WAIT

OK = "def handler(event, context):\n    return {'statusCode': 200}\n"


@pytest.fixture
def routes(client: Clients, lambda_: Any, endpoint: str) -> tuple[str, str]:
    """The URL of an API whose routes all invoke one function, and the function's name."""
    apis, name = client("apigatewayv2"), a_name("function")
    function = lambda_.create_function(
        FunctionName=name,
        Runtime="python3.11",
        Role=ROLE,
        Handler="app.handler",
        Code={"ZipFile": zipped({"app.py": OK})},
        Timeout=20,
    )["FunctionArn"]
    api_id = apis.create_api(
        Name=a_name("api"), ProtocolType="WEBSOCKET", RouteSelectionExpression="$request.body.action"
    )["ApiId"]
    integration = a_lambda_integration(apis, api_id, function)
    for route_key in ("$connect", "$default", "$disconnect"):
        apis.create_route(ApiId=api_id, RouteKey=route_key, Target=integration)
    apis.create_stage(ApiId=api_id, StageName="test", AutoDeploy=True)
    return emulator_urls(endpoint, api_id, "test")["url"], name


@pytest.mark.aws("L-29", assumed=True)
def test_a_throttled_connect_is_a_server_error(lambda_: Any, routes: tuple[str, str]) -> None:
    url, name = routes
    lambda_.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=0)
    with pytest.raises(InvalidStatus) as refused, connect(url, open_timeout=WAIT):
        pass

    assert refused.value.response.status_code == 500


@pytest.mark.aws("L-29", assumed=True)
def test_a_throttled_message_is_an_error_message_and_the_connection_stays(
    lambda_: Any, routes: tuple[str, str]
) -> None:
    url, name = routes
    with connect(url, open_timeout=WAIT, close_timeout=WAIT) as websocket:
        lambda_.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=0)
        websocket.send("x")
        first = json.loads(websocket.recv(timeout=WAIT))
        websocket.send("y")
        second = json.loads(websocket.recv(timeout=WAIT))

    assert [first["message"], second["message"]] == ["Internal server error"] * 2
