"""Call of Lambda's API: a request to one operation, what its body and query say, and how it is answered in JSON."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

import orjson

from harness.emulator.lambda_runtime.api_error import ApiError
from harness.emulator.port.http import MaybeLater, Request, Response, json_response


@dataclass(frozen=True, slots=True)
class Call:
    """A request to one operation; `parameters` are those of its path, `caller` is the invocation that makes it.

    What a request says that cannot be read is an ApiError.
    """

    parameters: Mapping[str, str]
    request: Request
    caller: str | None = None

    def body(self) -> dict[str, object]:
        """The request's JSON object, empty for no body."""
        try:
            body = orjson.loads(self.request.body or b"{}")
        except orjson.JSONDecodeError as error:
            raise ApiError(
                "InvalidRequestContentException", f"Could not parse request body into json: {error}"
            ) from error
        if not isinstance(body, dict):
            raise ApiError("InvalidRequestContentException", "The request body is not a JSON object")
        return body

    def number(self, name: str, default: int) -> int:
        """A number from the query string."""
        text = self.query(name) or str(default)
        if not text.isdecimal():
            raise ApiError("InvalidParameterValueException", f"{name} is not a number: {text}")
        return int(text)

    def query(self, name: str) -> str | None:
        """The first value of this name in the query string."""
        return next((value for key, value in self.request.query_items() if key == name), None)


Answer: TypeAlias = Callable[[Call], MaybeLater]
"""Answers the calls of one operation; what Lambda refuses is raised as an ApiError."""


def json_answer(status: int, body: object) -> Response:
    """The body as JSON."""
    return json_response(status, orjson.dumps(body))
