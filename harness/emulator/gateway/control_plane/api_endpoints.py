"""The `apiEndpoint` of WebSocket APIs: `wss://`, as on AWS (U-1); moto says `https://` for every API."""

from dataclasses import replace

import orjson

from harness.emulator.port.http import Response


def with_websocket_endpoints(response: Response) -> Response:
    """The answer to an `apigatewayv2` call, with the endpoints of the WebSocket APIs in it set right."""
    if response.status not in (200, 201) or b'"WEBSOCKET"' not in response.body:
        return response
    answer = orjson.loads(response.body)
    for api in answer.get("items", [answer]):
        if api.get("protocolType") == "WEBSOCKET" and "apiEndpoint" in api:
            api["apiEndpoint"] = str(api["apiEndpoint"]).replace("https://", "wss://", 1)
    return replace(response, body=orjson.dumps(answer))
