"""Error payloads of Lambda, byte by byte: what the invoker gets of a function that did not return."""

import signal
from dataclasses import dataclass
from typing import TypeAlias

import orjson

from harness.emulator.lambda_runtime.outcome import RequestId

MAXIMUM_RESPONSE_SIZE = 6_291_556
"""Bytes of a synchronous response (L-10)."""

MAXIMUM_EVENT_SIZE = 1_048_576
"""Bytes of an asynchronous invocation's payload (L-10)."""

# Lambda's supervisor is written in Go, and these are Go's names of the signals.
_SIGNAL_NAMES = {
    signal.SIGABRT: "aborted",
    signal.SIGBUS: "bus error",
    signal.SIGFPE: "floating point exception",
    signal.SIGHUP: "hangup",
    signal.SIGILL: "illegal instruction",
    signal.SIGINT: "interrupt",
    signal.SIGKILL: "killed",
    signal.SIGSEGV: "segmentation fault",
    signal.SIGTERM: "terminated",
}


@dataclass(frozen=True, slots=True)
class ErrorReported:
    """The runtime itself posted this error payload: a handler's exception, or an import that failed."""

    payload: bytes


@dataclass(frozen=True, slots=True)
class TimedOut:
    """The function ran longer than `seconds`, its timeout."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Exited:
    """The process ended; `status` as subprocess has it: an exit status, or minus the number of a signal."""

    status: int


@dataclass(frozen=True, slots=True)
class ResponseTooLarge:
    """The function returned more than MAXIMUM_RESPONSE_SIZE bytes."""


@dataclass(frozen=True, slots=True)
class NotStarted:
    """The operating system refused to start the process; `reason` is what it said."""

    reason: str


Failure: TypeAlias = ErrorReported | TimedOut | Exited | ResponseTooLarge | NotStarted


def failure_payload(failure: Failure, request: RequestId) -> bytes:
    """The error JSON that the invoker of `request` gets (L-20 to L-27)."""
    match failure:
        case ErrorReported(payload):
            return payload
        case TimedOut(seconds):
            return _about_request(request, "Sandbox.Timedout", f"Task timed out after {seconds:.2f} seconds")
        case Exited(status):
            return _about_request(request, "Runtime.ExitError", f"Runtime {_exit_text(status)}")
        case NotStarted(reason):
            return _about_request(request, "Runtime.InvalidEntrypoint", reason)
        case ResponseTooLarge():
            return _too_large()


def error_text(payload: bytes) -> str:
    """`Type: message` of an error payload; the payload itself where it is not Lambda's error JSON."""
    try:
        error = orjson.loads(payload)
    except orjson.JSONDecodeError:
        return payload.decode("utf-8", "replace")
    if not isinstance(error, dict) or not {"errorType", "errorMessage"} & error.keys():
        return payload.decode("utf-8", "replace")
    return f"{error.get('errorType', '')}: {error.get('errorMessage', '')}"


def _about_request(request: RequestId, error_type: str, text: str) -> bytes:
    return orjson.dumps({"errorType": error_type, "errorMessage": f"RequestId: {request} Error: {text}"})


def _exit_text(status: int) -> str:
    if status == 0:
        return "exited without providing a reason"
    if status > 0:
        return f"exited with error: exit status {status}"
    name = _SIGNAL_NAMES.get(signal.Signals(-status), f"signal {-status}")
    return f"exited with error: signal: {name}"


def _too_large() -> bytes:
    limit = MAXIMUM_RESPONSE_SIZE
    message = f"Response payload size exceeded maximum allowed payload size ({limit} bytes)."
    return orjson.dumps({"errorMessage": message, "errorType": "Function.ResponseSizeTooLarge"})
