"""What can be seen during a run: one small frozen value per kind of observation.

Every `at` is in seconds on the host's monotonic clock, which all processes of one run share. `client` is the
name a scenario gives (`alice`, `btc/3`); `connection` is API Gateway's connection id; `request` is a Lambda
request id; `event` is the id of a matcher event. Observations carry no judgement.
"""

from dataclasses import dataclass
from typing import TypeAlias

# --- what the crowd and the publisher did and saw ---------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ClientConnecting:
    """The client began its opening handshake."""

    at: float
    client: str


@dataclass(frozen=True, slots=True)
class ClientConnected:
    """The handshake was answered 101."""

    at: float
    client: str


@dataclass(frozen=True, slots=True)
class ClientRefused:
    """The handshake was answered with another `status`; 0 when the connection failed before an answer."""

    at: float
    client: str
    status: int
    reason: str = ""


@dataclass(frozen=True, slots=True)
class SubscriptionSent:
    """The client sent its subscribe message for `channel`."""

    at: float
    client: str
    channel: str


@dataclass(frozen=True, slots=True)
class FrameReceived:
    """A text message arrived at the client; `event` is the matcher event it carries, None for any other frame."""

    at: float
    client: str
    text: str
    event: str | None = None


@dataclass(frozen=True, slots=True)
class ClientLeft:
    """The client began to leave: politely with a close frame, or (`vanished`) by resetting its TCP connection."""

    at: float
    client: str
    vanished: bool = False


@dataclass(frozen=True, slots=True)
class ClientClosed:
    """The client's connection is closed, whoever began it; 1006 when no close frame arrived."""

    at: float
    client: str
    code: int
    reason: str = ""


@dataclass(frozen=True, slots=True)
class EventPublished:
    """A matcher event was accepted by SNS. `intended_at` is when the scenario wanted it published."""

    at: float
    intended_at: float
    event: str
    type: str
    channels: tuple[str, ...]
    text: str
    message_id: str


@dataclass(frozen=True, slots=True)
class PublishFailed:
    """SNS did not accept a matcher event; `error` is what the SDK said."""

    at: float
    intended_at: float
    event: str
    error: str


@dataclass(frozen=True, slots=True)
class LoopLag:
    """The crowd's event loop woke `lag` seconds later than asked: how much of a latency may be our own."""

    at: float
    lag: float


@dataclass(frozen=True, slots=True)
class Settled:
    """Nothing was in flight any more: every client's frames had been answered, every invocation had ended.

    `complete` is False when the bounded wait ran out first. `phase` is `start` (before the timeline) or `end`.
    """

    at: float
    phase: str
    complete: bool
    detail: str = ""


@dataclass(frozen=True, slots=True)
class RowsFound:
    """The connection ids that had a row in the connections table at the end of the run."""

    at: float
    connections: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class InsideHidden:
    """The backend shows nothing of its inside, so that none of the observations below can be there."""

    at: float
    reason: str


@dataclass(frozen=True, slots=True)
class NotPlayed:
    """The scenario was not played, because the backend does not have what it sets."""

    at: float
    reason: str


# --- what the emulator saw inside (a backend that cannot show its inside records none of these) --------------


@dataclass(frozen=True, slots=True)
class ConnectionOpened:
    """The gateway accepted a connection; `client` is the name its User-Agent carried, None for a stranger."""

    at: float
    connection: str
    client: str | None


@dataclass(frozen=True, slots=True)
class ConnectionClosed:
    """The gateway's side of a connection ended, with the code and reason that `$disconnect` is told."""

    at: float
    connection: str
    code: int
    reason: str = ""


@dataclass(frozen=True, slots=True)
class ConnectionPosted:
    """A POST to @connections, answered with `status`; `at` is when the gateway had read it.

    `request` is the invocation that sent it, if known.
    """

    at: float
    connection: str
    status: int
    request: str | None = None


@dataclass(frozen=True, slots=True)
class InvocationStarted:
    """A function's environment was handed an invocation.

    `connection` is set for WebSocket routes, `messages` holds the SNS message ids of a delivery, `cold` says that
    the environment had to be started for it.
    """

    at: float
    request: str
    function: str
    cold: bool = False
    connection: str | None = None
    route: str | None = None
    messages: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class InvocationEnded:
    """The invocation ended; `error` is Lambda's error type and message when the function failed."""

    at: float
    request: str
    function: str
    error: str | None = None


@dataclass(frozen=True, slots=True)
class FunctionLogged:
    """A line that a function wrote to its standard output or error."""

    at: float
    function: str
    line: str
    request: str | None = None


@dataclass(frozen=True, slots=True)
class PlatformLogged:
    """A line that Lambda wrote into a function's log: START, END, REPORT, or why it ended the process."""

    at: float
    function: str
    line: str
    request: str | None = None


@dataclass(frozen=True, slots=True)
class RowWritten:
    """The row with this partition key was written; `operation` says whether it was put or updated."""

    at: float
    table: str
    key: str
    operation: str
    request: str | None = None


@dataclass(frozen=True, slots=True)
class RowDeleted:
    """The row with this partition key was deleted."""

    at: float
    table: str
    key: str
    request: str | None = None


@dataclass(frozen=True, slots=True)
class ObservationsLost:
    """The emulator saw `count` more things than it could keep for the run: checks on its inside are unsure."""

    at: float
    count: int


Observation: TypeAlias = (
    ClientConnecting
    | ClientConnected
    | ClientRefused
    | SubscriptionSent
    | FrameReceived
    | ClientLeft
    | ClientClosed
    | EventPublished
    | PublishFailed
    | LoopLag
    | Settled
    | RowsFound
    | InsideHidden
    | NotPlayed
    | ConnectionOpened
    | ConnectionClosed
    | ConnectionPosted
    | InvocationStarted
    | InvocationEnded
    | FunctionLogged
    | PlatformLogged
    | RowWritten
    | RowDeleted
    | ObservationsLost
)
