"""Route selection expressions and the choice of a route (R-1 to R-10)."""

import pytest

from harness.emulator.gateway.apis import Api, Route, RouteKey, Stage
from harness.emulator.gateway.routes import (
    InvalidSelectionExpressionError,
    choose_route,
    evaluate,
    is_valid_route_key,
)


@pytest.mark.parametrize(
    ("expression", "body", "value"),
    [
        pytest.param(
            "$request.body.action", {"action": "join"}, "join", id="R-1 bare", marks=pytest.mark.aws("R-1")
        ),
        pytest.param(
            "${request.body.action}",
            {"action": "join"},
            "join",
            id="R-1 wrapped",
            marks=pytest.mark.aws("R-1"),
        ),
        pytest.param(
            "${request.body.service}/${request.body.action}",
            {"service": "chat", "action": "join"},
            "chat/join",
            id="R-1 several variables",
            marks=pytest.mark.aws("R-1"),
        ),
        pytest.param(
            "${request.body.action}-${request.body.invalidPath}",
            {"action": "join"},
            "join-",
            id="R-2 missing",
            marks=pytest.mark.aws("R-2"),
        ),
        pytest.param("action", {}, "action", id="R-3 constant", marks=pytest.mark.aws("R-3")),
        pytest.param(r"\$default", {}, "$default", id="R-3 escaped dollar", marks=pytest.mark.aws("R-3")),
        pytest.param(
            "$request.body.a",
            {"a": ["item1", "item2"]},
            "[item1, item2]",
            id="R-4 array",
            marks=pytest.mark.aws("R-4"),
        ),
        pytest.param("$request.body.a", {"a": True}, "true", id="R-4 boolean", marks=pytest.mark.aws("R-4")),
        pytest.param("$request.body.a", {"a": 7}, "7", id="R-4 number", marks=pytest.mark.aws("R-4")),
        pytest.param("$request.body.a", {"a": None}, "", id="R-2 null", marks=pytest.mark.aws("R-2")),
        pytest.param(
            "$request.body.a[1].b", {"a": [0, {"b": "x"}]}, "x", id="R-4 index", marks=pytest.mark.aws("R-4")
        ),
        pytest.param(
            "$request.body.a[5]", {"a": []}, "", id="R-2 index beyond the end", marks=pytest.mark.aws("R-2")
        ),
        pytest.param(
            "$request.body['a b']", {"a b": "x"}, "x", id="R-4 quoted name", marks=pytest.mark.aws("R-4")
        ),
        pytest.param(
            "$request.body.action", ["no object"], "", id="R-2 not an object", marks=pytest.mark.aws("R-2")
        ),
        pytest.param(
            "$request.body.a", {"a": "$request.body.b", "b": 1}, "$request.body.b", id="evaluated once"
        ),
    ],
)
def test_expression_evaluates_to(expression: str, body: object, value: str) -> None:
    assert evaluate(expression, body) == value


@pytest.mark.parametrize(
    "expression", ["${request.body.action", "$request.header.x", "$context.stage", "$request.body..a"]
)
def test_expression_that_cannot_be_read_is_refused(expression: str) -> None:
    with pytest.raises(InvalidSelectionExpressionError, match="is not"):
        evaluate(expression, {})


@pytest.mark.parametrize(
    ("body", "chosen"),
    [
        pytest.param('{"action":"join"}', "join", id="R-5 equal", marks=pytest.mark.aws("R-5")),
        pytest.param('{"action":"Join"}', "$default", id="R-5 case matters", marks=pytest.mark.aws("R-5")),
        pytest.param('{"action":"other"}', "$default", id="R-6 no match", marks=pytest.mark.aws("R-6")),
        pytest.param("join", "$default", id="R-6 not JSON", marks=pytest.mark.aws("R-6")),
        pytest.param("", "$default", id="R-6 empty", marks=pytest.mark.aws("R-6")),
        pytest.param(
            '{"action":"$connect"}', "$default", id="R-8 reserved", marks=pytest.mark.aws("R-8", assumed=True)
        ),
        pytest.param(
            '{"action":"join", body:"x"}',
            "$default",
            id="read strictly",
            marks=pytest.mark.aws("7-16", assumed=True),
        ),
    ],
)
def test_message_takes_the_route(body: str, chosen: str) -> None:
    route = choose_route(an_api("join", "$connect", "$default"), body)
    assert route is not None
    assert route.route_key == chosen


@pytest.mark.aws("R-10")
def test_message_without_match_and_without_default_takes_none() -> None:
    assert choose_route(an_api("join", "$connect"), '{"action":"other"}') is None


@pytest.mark.aws("R-7")
@pytest.mark.parametrize(
    ("key", "is_valid"),
    [("join", True), ("$connect", True), ("$default", True), ("$other", False), ("", False)],
)
def test_route_key_may_begin_with_a_dollar_only_when_reserved(key: str, is_valid: bool) -> None:
    assert is_valid_route_key(key) is is_valid


def an_api(*route_keys: str) -> Api:
    routes = {RouteKey(key): Route(RouteKey(key)) for key in route_keys}
    return Api("a1", "ws", "us-east-1", "0", {"dev": Stage("dev")}, routes)
