"""Scenario: who connects, what is published when, who leaves or switches, what must hold.

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

from harness.durations import Duration, parse_duration
from harness.percentiles import PERCENT, Percentile
from harness.scenario.behaviour import DynamoDbBehaviour, ScenarioGateway, SnsBehaviour
from harness.scenario.connection_rows import ConnectionRows
from harness.scenario.feed import Feed

_THRESHOLD = re.compile(r"([\w.]+)\s*(<=?)\s*(.+)")

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
    """Publish the events of a JSONL file, one JSON object a line, `at` (`"1.5s"`) in each optional.

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
    text: JsonDict = {"type": "string", "pattern": rf"^\s*({'|'.join(PERCENT)})\s*<=?\s*\S"}
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
    """`p99 < 100 ms` or `p99 <= 100 ms`, for all events or for one type and channel."""

    model_config = ConfigDict(frozen=True, extra="forbid", json_schema_extra=_threshold_as_written)

    percentile: Percentile
    seconds: float
    or_equal: bool = False
    type: str | None = None
    channel: str | None = None

    @property
    def sign(self) -> str:
        """`<` or `<=`."""
        return "<=" if self.or_equal else "<"

    def holds(self, measured: float) -> bool:
        """Whether it holds for what was measured, in seconds."""
        return measured <= self.seconds if self.or_equal else measured < self.seconds

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
    *first, last = PERCENT
    if match is None:
        raise ValueError(
            f"{text!r} is not a threshold; write {', '.join(first)} or {last}, < or <=, and a duration: "
            "p99 < 100 ms"
        )
    if match[1] not in PERCENT:
        hint = _like_percentile(match[1]) or f"; there are {', '.join(first)} and {last}"
        raise ValueError(f"there is no percentile '{match[1]}'{hint}")
    return {"percentile": match[1], "seconds": parse_duration(match[3]), "or_equal": match[2] == "<="}


def _like_percentile(name: str) -> str:
    """`; did you mean p95?` for a percentile that is not taken, the next one above it; "" for any other word."""
    number = re.fullmatch(r"[pP]?(\d+(?:\.\d+)?)", name)
    if number is None:
        return "; did you mean max?" if name.lower().startswith("max") else ""
    above = [one for one, percent in PERCENT.items() if percent >= float(number[1])]
    return f"; did you mean {above[0]}?" if above else ""


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
    ttl: Duration | None = Field(
        default=None,
        description="Rows of connections expire this long after they are written, by the table's TTL.",
    )


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
    rows: ConnectionRows | None = Field(
        default=None, description="The rows that stand for connections; from `connections` of stack.yaml."
    )

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
