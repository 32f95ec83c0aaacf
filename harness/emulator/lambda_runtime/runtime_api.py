"""Runtime API of Lambda: what it answers to the runtime of one execution environment (L-40 to L-43).

A state machine without I/O: requests in, replies and steps out. AWS's page: "Lambda runtime API", version
2018-06-01.
"""

from dataclasses import dataclass
from enum import Enum
from typing import TypeAlias

from harness.emulator.lambda_runtime.outcome import RequestId
from harness.emulator.lambda_runtime.payloads import MAXIMUM_RESPONSE_SIZE

_ROOT = "/2018-06-01/runtime/"
_NEXT = f"{_ROOT}invocation/next"
_INIT_ERROR = f"{_ROOT}init/error"
_INVOCATION = f"{_ROOT}invocation/"


@dataclass(frozen=True, slots=True)
class Invocation:
    """What `next` hands to the runtime; `deadline_ms` is in milliseconds since the epoch."""

    request: RequestId
    payload: bytes
    deadline_ms: int
    function_arn: str
    trace_id: str
    client_context: str | None = None


@dataclass(frozen=True, slots=True)
class Reply:
    """One HTTP response to the runtime."""

    status: int
    body: bytes
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class AskedNext:
    """The runtime is initialised and waits for an invocation."""


@dataclass(frozen=True, slots=True)
class Responded:
    """The invocation returned this JSON."""

    payload: bytes


@dataclass(frozen=True, slots=True)
class RespondedTooMuch:
    """The invocation returned more than Lambda takes."""


@dataclass(frozen=True, slots=True)
class Failed:
    """The invocation failed with this error JSON."""

    payload: bytes


@dataclass(frozen=True, slots=True)
class FailedToInitialise:
    """The INIT phase failed with this error JSON."""

    payload: bytes


Step: TypeAlias = AskedNext | Responded | RespondedTooMuch | Failed | FailedToInitialise


class RuntimeState(Enum):
    """Where the runtime stands, by the names of AWS's own emulator."""

    STARTED = "Started"
    READY = "Ready"
    RUNNING = "Running"
    RESPONDED = "InvocationResponse"
    FAILED = "InitError"


class _Call(Enum):
    NEXT = "Ready"
    RESPONSE = "InvocationResponse"
    ERROR = "InvocationErrorResponse"
    INIT_ERROR = "InitError"


_TRANSITIONS = {
    (RuntimeState.STARTED, _Call.NEXT): RuntimeState.READY,
    (RuntimeState.STARTED, _Call.INIT_ERROR): RuntimeState.FAILED,
    (RuntimeState.RUNNING, _Call.RESPONSE): RuntimeState.RESPONDED,
    (RuntimeState.RUNNING, _Call.ERROR): RuntimeState.RESPONDED,
    (RuntimeState.RESPONDED, _Call.NEXT): RuntimeState.READY,
}

_ACCEPTED = Reply(202, b'{"status":"OK"}\n')
_TOO_LARGE = f"Exceeded maximum allowed payload size ({MAXIMUM_RESPONSE_SIZE} bytes)."


class RuntimeSession:
    """One runtime's conversation, from its start to its end.

    Takes the runtime's requests, and an invocation whenever `state` is READY (ValueError otherwise). What the runtime
    may not ask now is a reply with an error; the state stays what it was, and the conversation goes on.
    """

    __slots__ = ("_request", "state")

    def __init__(self) -> None:
        self.state = RuntimeState.STARTED
        self._request: RequestId | None = None

    def receive(self, method: str, path: str, body: bytes) -> tuple[Reply | None, Step | None]:
        """The reply to a request and what it means; no reply yet for a `next` that must wait for `hand`."""
        call, request = _parse(method, path)
        if call is None:
            return Reply(404, b"404 page not found\n"), None
        if request is not None and request != self._request:
            return _error(400, "InvalidRequestID", "Invalid request ID"), None
        after = _TRANSITIONS.get((self.state, call))
        if after is None:
            return self._illegal(call), None
        self.state = after
        return _react(call, body)

    def hand(self, invocation: Invocation) -> Reply:
        """The answer to the `next` that waits."""
        if self.state is not RuntimeState.READY:
            raise ValueError(f"an invocation for a runtime that is {self.state.value} and not Ready")
        self.state, self._request = RuntimeState.RUNNING, invocation.request
        return Reply(200, invocation.payload, _invocation_headers(invocation))

    def _illegal(self, call: _Call) -> Reply:
        message = (
            f"State transition from {self.state.value} to {call.value} failed for runtime. "
            "Error: State transition is not allowed"
        )
        return _error(403, "InvalidStateTransition", message)


def _parse(method: str, path: str) -> tuple[_Call | None, str | None]:
    if method == "GET":
        return (_Call.NEXT, None) if path == _NEXT else (None, None)
    if method != "POST":
        return None, None
    if path == _INIT_ERROR:
        return _Call.INIT_ERROR, None
    request, _, verb = path.removeprefix(_INVOCATION).partition("/")
    call = {"response": _Call.RESPONSE, "error": _Call.ERROR}.get(verb)
    return (call, request) if path.startswith(_INVOCATION) else (None, None)


def _react(call: _Call, body: bytes) -> tuple[Reply | None, Step | None]:
    match call:
        case _Call.NEXT:
            return None, AskedNext()
        case _Call.INIT_ERROR:
            return _ACCEPTED, FailedToInitialise(body)
        case _Call.ERROR:
            return _ACCEPTED, Failed(body)
        case _Call.RESPONSE if len(body) > MAXIMUM_RESPONSE_SIZE:
            return _error(413, "RequestEntityTooLarge", _TOO_LARGE), RespondedTooMuch()
        case _Call.RESPONSE:
            return _ACCEPTED, Responded(body)


def _error(status: int, error_type: str, message: str) -> Reply:
    return Reply(status, f'{{"errorMessage":"{message}","errorType":"{error_type}"}}\n'.encode())


def _invocation_headers(invocation: Invocation) -> tuple[tuple[str, str], ...]:
    headers = (
        ("Lambda-Runtime-Aws-Request-Id", invocation.request),
        ("Lambda-Runtime-Deadline-Ms", str(invocation.deadline_ms)),
        ("Lambda-Runtime-Invoked-Function-Arn", invocation.function_arn),
        ("Lambda-Runtime-Trace-Id", invocation.trace_id),
    )
    if invocation.client_context is None:
        return headers
    return (*headers, ("Lambda-Runtime-Client-Context", invocation.client_context))
