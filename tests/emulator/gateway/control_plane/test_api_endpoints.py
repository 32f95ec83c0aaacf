"""Endpoints of WebSocket APIs."""

import orjson
import pytest

from harness.emulator.gateway.control_plane.api_endpoints import with_websocket_endpoints
from harness.emulator.port.http import json_response


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
