"""HTTP requests and responses as plain values: what the one port hands to every part behind it."""

from collections.abc import Awaitable, Iterable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import TypeAlias
from urllib.parse import parse_qsl

Header: TypeAlias = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Headers:
    """Header fields in the order and case of the wire; looked up without regard to case."""

    fields: tuple[Header, ...] = ()

    def get(self, name: str, default: str = "") -> str:
        """The first value of the field."""
        name, length = name.lower(), len(name)
        for field, value in self.fields:
            if len(field) == length and field.lower() == name:
                return value
        return default

    def get_all(self, name: str) -> tuple[str, ...]:
        """Every value of the field, in order."""
        name, length = name.lower(), len(name)
        return tuple(
            [value for field, value in self.fields if len(field) == length and field.lower() == name]
        )

    def __contains__(self, name: str) -> bool:
        return bool(self.get_all(name))


@dataclass(frozen=True, slots=True)
class Request:
    """One request. `path` and `query` are as on the wire: still percent-encoded, `query` without its `?`."""

    method: str
    path: str
    query: str = ""
    headers: Headers = Headers()
    body: bytes = b""
    peer: tuple[str, int] = ("127.0.0.1", 0)
    secure: bool = False

    @property
    def target(self) -> str:
        return f"{self.path}?{self.query}" if self.query else self.path

    def query_items(self) -> list[tuple[str, str]]:
        """The decoded query parameters in order, blank ones kept."""
        return parse_qsl(self.query, keep_blank_values=True)


@dataclass(frozen=True, slots=True)
class Response:
    """One response; the port adds `Content-Length` and `Date`."""

    status: int
    headers: tuple[Header, ...] = ()
    body: bytes = b""


MaybeLater: TypeAlias = Response | Awaitable[Response]
"""A response at once where nothing has to be waited for, else one to wait for."""


def reason_phrase(status: int) -> str:
    """The standard phrase for a status, "" for one that has none."""
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""


def json_response(status: int, body: bytes, headers: Iterable[Header] | Mapping[str, str] = ()) -> Response:
    """A response whose body is the given JSON."""
    extra = headers.items() if isinstance(headers, Mapping) else headers
    return Response(status, (("Content-Type", "application/json"), *extra), body)
