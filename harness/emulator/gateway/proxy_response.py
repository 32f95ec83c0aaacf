"""Proxy response of a function: what AWS accepts as one, read into a value.

It is an object with `statusCode`, `headers`, `multiValueHeaders`, `body` and `isBase64Encoded`, all optional;
any other key makes it malformed (R-15, R-16).
"""

import re
from base64 import b64decode
from binascii import Error as Base64Error
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import orjson

_WORDS: Mapping[type, str] = {str: "a text", list: "a list", bool: "a boolean"}
_KEYS = frozenset({"statusCode", "headers", "multiValueHeaders", "body", "isBase64Encoded"})


@dataclass(frozen=True, slots=True)
class ProxyResponse:
    """A function's proxy response; names of `headers` are in lower case, with the last value of each."""

    status_code: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str = ""


@dataclass(frozen=True, slots=True)
class Malformed:
    """The function returned something that is not a proxy response; `why` says what is wrong."""

    why: str


def parse_proxy_response(payload: bytes) -> ProxyResponse | Malformed | None:
    """What a function returned, as JSON; None for `null`."""
    returned: object = orjson.loads(payload)
    match returned:
        case None:
            return None
        case dict():
            why = _fault(returned)
            return Malformed(why) if why else _proxy_response(returned)
        case _:
            return Malformed(f"{_WORDS.get(type(returned), 'a number')}: not a response")


def _fault(response: dict[str, object]) -> str | None:
    unknown = sorted(response.keys() - _KEYS)
    faults = (
        (bool(unknown), f"unknown key{'s' * (len(unknown) > 1)} {', '.join(map(repr, unknown))}"),
        (_status_code(response.get("statusCode")) is None, "statusCode is not an integer"),
        (not _is_map_of(_is_scalar, response.get("headers")), "headers is not a map of strings"),
        (
            not _is_map_of(_is_list, response.get("multiValueHeaders")),
            "multiValueHeaders is not a map of lists",
        ),
        (not isinstance(response.get("body"), str | None), "body is not a string"),
        (not isinstance(response.get("isBase64Encoded"), bool | None), "isBase64Encoded is not a boolean"),
    )
    return next((why for is_fault, why in faults if is_fault), None)


def _status_code(value: object) -> int | None:
    match value:
        case None:
            return 200
        case bool():
            return None
        case int():
            return value
        case str() if re.fullmatch(r"\d{1,3}", value):
            return int(value)
        case _:
            return None


def _is_map_of(is_value: Callable[[object], bool], value: object) -> bool:
    return value is None or (isinstance(value, dict) and all(is_value(each) for each in value.values()))


def _is_scalar(value: object) -> bool:
    return isinstance(value, str | int | float | None)


def _is_list(value: object) -> bool:
    return isinstance(value, list)


def _proxy_response(response: Mapping[str, object]) -> ProxyResponse | Malformed:
    body = response.get("body") or ""
    assert isinstance(body, str)
    if response.get("isBase64Encoded"):
        try:
            body = b64decode(body, validate=True).decode()
        except (Base64Error, UnicodeDecodeError):
            # Not recorded on AWS yet: a body that is not text, in a response to a text message.
            return Malformed("body is not base64 of text")
    return ProxyResponse(_status_code(response.get("statusCode")) or 0, _headers(response), body)


def _headers(response: Mapping[str, object]) -> dict[str, str]:
    single, multiple = response.get("headers") or {}, response.get("multiValueHeaders") or {}
    assert isinstance(single, dict)
    assert isinstance(multiple, dict)
    last_values = {name.lower(): str(values[-1]) for name, values in multiple.items() if values}
    return {name.lower(): str(value) for name, value in single.items() if value is not None} | last_values
