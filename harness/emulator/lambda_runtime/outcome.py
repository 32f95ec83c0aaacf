"""Outcome of an invocation, as its caller sees it."""

from dataclasses import dataclass
from typing import NewType, Protocol, TypeAlias

RequestId = NewType("RequestId", str)


@dataclass(frozen=True, slots=True)
class Returned:
    """The function returned; `payload` is its JSON."""

    request: RequestId
    payload: bytes


@dataclass(frozen=True, slots=True)
class FunctionError:
    """The function failed: `X-Amz-Function-Error: Unhandled`; `payload` is Lambda's error JSON (L-20 to L-24)."""

    request: RequestId
    payload: bytes


@dataclass(frozen=True, slots=True)
class Throttled:
    """Lambda did not run the function; `reason` is the `Reason` member of TooManyRequestsException (L-28)."""

    reason: str


@dataclass(frozen=True, slots=True)
class NoSuchFunction:
    """The function is not there (any more)."""

    function: str


Outcome: TypeAlias = Returned | FunctionError | Throttled | NoSuchFunction


@dataclass(frozen=True, slots=True)
class Cause:
    """Why a function is invoked, for the journal.

    `messages` holds the ids of what it is handed; `caller` is the invocation that invokes it, or that it is told of.
    """

    connection: str | None = None
    route: str | None = None
    messages: tuple[str, ...] = ()
    caller: str | None = None


class Functions(Protocol):
    """The part of the Lambda runtime that event sources use. `function` is a name, an ARN or a qualified ARN."""

    async def invoke(self, function: str, payload: bytes, *, cause: Cause) -> Outcome:
        """Invokes synchronously (RequestResponse) and returns when the function has ended."""

    def invoke_event(self, function: str, payload: bytes, *, cause: Cause) -> RequestId | NoSuchFunction:
        """Queues an asynchronous invocation (Event) and returns at once."""
