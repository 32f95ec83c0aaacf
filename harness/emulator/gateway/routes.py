"""Route selection: route selection expressions, and the choice of a message's route by their value.

An expression mixes literal text, `\\$` for a literal dollar, and variables: `$request.body.action` or
`${request.body.action}` (R-1 to R-3). A variable's value is found by a JSONPath and written as text (R-4).
"""

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Literal, TypeAlias

import orjson

from harness.emulator.gateway.apis import CONNECT, DEFAULT, DISCONNECT, Api, Route, RouteKey
from harness.emulator.gateway.lenient_json import with_quoted_names

JsonPath: TypeAlias = tuple[str | int, ...]
Part: TypeAlias = str | JsonPath
"""A piece of an expression: literal text, or the path of a value in the message's JSON."""

_PART = re.compile(
    r"\\(?P<escaped>\$)"
    r"|\$\{(?P<wrapped>[^}]*)\}"
    r"|\$(?P<bare>(?:[\w.-]|\[\d+\]|\['[^']*'\]|\[\"[^\"]*\"\])*)"
    r"|(?P<literal>[^$\\]+|\\)"
)
_STEP = re.compile(r"""\.([\w-]+)|\[(\d+)\]|\['([^']*)'\]|\["([^"]*)"\]""")
_BODY = "request.body"


class InvalidSelectionExpressionError(ValueError):
    """The route selection expression cannot be read; the message says what is wrong with it."""


def is_valid_route_key(route_key: str) -> bool:
    """Whether a route may have this key: a custom one must not begin with `$` (R-7)."""
    return bool(route_key) and (not route_key.startswith("$") or route_key in (CONNECT, DISCONNECT, DEFAULT))


def choose_route(api: Api, body: str, *, json: Literal["strict", "lenient"] = "strict") -> Route | None:
    """The route for a message; None when nothing matches and there is no `$default` (R-5, R-6, R-10).

    `lenient` reads JSON whose names lack their quotes, too (R-9).
    """
    selected = _selected_key(api.route_selection_expression, body, json=json)
    # Not recorded on AWS yet: a client that names $connect or $disconnect itself; no match.
    if selected is not None and not selected.startswith("$") and RouteKey(selected) in api.routes:
        return api.routes[RouteKey(selected)]
    return api.routes.get(DEFAULT)


def evaluate(expression: str, body: object) -> str:
    """The expression's value for a parsed message; a path that leads nowhere is "" (R-2)."""
    parts = parse_selection_expression(expression)
    return "".join(part if isinstance(part, str) else _text(_value_at(body, part)) for part in parts)


@lru_cache(maxsize=1024)
def parse_selection_expression(expression: str) -> tuple[Part, ...]:
    """The parts of an expression, in order; raises InvalidSelectionExpressionError."""
    return tuple(_parts(expression))


def _parts(expression: str) -> Iterator[Part]:
    at = 0
    while at < len(expression):
        match = _PART.match(expression, at)
        if match is None:
            raise InvalidSelectionExpressionError(
                f"{expression!r}: it is not an expression from here: {expression[at:]!r}"
            )
        at = match.end()
        match match.lastgroup:
            case "escaped":
                yield "$"
            case "literal":
                yield match[0]
            case _:
                yield _json_path(expression, match["wrapped"] if match["bare"] is None else match["bare"])


def _json_path(expression: str, variable: str) -> JsonPath:
    steps = variable.removeprefix(_BODY)
    path: list[str | int] = []
    at = 0
    while at < len(steps) and (match := _STEP.match(steps, at)):
        name, index = match[1] or match[3] or match[4], match[2]
        path.append(int(index) if index is not None else name)
        at = match.end()
    if not variable.startswith(_BODY) or at < len(steps):
        raise InvalidSelectionExpressionError(
            f"{expression!r}: {variable!r} is not request.body and a JSONPath"
        )
    return tuple(path)


def _selected_key(expression: str, body: str, *, json: str) -> str | None:
    try:
        # Not recorded on AWS yet beyond one weak capture: JSON with unquoted keys; strict unless told otherwise.
        parsed: object = orjson.loads(with_quoted_names(body) if json == "lenient" else body)
    except orjson.JSONDecodeError:
        return None
    return evaluate(expression, parsed)


def _value_at(value: object, path: JsonPath) -> object:
    for step in path:
        match value:
            case Mapping() if isinstance(step, str) and step in value:
                value = value[step]
            case list() if isinstance(step, int) and step < len(value):
                value = value[step]
            case _:
                return None
    return value


def _text(value: object) -> str:
    match value:
        case None:
            return ""  # Not recorded on AWS yet: a JSON null; like a missing value.
        case str():
            return value
        case bool():
            return "true" if value else "false"
        case list():
            return f"[{', '.join('null' if item is None else _text(item) for item in value)}]"
        case dict():
            # Not recorded on AWS yet: an object as a value.
            return f"{{{', '.join(f'{key}={_text(item)}' for key, item in value.items())}}}"
        case _:
            return str(value)
