"""Observations, all kinds in one module because a history is read as one: small frozen values, with their words.

Every `at` is in seconds on the host's monotonic clock, which all processes of one run share. `client` is the
name a scenario gives (`alice`, `btc/3`); `connection` is API Gateway's connection id; `request` is a Lambda
request id; `event` is the id of a matcher event. Observations carry no judgement.

A new kind is a class here: it can be recorded, read back and shown as soon as it is declared.
"""

import re
from dataclasses import dataclass
from hashlib import blake2b

KINDS: dict[str, type["Observation"]] = {}
"""Every kind of observation by its name, which is what a line of a history calls it."""

_SHOWN = 90
"""Characters shown of a message, a log line or an error."""
# Spaces and line ends; control characters are no spaces: a reader must see that there was one.
_SPACES = re.compile(r"[^\S\x0b-\x1f\x7f-\x9f\u2028\u2029]+")


@dataclass(frozen=True, slots=True)
class Observation:
    """What was seen at one moment. A kind is a subclass with its fields and its `words`."""

    at: float

    def __init_subclass__(cls) -> None:
        if "words" not in vars(cls):
            raise TypeError(f"{cls.__name__} does not say in words what was seen")
        if cls.words is not Observation.words:
            KINDS[cls.__name__] = (
                cls  # twice: a slotted dataclass is made anew from the class that was declared
            )

    @property
    def words(self) -> str:
        """What was seen, in one line of plain words without the time: `eth/2 received e17: {...}`.

        Control characters that came from outside are still in it.
        """
        raise NotImplementedError


# --- what the crowd and the publisher did and saw ---------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ClientConnecting(Observation):
    """The client began its opening handshake."""

    client: str

    @property
    def words(self) -> str:
        return f"{self.client} began to connect"


@dataclass(frozen=True, slots=True)
class ClientConnected(Observation):
    """The handshake was answered 101."""

    client: str

    @property
    def words(self) -> str:
        return f"{self.client} connected"


@dataclass(frozen=True, slots=True)
class ClientRefused(Observation):
    """The handshake was answered with another `status`; 0 when the connection failed before an answer."""

    client: str
    status: int
    reason: str = ""

    @property
    def words(self) -> str:
        return f"{self.client} was refused with {self.status}{_because(self.reason)}"


@dataclass(frozen=True, slots=True)
class SubscriptionSent(Observation):
    """The client sent its subscribe message for `channel`."""

    client: str
    channel: str

    @property
    def words(self) -> str:
        return f"{self.client} asked for {self.channel}"


@dataclass(frozen=True, slots=True)
class MessageReceived(Observation):
    """A text message arrived at the client; `event` is the matcher event it carries, None for any other message."""

    client: str
    text: str
    event: str | None = None

    @property
    def words(self) -> str:
        return f"{self.client} received {self.event or 'a message'}: {_short(self.text)}"


@dataclass(frozen=True, slots=True)
class ClientLeft(Observation):
    """The client began to leave: politely with a close frame, or (`vanished`) by resetting its TCP connection."""

    client: str
    vanished: bool = False

    @property
    def words(self) -> str:
        return f"{self.client} {'vanished' if self.vanished else 'began to leave'}"


@dataclass(frozen=True, slots=True)
class ClientClosed(Observation):
    """The client's connection is closed, whoever began it; 1006 when no close frame arrived."""

    client: str
    code: int
    reason: str = ""

    @property
    def words(self) -> str:
        return f"{self.client} was closed with {self.code}{_because(self.reason)}"


@dataclass(frozen=True, slots=True)
class EventPublished(Observation):
    """A matcher event was accepted by SNS. `intended_at` is when the scenario wanted it published."""

    intended_at: float
    event: str
    type: str
    channels: tuple[str, ...]
    text: str
    message_id: str

    @property
    def words(self) -> str:
        return f"{self.event} published to {' and '.join(self.channels) or 'no channel'}: {_short(self.text)}"


@dataclass(frozen=True, slots=True)
class PublishFailed(Observation):
    """SNS did not accept a matcher event; `error` is what the SDK said."""

    intended_at: float
    event: str
    error: str

    @property
    def words(self) -> str:
        return f"{self.event} not accepted by SNS: {_short(self.error)}"


@dataclass(frozen=True, slots=True)
class LoopLag(Observation):
    """The crowd's event loop woke `lag` seconds later than asked: how much of a latency may be our own."""

    lag: float

    @property
    def words(self) -> str:
        return f"the crowd's loop woke {self.lag * 1000:.0f} ms late"


@dataclass(frozen=True, slots=True)
class Settled(Observation):
    """Nothing was in flight any more: every client's messages had been answered, every invocation had ended.

    `complete` is False when the bounded wait ran out first. `phase` is `start` (before the timeline) or `end`.
    """

    phase: str
    complete: bool
    detail: str = ""

    @property
    def words(self) -> str:
        return f"{'settled' if self.complete else 'not settled'} at the {self.phase}{_because(self.detail)}"


@dataclass(frozen=True, slots=True)
class RowsFound(Observation):
    """The connection ids that had a row in the connections table at the end of the run."""

    connections: tuple[str, ...]

    @property
    def words(self) -> str:
        return f"rows found of {_short(', '.join(self.connections)) or 'no connection'}"


@dataclass(frozen=True, slots=True)
class RecordingBegan(Observation):
    """From here on everything is recorded; `clients` and `inside` are the numbers that each source gives next.

    `epoch` is the Unix time at `at`, by which values that hold times of day can be judged; None when not recorded.
    """

    clients: int
    inside: int
    epoch: float | None = None

    @property
    def words(self) -> str:
        return "recording began"


@dataclass(frozen=True, slots=True)
class RecordingEnded(Observation):
    """Recording ended in order; `clients` and `inside` are the numbers that each source would have given next."""

    clients: int
    inside: int

    @property
    def words(self) -> str:
        return "recording ended"


@dataclass(frozen=True, slots=True)
class InsideHidden(Observation):
    """The backend shows nothing of its inside, so that none of the observations below can be there."""

    reason: str

    @property
    def words(self) -> str:
        return f"nothing of the inside is seen: {self.reason}"


@dataclass(frozen=True, slots=True)
class NotPlayed(Observation):
    """The scenario was not played, because the backend does not have what it sets."""

    reason: str

    @property
    def words(self) -> str:
        return f"the scenario was not played: {self.reason}"


@dataclass(frozen=True, slots=True)
class ObservationsLost(Observation):
    """The emulator saw `count` more things than it could keep for the run: checks on its inside are unsure."""

    count: int

    @property
    def words(self) -> str:
        return f"{self.count} observations lost"


# --- what the emulator saw inside (a backend that cannot show its inside records none of these) --------------


@dataclass(frozen=True, slots=True)
class SeenInside(Observation):
    """What the emulator saw, and numbered; it is no kind itself."""

    words = Observation.words


@dataclass(frozen=True, slots=True)
class ConnectionOpened(SeenInside):
    """The gateway accepted a connection; `client` is the name its User-Agent carried, None for a stranger."""

    connection: str
    client: str | None

    @property
    def words(self) -> str:
        return f"connection {self.connection} opened for {self.client or 'a stranger'}"


@dataclass(frozen=True, slots=True)
class ConnectionClosed(SeenInside):
    """The gateway's side of a connection ended, with the code and reason that `$disconnect` is told."""

    connection: str
    code: int
    reason: str = ""

    @property
    def words(self) -> str:
        return f"connection {self.connection} closed with {self.code}{_because(self.reason)}"


@dataclass(frozen=True, slots=True)
class ConnectionPosted(SeenInside):
    """A POST to @connections, answered with `status`; `at` is when the gateway had read it.

    `request` is the invocation that sent it, if known. `size` is the payload's in bytes, `digest` is `digest_of` it.
    """

    connection: str
    status: int
    request: str | None = None
    size: int = 0
    digest: str = ""

    @property
    def words(self) -> str:
        return f"connection {self.connection} posted to, answered {self.status}{_by(self.request)}"


@dataclass(frozen=True, slots=True)
class ConnectionAsked(SeenInside):
    """Another call of @connections, GET or DELETE, answered with `status`; 410 says gone, as for posts."""

    connection: str
    method: str
    status: int
    request: str | None = None

    @property
    def words(self) -> str:
        return f"connection {self.connection} asked for by {self.method}, answered {self.status}{_by(self.request)}"


@dataclass(frozen=True, slots=True)
class PostRefused(SeenInside):
    """A call that was meant for @connections and found no API, stage or route there; `reason` says what is wrong."""

    url: str
    status: int
    reason: str
    request: str | None = None

    @property
    def words(self) -> str:
        return f"posted to {self.url}, answered {self.status}: {_short(self.reason)}{_by(self.request)}"


@dataclass(frozen=True, slots=True)
class ReplySent(SeenInside):
    """The gateway itself wrote to a connection: the response of a two-way route, or its own error message.

    `request` is the invocation that it answers, None when no function was asked.
    """

    connection: str
    size: int
    digest: str
    request: str | None = None

    @property
    def words(self) -> str:
        return f"connection {self.connection} replied to{_by(self.request)}"


@dataclass(frozen=True, slots=True)
class RouteAnswered(SeenInside):
    """A route's function answered what is no success: a malformed response, or a status that says failure.

    `problem` says what is malformed (`None: not a response`), and is empty where only the status is bad.
    """

    request: str
    function: str
    route: str
    connection: str
    status: int
    problem: str = ""

    @property
    def words(self) -> str:
        return f"{self.function} answered {self.route} with {_short(self.problem) or self.status} ({self.request})"


@dataclass(frozen=True, slots=True)
class InvocationStarted(SeenInside):
    """A function's environment was handed an invocation.

    `connection` is set for WebSocket routes, `cold` says that the environment had to be started for it. `messages`
    holds the ids of all that it was handed, by whichever service: SNS and SQS message ids, the event ids of stream
    records and of EventBridge. `caller` is the invocation that invoked it directly.
    """

    request: str
    function: str
    cold: bool = False
    connection: str | None = None
    route: str | None = None
    messages: tuple[str, ...] = ()
    caller: str | None = None

    @property
    def words(self) -> str:
        return f"{self.function} started {self.request}{', cold' if self.cold else ''}"


@dataclass(frozen=True, slots=True)
class Sent(SeenInside):
    """What a function may be handed came to be, with an id of its own: a message, an event, a stream record.

    It was sent by the invocation `request`, or came out of an earlier one, `origin`: the message that SNS puts into a
    queue has an id of the queue's. `to` names the topic, queue, bus or table.
    """

    id: str
    to: str
    request: str | None = None
    origin: str | None = None

    @property
    def words(self) -> str:
        out_of = f" out of {self.origin}" if self.origin is not None else ""
        return f"{self.id} sent to {self.to}{out_of}{_by(self.request)}"


@dataclass(frozen=True, slots=True)
class InvocationEnded(SeenInside):
    """The invocation ended; `error` is Lambda's error type and message when the function failed."""

    request: str
    function: str
    error: str | None = None

    @property
    def words(self) -> str:
        if self.error is None:
            return f"{self.function} ended {self.request}"
        return f"{self.function} failed {self.request}: {_short(self.error)}"


@dataclass(frozen=True, slots=True)
class FunctionLogged(SeenInside):
    """A line that a function wrote to its standard output or error."""

    function: str
    line: str
    request: str | None = None

    @property
    def words(self) -> str:
        return f"{self.function} logged: {_short(self.line)}"


@dataclass(frozen=True, slots=True)
class PlatformLogged(SeenInside):
    """A line that Lambda wrote into a function's log: START, END, REPORT, or why it ended the process."""

    function: str
    line: str
    request: str | None = None

    @property
    def words(self) -> str:
        return f"{self.function} was logged: {_short(self.line)}"


@dataclass(frozen=True, slots=True)
class RowWritten(SeenInside):
    """The row with this partition key was written; `operation` says whether it was put or updated.

    `ttl` is what stands in the attribute that the table's TTL names, as DynamoDB writes it (`{"N":"1700000000"}`);
    empty when the row lacks it, None where the table has no TTL.
    """

    table: str
    key: str
    operation: str
    request: str | None = None
    ttl: str | None = None

    @property
    def words(self) -> str:
        return f"row {self.key} of {self.table} written by {self.operation}{_by(self.request)}"


@dataclass(frozen=True, slots=True)
class RowDeleted(SeenInside):
    """The row with this partition key was deleted."""

    table: str
    key: str
    request: str | None = None

    @property
    def words(self) -> str:
        return f"row {self.key} of {self.table} deleted{_by(self.request)}"


def digest_of(payload: bytes) -> str:
    """Sixteen hexadecimal digits by which a payload is known again where it arrives."""
    return blake2b(payload, digest_size=8).hexdigest()


def _because(reason: str) -> str:
    return f" ({_short(reason)})" if reason else ""


def _by(request: str | None) -> str:
    return f" by {request}" if request is not None else ""


def _short(text: str) -> str:
    line = " ".join(_SPACES.split(text.replace("\r\n", "\n"))).strip(" ")
    return line if len(line) <= _SHOWN else f"{line[: _SHOWN - 1]}…"
