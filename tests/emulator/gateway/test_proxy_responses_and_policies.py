"""Proxy responses (R-14 to R-18) and what authorizers return (A-5 to A-10)."""

import json

import pytest

from harness.emulator.gateway.apis import Authorizer, LambdaIntegration
from harness.emulator.gateway.authorizers import Allowed, identity_sources_present, read_authorizer_answer
from harness.emulator.gateway.ids import ConnectionId
from harness.emulator.gateway.integration_requests import function_of
from harness.emulator.gateway.integration_responses import NoOutcome, Refuse, error_message
from harness.emulator.gateway.lambda_events import ConnectionFacts, Parameters
from harness.emulator.gateway.proxy_response import Malformed, ProxyResponse, parse_proxy_response
from harness.emulator.lambda_runtime.outcome import FunctionError, RequestId, Returned

ARN = "arn:aws:execute-api:us-east-1:123456789012:a1/dev/$connect"
ALLOW = {"Effect": "Allow", "Action": "execute-api:Invoke", "Resource": ARN}


@pytest.mark.parametrize(
    ("payload", "response"),
    [
        pytest.param("{}", ProxyResponse(200), id="R-16 empty", marks=pytest.mark.aws("R-16")),
        pytest.param(
            '{"statusCode":"201"}',
            ProxyResponse(201),
            id="R-16 status as text",
            marks=pytest.mark.aws("R-16"),
        ),
        pytest.param('{"statusCode":null,"body":null}', ProxyResponse(200), id="nulls"),
        pytest.param(
            '{"headers":{"A":"x","B":1}}',
            ProxyResponse(200, {"a": "x", "b": "1"}),
            id="R-16 headers",
            marks=pytest.mark.aws("R-16"),
        ),
        pytest.param(
            '{"multiValueHeaders":{"A":["x","y"]}}', ProxyResponse(200, {"a": "y"}), id="many values"
        ),
        pytest.param('{"body":"aGk=","isBase64Encoded":true}', ProxyResponse(body="hi"), id="base64"),
        pytest.param("null", None, id="R-17 null", marks=pytest.mark.aws("R-17", assumed=True)),
        pytest.param(
            '"ok"', Malformed("a text: not a response"), id="R-16 string", marks=pytest.mark.aws("R-16")
        ),
        pytest.param("[]", Malformed("a list: not a response"), id="list"),
        pytest.param(
            '{"ConnectionId":"x","Data":"y","statusCode":200}',
            Malformed("unknown keys 'ConnectionId', 'Data'"),
            id="R-15 unknown keys",
            marks=pytest.mark.aws("R-15"),
        ),
        pytest.param(
            '{"statusCode":"test"}',
            Malformed("statusCode is not an integer"),
            id="R-16 status",
            marks=pytest.mark.aws("R-16"),
        ),
        pytest.param('{"statusCode":true}', Malformed("statusCode is not an integer"), id="boolean status"),
        pytest.param(
            '{"multiValueHeaders":{"A":"x"}}',
            Malformed("multiValueHeaders is not a map of lists"),
            id="R-16 values",
            marks=pytest.mark.aws("R-16"),
        ),
        pytest.param(
            '{"headers":{"A":["x"]}}', Malformed("headers is not a map of strings"), id="list header"
        ),
        pytest.param('{"body":{"a":1}}', Malformed("body is not a string"), id="object body"),
        pytest.param(
            '{"body":"%","isBase64Encoded":true}', Malformed("body is not base64 of text"), id="not base64"
        ),
    ],
)
def test_proxy_response_reads_as(payload: str, response: ProxyResponse | Malformed | None) -> None:
    assert parse_proxy_response(payload.encode()) == response


@pytest.mark.aws("R-10", "R-11")
def test_error_message_has_the_recorded_spacing() -> None:
    assert error_message("Forbidden", connection_id="XDmENcnwIE0CFEQ=", request_id="XDmGEE2RoE0FRdQ=") == (
        '{"message": "Forbidden", "connectionId":"XDmENcnwIE0CFEQ=", "requestId":"XDmGEE2RoE0FRdQ="}'
    )


def a_policy(
    effect: str = "Allow", resource: object = ARN, action: object = "execute-api:Invoke"
) -> dict[str, object]:
    return {"Statement": [{"Effect": effect, "Action": action, "Resource": resource}]}


@pytest.mark.parametrize(
    ("returned", "expected"),
    [
        pytest.param(
            {"principalId": "u", "policyDocument": a_policy()}, Allowed({"principalId": "u"}), id="allowed"
        ),
        pytest.param(
            {
                "principalId": "u",
                "policyDocument": a_policy(
                    resource=["x", "arn:aws:execute-api:*:*:a1/*"], action=["execute-api:*"]
                ),
                "context": {"n": 1, "b": True, "s": "x", "f": 1.5},
            },
            Allowed({"principalId": "u", "n": "1", "b": "true", "s": "x", "f": "1.5"}),
            id="A-10 wildcards and context",
            marks=pytest.mark.aws("A-10"),
        ),
        pytest.param(
            {"principalId": "u", "policyDocument": a_policy("Deny")},
            Refuse(403, "Forbidden"),
            id="A-7 deny",
            marks=pytest.mark.aws("A-7"),
        ),
        pytest.param(
            {"principalId": "u", "policyDocument": a_policy(resource=ARN.replace("dev", "prod"))},
            Refuse(403, "Forbidden"),
            id="A-7 another resource",
            marks=pytest.mark.aws("A-7"),
        ),
        pytest.param(
            {"principalId": "u", "policyDocument": {"Statement": [ALLOW, ALLOW | {"Effect": "Deny"}]}},
            Refuse(403, "Forbidden"),
            id="A-7 a deny beats an allow",
            marks=pytest.mark.aws("A-7"),
        ),
        pytest.param(
            {"principalId": "u", "policyDocument": {"Statement": [ALLOW | {"Condition": {}}]}},
            Refuse(500, "Internal server error"),
            id="A-8 a condition",
            marks=pytest.mark.aws("A-8"),
        ),
        pytest.param(
            {"policyDocument": a_policy()},
            Refuse(500, "Internal server error"),
            id="A-8 no principal",
            marks=pytest.mark.aws("A-8"),
        ),
        pytest.param(
            {"principalId": "u", "policyDocument": a_policy(), "context": {"a": [1]}},
            Refuse(500, "Internal server error"),
            id="A-8 a list in the context",
            marks=pytest.mark.aws("A-8"),
        ),
        pytest.param(
            "Unauthorized",
            Refuse(500, "Internal server error"),
            id="A-8 not a policy",
            marks=pytest.mark.aws("A-8"),
        ),
    ],
)
def test_authorizer_that_returned_means(returned: object, expected: object) -> None:
    assert read_authorizer_answer(Returned(RequestId("r"), json.dumps(returned).encode()), ARN) == expected


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        pytest.param(
            FunctionError(RequestId("r"), b'{"errorMessage":"Unauthorized"}'),
            Refuse(401, "Unauthorized"),
            id="A-6",
            marks=pytest.mark.aws("A-6"),
        ),
        pytest.param(
            FunctionError(RequestId("r"), b'{"errorMessage":"boom"}'),
            Refuse(500, "Internal server error"),
            id="A-8",
            marks=pytest.mark.aws("A-8"),
        ),
        pytest.param(
            NoOutcome.TIMED_OUT,
            Refuse(500, "Internal server error"),
            id="A-8 timed out",
            marks=pytest.mark.aws("A-8"),
        ),
    ],
)
def test_authorizer_that_failed_means(answer: FunctionError | NoOutcome, expected: Refuse) -> None:
    assert read_authorizer_answer(answer, ARN) == expected


@pytest.mark.parametrize(
    ("sources", "is_present"),
    [
        pytest.param((), True, id="none declared"),
        pytest.param(
            ("route.request.header.auth",), True, id="A-2 header, any case", marks=pytest.mark.aws("A-2")
        ),
        pytest.param(
            ("route.request.header.Other",), False, id="A-5 missing header", marks=pytest.mark.aws("A-5")
        ),
        pytest.param(
            ("route.request.querystring.token",), True, id="A-2 query", marks=pytest.mark.aws("A-2")
        ),
        pytest.param(
            ("route.request.querystring.empty",), False, id="A-5 empty", marks=pytest.mark.aws("A-5")
        ),
        pytest.param(
            ("route.request.header.Auth", "stageVariables.none"),
            False,
            id="A-5 one of two is missing",
            marks=pytest.mark.aws("A-5"),
        ),
        pytest.param(
            ("stageVariables.v", "context.stage", "context.identity.sourceIp"),
            True,
            id="A-2 others",
            marks=pytest.mark.aws("A-2"),
        ),
    ],
)
def test_identity_sources(sources: tuple[str, ...], is_present: bool) -> None:
    facts = ConnectionFacts("a1", "dev", ConnectionId("c"), 0.0, "h", "1.2.3.4", None)
    parameters = Parameters({"Auth": ["x"]}, {"token": ["t"], "empty": [""]})
    authorizer = Authorizer("x", "x", "f", sources)
    assert identity_sources_present(authorizer, facts, parameters, {"v": "1"}) is is_present


def test_stage_variables_in_a_function_name_are_filled_in() -> None:
    integration = LambdaIntegration("arn:aws:lambda:us-east-1:1:function:f:${stageVariables.alias}")
    assert function_of(integration, {"alias": "live"}) == "arn:aws:lambda:us-east-1:1:function:f:live"
