"""Integration responses: what an integration's outcome does to a handshake, and to one who sent a message."""

import logging
import re
from dataclasses import dataclass
from enum import Enum
from typing import TypeAlias

from harness.emulator.gateway.apis import CONNECT, DISCONNECT
from harness.emulator.gateway.proxy_response import Malformed, ProxyResponse, parse_proxy_response
from harness.emulator.lambda_runtime.outcome import (
    FunctionError,
    NoSuchFunction,
    Outcome,
    RequestId,
    Returned,
    Throttled,
)

FORBIDDEN = "Forbidden"
INTERNAL_SERVER_ERROR = "Internal server error"
TOO_MANY_REQUESTS = "Too Many Requests"
UNAUTHORIZED = "Unauthorized"

_log = logging.getLogger(__name__)
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")


class NoOutcome(Enum):
    """Why an integration gave no outcome."""

    TIMED_OUT = "timed out"
    UNSUPPORTED = "unsupported"


Answer: TypeAlias = Outcome | NoOutcome
"""What came of calling an integration."""


@dataclass(frozen=True, slots=True)
class Accept:
    """The handshake goes on; only `subprotocol` passes from the function's answer (C-8, C-9)."""

    subprotocol: str | None = None


@dataclass(frozen=True, slots=True)
class Refuse:
    """The handshake is answered with this status; `message` is for the body, "" for an empty one.

    `error_type` is AWS's name for the error where the status alone does not tell it.
    """

    status: int
    message: str = ""
    error_type: str = ""


@dataclass(frozen=True, slots=True)
class Failed:
    """The message came to nothing: the client gets an error message with `message` in it. `why` is for the log."""

    why: str
    message: str = INTERNAL_SERVER_ERROR


@dataclass(frozen=True, slots=True)
class Reply:
    """What the gateway writes to a client for its message; `request` is the invocation that it answers, if any."""

    text: str
    request: RequestId | None = None


@dataclass(frozen=True, slots=True)
class NoSuccess:
    """A route's function returned what is no success: something malformed, which `problem` names, or a bad status.

    For what is malformed, `status` is what was made of it: 502 for a handshake, 500 for a message that is answered
    by an error, 200 where it had no effect.
    """

    request: RequestId
    status: int
    problem: str = ""


def no_success(answer: Answer, route: str) -> NoSuccess | None:
    """What is wrong with what a function returned; None for a success, or when it returned nothing at all.

    A handshake may be refused with any status below 500, which is a function's right.
    """
    if not isinstance(answer, Returned):
        return None
    match parse_proxy_response(answer.payload):
        case ProxyResponse(status_code=status) if status >= (500 if route == CONNECT else 400):
            return NoSuccess(answer.request, status)
        case ProxyResponse():
            return None
        case _ if route == DISCONNECT:
            return None  # it is ignored
        case Malformed(why=why):
            return NoSuccess(answer.request, 502 if route == CONNECT else 500, why)
        case None:
            return NoSuccess(answer.request, 502 if route == CONNECT else 200, "None: not a response")


def read_connect_answer(answer: Answer, *, timeout_status: int = 504) -> Accept | Refuse:
    """What the outcome of `$connect` does to the handshake (C-2, C-3, C-4)."""
    match answer:
        case Returned(payload=payload):
            return _read_connect_response(parse_proxy_response(payload))
        case FunctionError():
            return Refuse(502, INTERNAL_SERVER_ERROR)
        case NoOutcome.TIMED_OUT:
            # Not recorded on AWS yet: the status after the integration's time-out.
            return Refuse(timeout_status, "Endpoint request timed out")
        case Throttled() | NoSuchFunction() | NoOutcome.UNSUPPORTED:
            # Not recorded on AWS yet: the status when Lambda throttles, or lacks the function.
            return Refuse(500, INTERNAL_SERVER_ERROR)


def read_message_answer(answer: Answer, *, two_way: bool, sends_empty: bool = False) -> str | Failed | None:
    """The text to send to the client, None for nothing, or Failed (R-13, R-14).

    The status code has no effect (R-18, T-4); the body is sent on two-way routes only (T-1, T-2), an empty one if
    `sends_empty`.
    """
    match answer:
        case Returned(payload=payload):
            response = parse_proxy_response(payload)
            return _read_message_response(response, two_way=two_way, sends_empty=sends_empty)
        case FunctionError() | Throttled() | NoSuchFunction() | NoOutcome():
            # Not recorded on AWS yet: the error message after a time-out, or when Lambda throttles.
            return Failed(str(answer))


def error_message(message: str, *, connection_id: str, request_id: str) -> str:
    """The text that tells a client what went wrong, with AWS's own spacing (R-10, R-11, R-13)."""
    return f'{{"message": "{message}", "connectionId":"{connection_id}", "requestId":"{request_id}"}}'


def bad_request_message(*, connection_id: str, message_id: str) -> str:
    """The text that tells a client that its message does not fit the route's model, as documented (R-20)."""
    return (
        f'{{"message" : "Bad request body", "connectionId": "{connection_id}", "messageId": "{message_id}"}}'
    )


def _read_connect_response(response: ProxyResponse | Malformed | None) -> Accept | Refuse:
    match response:
        case ProxyResponse(status_code=status, headers=headers) if 200 <= status < 300:
            subprotocol = headers.get("sec-websocket-protocol")
            if subprotocol is None or _TOKEN.fullmatch(subprotocol):
                return Accept(subprotocol)
            # Not recorded on AWS yet: a $connect that returns the whole list of offered subprotocols, or another
            # text that is no subprotocol; refused, as a client refuses such an answer (RFC 6455, 4.1).
            _log.warning("$connect: %r is not a subprotocol", subprotocol)
        case ProxyResponse(status_code=status) if 300 <= status < 600:
            return Refuse(status)
        case Malformed(why=why):
            _log.warning("$connect: malformed proxy response: %s", why)
        case _:
            # Not recorded on AWS yet: `null`, and statuses that HTTP cannot carry as an answer.
            _log.warning("$connect: not a response to a handshake: %s", response)
    return Refuse(502, INTERNAL_SERVER_ERROR)


def _read_message_response(
    response: ProxyResponse | Malformed | None, *, two_way: bool, sends_empty: bool
) -> str | Failed | None:
    match response:
        case ProxyResponse(body=body):
            # Not recorded on AWS yet: an empty body on a two-way route; nothing is sent.
            return body if two_way and (body or sends_empty) else None
        case None:
            # Not recorded on AWS yet: `null`.
            _log.warning("a function returned null to a message; AWS may call that malformed")
            return None
        case Malformed(why=why):
            return Failed(f"malformed proxy response: {why}")
