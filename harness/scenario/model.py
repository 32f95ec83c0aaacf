"""What a scenario says: who connects, what is published when, who leaves or switches, what must hold.

The values behind a scenario file, and nothing else: reading the file is `loader`, computing who must receive
what is `receivers`. Times are seconds as float; a file writes them `100ms`, `5s`, `1m`.
"""

import math
import re
from collections.abc import Mapping
from typing import Annotated, Literal, TypeAlias

from pydantic import BaseModel, BeforeValidator, ConfigDict, Discriminator, Field, Tag, model_validator
from pydantic.config import JsonDict
from pydantic_core import PydanticCustomError

from harness.scenario.feed import Feed

_DURATION = re.compile(r"(\d+(?:\.\d+)?)\s*(us|ms|s|m|h)")
_UNITS = {"us": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
_THRESHOLD = re.compile(r"(p50|p95|p99|max)\s*<\s*(.+)")


def parse_duration(value: object) -> float:
    """Seconds for `100ms`, `5s`, `1.5m` or a plain number of seconds."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        seconds = float(value)
    elif isinstance(value, str) and (match := _DURATION.fullmatch(value.strip())):
        seconds = float(match[1]) * _UNITS[match[2]]
    else:
        raise ValueError(f"{value!r} is not a duration; write 100ms, 5s or 1m")
    if seconds < 0:
        raise ValueError("a duration cannot be negative")
    return seconds


def parse_range(value: object) -> object:
    """Two durations for `10ms..200ms`, the same one twice for `50ms`."""
    match value:
        case str() if ".." in value:
            ends = [parse_duration(end) for end in value.split("..")]
        case list() | tuple():
            ends = [parse_duration(end) for end in value]
        case _:
            ends = [parse_duration(value)] * 2
    if ends != sorted(ends):
        raise ValueError(f"{value!r} ends before it begins; write 10ms..200ms")
    return tuple(ends)


Duration = Annotated[float, BeforeValidator(parse_duration, json_schema_input_type=str | float)]
DurationRange = Annotated[
    tuple[float, float],
    BeforeValidator(parse_range, json_schema_input_type=str | float | tuple[float, float]),
]
Share = Annotated[float, Field(ge=0, le=1)]
Text: TypeAlias = str
Payload: TypeAlias = dict[str, object]
ClientNames: TypeAlias = str | tuple[str, ...]


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ClientGroup(_Model):
    """Clients that behave alike; `{n}` in `query`, `headers` and `subscribe` is a client's number from 1."""

    count: int = Field(
        default=1, ge=1, description="How many; named `group` for one, `group/1` ... for several."
    )
    query: Mapping[str, str] = Field(default={}, description="Query string of the WebSocket URL.")
    headers: Mapping[str, str] = Field(default={}, description="Headers of the opening handshake.")
    subscribe: str | None = Field(default=None, description="Channel asked for right after connecting.")
    refused: int | str | None = Field(
        default=None,
        description="An HTTP status: the handshake must be refused with it. "
        "A code: the subscribe must be answered by an error message with that code.",
    )
    joins: Literal["before", "later"] = Field(
        default="before", description="`before` the timeline starts, or `later`, by a connect step."
    )


class _Timed(_Model):
    at: Duration = Field(default=0.0, description="When, from the start of the timeline.")


class _Repeated(_Timed):
    every: Duration | None = Field(default=None, description="Repeat at this interval ...")
    for_: Duration | None = Field(default=None, alias="for", description="... for this long.")

    @model_validator(mode="after")
    def _every_and_for_go_together(self) -> "_Repeated":
        if (self.every is None) != (self.for_ is None):
            raise ValueError("`every` and `for` go together")
        if self.every == 0:
            raise ValueError("`every` must be longer than 0")
        return self


class Publish(_Repeated):
    """Publish a matcher event; `{n}` in a string of the payload counts the repetitions from 1."""

    publish: Payload


class PublishFile(_Timed):
    """Publish the events of a JSONL file, one JSON object a line, `at` (seconds) in each optional.

    Lines without `at` follow each other at `every`; `at` is taken out of the payload.
    """

    publish_file: str
    every: Duration = 0.1


class Generate(_Model):
    """What a generated session is made of: a real order book per market, its traders, a seed."""

    markets: tuple[str, ...] = Field(min_length=1)
    traders: tuple[str, ...] = ()
    seed: int = 1


class PublishGenerated(_Repeated):
    """Publish what the matcher's order books emit, one event at each repetition."""

    publish_generated: Generate
    every: Duration
    for_: Duration = Field(alias="for")


class Connect(_Timed):
    """The named clients or groups connect (those that join `later`, or that left before)."""

    connect: ClientNames


class Leave(_Timed):
    """They close politely, with a close frame."""

    leave: ClientNames


class Vanish(_Timed):
    """Their TCP connection is reset: no close frame."""

    vanish: ClientNames


class Subscription(_Model):
    """Who asks for which channel."""

    clients: ClientNames
    channel: str
    refused: str | None = Field(default=None, description="The error message's code that must answer it.")


class Subscribe(_Timed):
    """They ask for a channel, which replaces the one they had."""

    subscribe: Subscription


class Churning(_Model):
    """Which clients come and go, and the channels they move among."""

    clients: ClientNames
    channels: tuple[str, ...] = Field(min_length=1)


class Churn(_Repeated):
    """At each repetition one of the clients, drawn by the scenario's seed, leaves, comes back or switches."""

    churn: Churning
    every: Duration
    for_: Duration = Field(alias="for")


STEP_KINDS: Mapping[str, type[BaseModel]] = {
    "publish": Publish,
    "publish_file": PublishFile,
    "publish_generated": PublishGenerated,
    "connect": Connect,
    "leave": Leave,
    "vanish": Vanish,
    "subscribe": Subscribe,
    "churn": Churn,
}
"""The field by which a file tells the kind of a step."""

_TIMING = ("at", "every", "for")


def _does_one_known_thing(value: object) -> object:
    if isinstance(value, BaseModel):
        return value
    if not isinstance(value, Mapping):
        raise ValueError("a step is a mapping such as {at: 1s, leave: alice}")
    kinds = [name for name in value if name in STEP_KINDS]
    if len(kinds) > 1:
        raise ValueError(f"one step does one thing; this one has {' and '.join(kinds)}")
    if not kinds:
        raise _unknown_step(next((name for name in value if name not in _TIMING), None))
    return value


def _unknown_step(name: object) -> Exception:
    if name is None:
        return ValueError(f"this step does nothing; write one of {', '.join(STEP_KINDS)}")
    known = {"what": "step", "name": name, "known": list(STEP_KINDS)}
    return PydanticCustomError("unknown_name", "unknown {what} '{name}'", known)


def _step_tag(value: object) -> str | None:
    # Tags stand in the location of a mistake; with a blank in them they are told from a file's own fields.
    for name, kind in STEP_KINDS.items():
        if isinstance(value, kind) or (isinstance(value, Mapping) and name in value):
            return f"{name} step"
    return None


Step: TypeAlias = Annotated[
    Annotated[Publish, Tag("publish step")]
    | Annotated[PublishFile, Tag("publish_file step")]
    | Annotated[PublishGenerated, Tag("publish_generated step")]
    | Annotated[Connect, Tag("connect step")]
    | Annotated[Leave, Tag("leave step")]
    | Annotated[Vanish, Tag("vanish step")]
    | Annotated[Subscribe, Tag("subscribe step")]
    | Annotated[Churn, Tag("churn step")],
    Discriminator(_step_tag),
    BeforeValidator(_does_one_known_thing),
]


def _threshold_as_written(schema: JsonDict) -> None:
    """Adds the forms that a file may use to the parsed one, for editors that check a file by its schema."""
    text: JsonDict = {"type": "string", "pattern": _THRESHOLD.pattern}
    only: JsonDict = {
        name: {"type": "string", "description": f"Only events of this {name} are measured."}
        for name in ("type", "channel")
    }
    some: JsonDict = {
        "type": "object",
        "additionalProperties": False,
        "properties": {"threshold": text, **only},
        "required": ["threshold"],
    }
    parsed: JsonDict = {
        name: schema.pop(name) for name in ("additionalProperties", "properties", "required", "type")
    }
    schema["anyOf"] = [text, some, parsed]


class Threshold(_Model):
    """`p99 < 100 ms`, for all events or for one type and channel."""

    model_config = ConfigDict(frozen=True, extra="forbid", json_schema_extra=_threshold_as_written)

    percentile: Literal["p50", "p95", "p99", "max"]
    seconds: float
    type: str | None = None
    channel: str | None = None

    @model_validator(mode="before")
    @classmethod
    def _from_text(cls, value: object) -> object:
        match value:
            case str():
                return _parse_threshold(value)
            case {"threshold": str(text), **rest}:
                return _parse_threshold(text) | {str(name): inner for name, inner in rest.items()}
        return value


def _parse_threshold(text: str) -> dict[str, object]:
    match = _THRESHOLD.fullmatch(text.strip())
    if match is None:
        raise ValueError(
            f"{text!r} is not a threshold; write p50, p95, p99 or max, <, and a duration: p99 < 100 ms"
        )
    return {"percentile": match[1], "seconds": parse_duration(match[2])}


class Expectations(_Model):
    """What must hold besides exact routing and refusals, which are always judged."""

    latency: tuple[Threshold, ...] = Field(default=(), description="Thresholds such as `p99 < 100 ms`.")
    order: bool = Field(
        default=False, description="Messages of one channel arrive in the order of publishing."
    )
    duplicates: Literal["forbidden", "allowed"] = Field(
        default="forbidden",
        description="Whether a client may receive an event once for each time that a function was handed it: SNS and "
        "Lambda deliver at least once (S-8).",
    )
    purge: Duration | None = Field(
        default=None, description="A gone connection's row is deleted within this long after its first 410."
    )


Rate: TypeAlias = Annotated[float, Field(ge=0)] | Literal["unlimited"]


class Quotas(_Model):
    """API Gateway's quotas for WebSocket APIs, where they shall not be AWS's. Sizes in bytes, rates a second."""

    idle_timeout: Duration = Field(default=600.0, description="Without traffic a connection ends (Q-1).")
    connection_duration: Duration = Field(default=7200.0, description="Every connection ends (Q-2).")
    message_size: int = Field(default=131_072, ge=1, description="The largest message (Q-3, M-10).")
    frame_size: int = Field(default=32_768, ge=1, description="The largest frame of a client (Q-4).")
    integration_timeout: Duration = Field(default=29.0, description="The most that a route takes (Q-10).")
    handshake_rate: Rate = Field(default=500.0, description="New connections of the account (Q-6).")
    handshake_burst: int = Field(default=500, ge=0, description="New connections at once.")
    account_rate: Rate = Field(default=10_000.0, description="Requests of the account, posts too (Q-8).")
    account_burst: int = Field(default=5_000, ge=0, description="Requests at once (Q-8).")
    url_length: int = Field(default=4096, ge=1, description="The longest URL, in characters (U-7).")
    client_buffer: int = Field(default=1_048_576, ge=0, description="Held back for a slow client (M-11).")
    close_timeout: Duration = Field(default=10.0, description="A closed connection's TCP side lingers.")


class GatewaySettings(_Model):
    """How the gateway behaves where AWS leaves it open."""

    disconnect_events: Literal["delivered", "late", "lost"] = Field(
        default="delivered",
        description="$disconnect is best-effort on AWS (X-1): `late` invokes it after `disconnect_delay`, "
        "`lost` never.",
    )
    disconnect_delay: Duration = Field(default=5.0, description="How late a late $disconnect is.")
    invocations: Literal["concurrent", "serial"] = Field(
        default="concurrent", description="Whether messages of one connection may run at once."
    )
    lost_sockets: Literal["noticed", "unnoticed"] = Field(
        default="noticed",
        description="A TCP connection that ends without a close frame closes the connection at once, or goes "
        "unnoticed until it is idle for too long (X-6).",
    )
    json_: Literal["strict", "lenient"] = Field(
        default="strict",
        alias="json",
        description="`lenient` also routes messages whose names lack their quotes (R-9).",
    )
    post_jitter: Duration = Field(
        default=0.0, description="Posts at one time are carried out in random order, within this long (M-17)."
    )
    connect_timeout_status: int = Field(
        default=504, ge=400, le=599, description="What a handshake is told whose $connect takes too long."
    )
    posts_while_connecting: Literal["gone", "delivered"] = Field(
        default="gone",
        description="A post to a connection whose $connect still runs is 410; `delivered`: it arrives all the "
        "same (C-13).",
    )
    empty_bodies: Literal["dropped", "sent"] = Field(
        default="dropped", description="Whether a two-way route answers an empty body with an empty message."
    )

    def written(self) -> dict[str, object]:
        """What the file says, by AWS-side name; what it leaves out is not in it."""
        return self.model_dump(exclude_unset=True, by_alias=True)


class ScenarioGateway(GatewaySettings):
    """The gateway under a scenario, where it differs from the stack's."""

    quotas: Quotas = Quotas()


class DynamoDbBehaviour(_Model):
    """How DynamoDB behaves where it is a matter of luck on AWS; everything is off by default."""

    index_lag: Duration = Field(
        default=0.0, description="A global secondary index shows a write only this long after it (D-9)."
    )
    ttl_delay: Duration | None = Field(
        default=None,
        description="An expired item is deleted this long after it expired; never, if not given (D-42).",
    )
    throttle_every: int = Field(
        default=0, ge=0, description="Every n-th request that reads or writes items is throttled (D-60)."
    )
    limit_throughput: bool = Field(
        default=False, description="Tables have no more than their own throughput, as on AWS (D-60 to D-64)."
    )

    def over(self, below: "DynamoDbBehaviour | None" = None) -> dict[str, object]:
        """What this says, on top of what `below` says; what neither says is not in it."""
        under = {} if below is None else below.over()
        return under | self.model_dump(exclude_unset=True)


class SnsBehaviour(_Model):
    """How SNS delivers where AWS promises nothing, on standard topics; everything is off by default."""

    duplicates: Share = Field(default=0.0, description="This share of the deliveries is made twice (S-8).")
    delay: DurationRange = Field(
        default=(0.0, 0.0), description="Each delivery waits: `50ms`, or at random `10ms..200ms`."
    )
    reorder: Share = Field(
        default=0.0,
        description="This share of the deliveries is held back, and overtaken by what is published meanwhile (S-8).",
    )
    reorder_window: Duration = Field(default=1.0, description="For how long they are held back.")
    failures: Share = Field(
        default=0.0,
        description="This share of the attempts fails at Lambda, SQS or the HTTP endpoint, and is retried by the "
        "delivery policy (S-17).",
    )
    filter_delay: Duration = Field(
        default=0.0, description="A changed filter policy takes effect this long after its change (S-22)."
    )

    def over(self, below: "SnsBehaviour | None" = None) -> dict[str, object]:
        """What this says, on top of what `below` says; what neither says is not in it."""
        under = {} if below is None else below.over()
        return under | self.model_dump(exclude_unset=True)


class Scenario(_Model):
    """One claim about the system under test, and the session that proves or refutes it."""

    scenario: str = Field(description="The claim, as a sentence.")
    seed: int = 1
    clients: Mapping[str, ClientGroup] = Field(default={}, description="Groups of clients by name.")
    timeline: tuple[Step, ...] = ()
    expect: Expectations = Expectations()
    gateway: ScenarioGateway = ScenarioGateway()
    dynamodb: DynamoDbBehaviour = DynamoDbBehaviour()
    sns: SnsBehaviour = SnsBehaviour()
    settle: Duration = Field(
        default=10.0, description="Bounded wait for everything in flight, before the timeline and after it."
    )
    feed: Feed = Field(default=Feed(), description="The application's protocol; usually from stack.yaml.")

    def client_names(self, who: ClientNames) -> tuple[str, ...]:
        """The clients meant by group or client names (`btc`, `btc/2`) or several; KeyError for a stranger."""
        if isinstance(who, tuple):
            return tuple(name for one in who for name in self.client_names(one))
        if who in self.clients:
            return names_of(who, self.clients[who])
        group = who.partition("/")[0]
        if group in self.clients and who in names_of(group, self.clients[group]):
            return (who,)
        raise KeyError(who)

    def group_of(self, client: str) -> ClientGroup:
        """The group a client belongs to."""
        return self.clients[client.partition("/")[0]]


def names_of(group_name: str, group: ClientGroup) -> tuple[str, ...]:
    """`("alice",)` for a group of one, `("btc/1", "btc/2", ...)` for several."""
    if group.count == 1:
        return (group_name,)
    return tuple(f"{group_name}/{number}" for number in range(1, group.count + 1))


def number_of(client: str) -> int:
    """The `{n}` of a client: its number within its group, 1 for a group of one."""
    _, slash, number = client.partition("/")
    return int(number) if slash else 1


def times_of(step: Publish | PublishGenerated | Churn) -> tuple[float, ...]:
    """When a step happens: once, or `every` so often from `at` on until just before `for` has passed."""
    if step.every is None or step.for_ is None:
        return (step.at,)
    # A repetition that falls on the end, but for the rounding of 0.1, is past the end.
    count = max(1, math.ceil(step.for_ / step.every - 1e-9))
    return tuple(round(step.at + number * step.every, 9) for number in range(count))


def numbered(value: object, number: int) -> object:
    """The value with `{n}` in each of its strings, however deep, replaced by the number."""
    match value:
        case str():
            return value.replace("{n}", str(number))
        case Mapping():
            return {key: numbered(inner, number) for key, inner in value.items()}
        case list() | tuple():
            return [numbered(inner, number) for inner in value]
    return value


def query_of(scenario: Scenario, client: str) -> dict[str, str]:
    """The query string that a client connects with, its number filled in."""
    number = str(number_of(client))
    return {name: text.replace("{n}", number) for name, text in scenario.group_of(client).query.items()}


def channel_of(scenario: Scenario, client: str) -> str | None:
    """The channel that a client asks for right after connecting, its number filled in."""
    channel = scenario.group_of(client).subscribe
    return None if channel is None else channel.replace("{n}", str(number_of(client)))
