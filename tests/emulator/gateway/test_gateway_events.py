"""Events key for key and in order, against recorded ones (section 1.4)."""

import json
from random import Random

import pytest

from harness.emulator.gateway.apis import Api
from harness.emulator.gateway.ids import ConnectionId
from harness.emulator.gateway.lambda_events import (
    ConnectionFacts,
    Parameters,
    authorizer_event,
    connect_event,
    disconnect_event,
    message_event,
    method_arn,
    new_trace_id,
    read_parameters,
)
from harness.emulator.port.http import Headers, Request

CONNECTED_AT = 1708326702.789


def some_facts(**changes: object) -> ConnectionFacts:
    values: dict[str, object] = {
        "api_id": "nn27okk1we",
        "stage": "develop",
        "connection_id": ConnectionId("TXzPWdnOjoECGjA="),
        "connected_at": CONNECTED_AT,
        "domain_name": "h",
        "source_ip": "185.69.197.15",
        "user_agent": "UA",
        **changes,
    }
    return ConnectionFacts(**values)  # type: ignore[arg-type]


@pytest.mark.aws("E-1", "E-2", "E-3", "E-6", "E-7", "E-8", "E-9", "E-10", "E-11", "E-17", "E-18", "E-19")
@pytest.mark.aws("7-20", assumed=True)
def test_connect_event_is_the_recorded_one() -> None:
    fields = (
        ("Host", "h"),
        ("Connection", "Upgrade"),
        ("upgrade", "websocket"),
        ("user-agent", "UA"),
        ("Sec-WebSocket-Key", "DM+9PqsQtaZrN+IMZbWTzg=="),
        ("Sec-WebSocket-Version", "13"),
        ("origin", "https://o"),
        ("Content-Length", "0"),
    )
    request = Request("GET", "/develop", "", Headers(fields), b"", ("185.69.197.15", 5), secure=True)
    parameters = read_parameters(request, "Root=1-65d2ff2e-718990494fd688f062bf1571")
    event = connect_event(
        some_facts(),
        parameters,
        {},
        request_id="TXzPWFkkjoEF92g=",
        now=CONNECTED_AT,
        integration_latency=None,
    )
    headers = (
        '"Host":"h","Origin":"https://o","Sec-WebSocket-Key":"DM+9PqsQtaZrN+IMZbWTzg==",'
        '"Sec-WebSocket-Version":"13","User-Agent":"UA",'
        '"X-Amzn-Trace-Id":"Root=1-65d2ff2e-718990494fd688f062bf1571",'
        '"X-Forwarded-For":"185.69.197.15","X-Forwarded-Port":"443","X-Forwarded-Proto":"https"'
    )
    every = ",".join(f'"{name}":["{value}"]' for name, value in json.loads(f"{{{headers}}}").items())
    assert event.decode() == (
        f'{{"headers":{{{headers}}},"multiValueHeaders":{{{every}}},'
        '"requestContext":{"routeKey":"$connect","eventType":"CONNECT","extendedRequestId":"TXzPWFkkjoEF92g=",'
        '"requestTime":"19/Feb/2024:07:11:42 +0000","messageDirection":"IN","stage":"develop",'
        '"connectedAt":1708326702789,"requestTimeEpoch":1708326702789,'
        '"identity":{"userAgent":"UA","sourceIp":"185.69.197.15"},"requestId":"TXzPWFkkjoEF92g=",'
        '"domainName":"h","connectionId":"TXzPWdnOjoECGjA=","apiId":"nn27okk1we"},"isBase64Encoded":false}'
    )


@pytest.mark.aws("C-16", "E-4", "E-5", "E-10", "E-19", "E-20")
def test_message_event_is_the_recorded_one() -> None:
    event = message_event(
        some_facts(user_agent=None),
        '{"action":"sendMessage"}',
        {},
        route_key="sendMessage",
        message_id="PJqCFfHyKRcCHlw=",
        request_id="PJqCFEqHqRcFd0w=",
        now=1701245043.417,
    )
    assert event.decode() == (
        '{"requestContext":{"routeKey":"sendMessage","messageId":"PJqCFfHyKRcCHlw=","eventType":"MESSAGE",'
        '"extendedRequestId":"PJqCFEqHqRcFd0w=","requestTime":"29/Nov/2023:08:04:03 +0000",'
        '"messageDirection":"IN","stage":"develop","connectedAt":1708326702789,"requestTimeEpoch":1701245043417,'
        '"identity":{"sourceIp":"185.69.197.15"},"requestId":"PJqCFEqHqRcFd0w=","domainName":"h",'
        '"connectionId":"TXzPWdnOjoECGjA=","apiId":"nn27okk1we"},'
        '"body":"{\\"action\\":\\"sendMessage\\"}","isBase64Encoded":false}'
    )


@pytest.mark.aws("E-3", "E-12", "E-13")
def test_disconnect_event_is_the_recorded_one() -> None:
    event = disconnect_event(
        some_facts(), {}, code=1001, reason="Going away", request_id="TX0tuFp2joEF5Zw=", now=1708327306.706
    )
    assert event.decode() == (
        '{"headers":{"Host":"h","x-api-key":"","X-Forwarded-For":"","x-restapi":""},'
        '"multiValueHeaders":{"Host":["h"],"x-api-key":[""],"X-Forwarded-For":[""],"x-restapi":[""]},'
        '"requestContext":{"routeKey":"$disconnect","disconnectStatusCode":1001,"eventType":"DISCONNECT",'
        '"extendedRequestId":"TX0tuFp2joEF5Zw=","requestTime":"19/Feb/2024:07:21:46 +0000",'
        '"messageDirection":"IN","disconnectReason":"Going away","stage":"develop",'
        '"connectedAt":1708326702789,"requestTimeEpoch":1708327306706,'
        '"identity":{"userAgent":"UA","sourceIp":"185.69.197.15"},"requestId":"TX0tuFp2joEF5Zw=",'
        '"domainName":"h","connectionId":"TXzPWdnOjoECGjA=","apiId":"nn27okk1we"},"isBase64Encoded":false}'
    )


@pytest.mark.aws("E-1", "E-15", "E-16")
def test_query_stage_variables_and_authorizer_are_there_when_they_exist() -> None:
    facts = some_facts(authorizer={"principalId": "user", "n": "1"})
    parameters = Parameters({"Host": ["h"]}, {"a": ["1", "2"], "b": [""]})
    event = json.loads(
        connect_event(facts, parameters, {"v": "x"}, request_id="r", now=0.0, integration_latency=12)
    )
    assert list(event) == [
        "headers",
        "multiValueHeaders",
        "queryStringParameters",
        "multiValueQueryStringParameters",
        "stageVariables",
        "requestContext",
        "isBase64Encoded",
    ]
    assert event["queryStringParameters"] == {"a": "2", "b": ""}
    assert event["multiValueQueryStringParameters"] == {"a": ["1", "2"], "b": [""]}
    assert event["stageVariables"] == {"v": "x"}
    assert event["requestContext"]["authorizer"] == {
        "principalId": "user",
        "n": "1",
        "integrationLatency": 12,
    }


@pytest.mark.aws("A-3", "A-4")
def test_authorizer_event_has_every_map_even_when_empty() -> None:
    api = Api("nn27okk1we", "ws", "us-east-1", "123456789012", {}, {})
    arn = method_arn(api, "develop")
    event = json.loads(
        authorizer_event(some_facts(), Parameters({"Host": ["h"]}), {}, arn=arn, request_id="r", now=0.0)
    )
    context = event.pop("requestContext")
    assert (context["routeKey"], context["eventType"]) == ("$connect", "CONNECT")
    assert event == {
        "type": "REQUEST",
        "methodArn": "arn:aws:execute-api:us-east-1:123456789012:nn27okk1we/develop/$connect",
        "headers": {"Host": "h"},
        "multiValueHeaders": {"Host": ["h"]},
        "queryStringParameters": {},
        "multiValueQueryStringParameters": {},
        "stageVariables": {},
    }


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        pytest.param(
            (("Host", "h:4566"),), {"X-Forwarded-For": ["1.2.3.4"], "X-Forwarded-Port": ["4566"]}, id="port"
        ),
        pytest.param(
            (("Host", "h"), ("x-forwarded-for", "9.9.9.9")),
            {"X-Forwarded-For": ["9.9.9.9, 1.2.3.4"]},
            id="append",
        ),
        pytest.param((("Host", "h"), ("Cookie", "a"), ("cookie", "b")), {"Cookie": ["a", "b"]}, id="twice"),
        pytest.param((("X-Amzn-Trace-Id", "Root=mine"),), {"X-Amzn-Trace-Id": ["Root=mine"]}, id="own trace"),
    ],
)
def test_headers_that_aws_adds(fields: tuple[tuple[str, str], ...], expected: dict[str, list[str]]) -> None:
    request = Request("GET", "/", headers=Headers(fields), peer=("1.2.3.4", 1))
    assert expected.items() <= dict(read_parameters(request, "Root=new").headers).items()


@pytest.mark.aws("E-18")
def test_trace_id_holds_the_time() -> None:
    assert new_trace_id(0x65D2FF2E, Random(1)).startswith("Root=1-65d2ff2e-")
    assert len(new_trace_id(0, Random(1))) == len("Root=1-00000000-718990494fd688f062bf1571")
