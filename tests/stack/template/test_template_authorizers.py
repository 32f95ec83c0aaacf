"""Authorizers of a template: who guards `$connect`, and what would leave it unguarded."""

from collections.abc import Callable

import pytest

from harness.stack.model import Authorizer, Route, Stack
from tests.stack.template.conftest import small

GUARDED = "RouteKey: $connect, AuthorizationType: CUSTOM, AuthorizerId: !Ref Guard"
URI = "arn:aws:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/${Hello.Arn}/invocations"
GUARD = f"""
Guard:
  Type: AWS::ApiGatewayV2::Authorizer
  Properties:
    ApiId: !Ref Api
    AuthorizerType: REQUEST
    Name: guard
    AuthorizerUri: !Sub {URI}
    IdentitySource: [route.request.querystring.token]
"""


def guarded(guard: str = GUARD) -> str:
    return small(guard).replace("RouteKey: $connect", GUARDED)


def test_an_authorizer_is_read(load: Callable[..., tuple[Stack, list[str]]]) -> None:
    stack, notices = load(guarded())
    authorizer = Authorizer(function="Hello", identity_sources=("route.request.querystring.token",))

    assert stack.api.routes == {"$connect": Route(function="Hello", authorizer=authorizer)}
    assert notices == []


@pytest.mark.aws("G-6")
@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("REQUEST", "JWT", "Guard: a WebSocket API has authorizers of type REQUEST only (G-6)"),
        (
            "${Hello.Arn}/invocations\n    Ide",
            "x/invocations\n    Ide",
            "Guard: leads to no function of this template",
        ),
        ("V2::Authorizer", "V2::Model", "OnConnect: route '$connect' needs an authorizer "),
    ],
    ids=["JWT", "no function", "no authorizer"],
)
def test_what_would_leave_a_route_unguarded_is_a_mistake(
    mistakes: Callable[..., list[str]], old: str, new: str, expected: str
) -> None:
    assert old in GUARD
    found = mistakes(guarded(GUARD.replace(old, new)))

    assert any(expected in one for one in found), found
