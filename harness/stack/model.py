"""Stack: tables, topics, queues, functions, rules and the API, in one module because they name each other.

The values behind a `stack.yaml`, and nothing else: reading the file is `loader`, creating the resources is
`provision`. Names that the file gives are logical; the names that AWS sees stand in `name`.
"""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, JsonValue

from harness.durations import Duration
from harness.scenario.behaviour import (
    DynamoDbBehaviour,
    GatewaySettings,
    Quotas,
    ScenarioGateway,
    SnsBehaviour,
)
from harness.scenario.connection_rows import AfterDisconnect, ConnectionRows
from harness.scenario.feed import Feed
from harness.stack.name_rules import (
    BusName,
    FunctionName,
    LinkName,
    LogicalName,
    QueueName,
    RuleName,
    StageName,
    TableName,
    TopicName,
    VariableName,
    name_rule,
)

_REFERENCE = re.compile(r"\$\{([^}]*)\}")

KeyType = Literal["S", "N", "B"]
LinkStyle = Literal["variables", "dev", "file"]


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


Pattern = Mapping[str, JsonValue]
"""An event pattern, a filter policy or a filter of an event source: the same language (JSON)."""


class Index(_Model):
    """A global secondary index."""

    hash_key: str
    range_key: str | None = None
    projection: Literal["ALL", "KEYS_ONLY", "INCLUDE"] = "ALL"
    include: tuple[str, ...] = Field(default=(), description="The attributes that INCLUDE copies.")


class Table(_Model):
    """A DynamoDB table, billed on demand."""

    name: TableName
    hash_key: str
    range_key: str | None = None
    ttl: str | None = Field(
        default=None, description="The attribute with the epoch seconds at which rows expire."
    )
    stream: Literal["KEYS_ONLY", "NEW_IMAGE", "OLD_IMAGE", "NEW_AND_OLD_IMAGES"] | None = Field(
        default=None, description="What the table's stream holds of each change; no stream by default."
    )
    types: Mapping[str, KeyType] = Field(default={}, description="Types of key attributes that are not S.")
    indexes: Mapping[TableName, Index] = Field(default={}, description="Global secondary indexes by name.")

    def key_attributes(self) -> tuple[str, ...]:
        """Every attribute that is a key of the table or of an index, each once."""
        keys = [self.hash_key, self.range_key]
        for index in self.indexes.values():
            keys += [index.hash_key, index.range_key]
        return tuple(dict.fromkeys(key for key in keys if key is not None))


class Topic(_Model):
    """A standard SNS topic."""

    name: TopicName
    maximum_message_size: int | None = Field(
        default=None, ge=1024, le=1_048_576, description="In bytes; AWS's own is 262144 (S-25)."
    )
    delivery: SnsBehaviour = Field(
        default=SnsBehaviour(), description="The emulator's delivery where AWS's is a matter of luck."
    )


class DeadLetters(_Model):
    """Where a queue's messages go that nobody could process."""

    queue: str = Field(description="Another queue, by its name in this file.")
    after: int = Field(ge=1, le=1000, description="How often a message is received before it goes there.")


def _or_name(kind: type[BaseModel], field: str) -> BeforeValidator:
    """A name alone stands for the thing with this field and nothing else said."""

    def read(value: object) -> object:
        return {field: value} if isinstance(value, str) else value

    return BeforeValidator(read, json_schema_input_type=str | kind)


class Subscription(_Model):
    """What is sent of a topic; everything unless a filter policy says less."""

    topic: str = Field(description="A topic, by its name in this file.")
    filter_policy: Pattern | None = Field(
        default=None, description="As SNS takes it; messages that do not match are not delivered."
    )
    filter_policy_scope: Literal["MessageAttributes", "MessageBody"] = Field(
        default="MessageAttributes", description="What the filter policy looks at."
    )


class QueueSubscription(Subscription):
    """A queue's subscription to a topic."""

    raw: bool = Field(default=False, description="The message alone, without SNS's envelope.")


class Queue(_Model):
    """An SQS queue; FIFO, with deduplication by content, when its name ends in .fifo."""

    name: QueueName
    visibility_timeout: Duration = Field(default=30.0, ge=0, le=43_200, description="At most 12 hours.")
    delay: Duration = Field(default=0.0, ge=0, le=900, description="Of every message; at most 15 minutes.")
    dead_letters: DeadLetters | None = None
    subscribed_to: tuple[Annotated[QueueSubscription, _or_name(QueueSubscription, "topic")], ...] = Field(
        default=(), description="Topics, by name or with more to say."
    )

    @property
    def is_fifo(self) -> bool:
        """Whether it keeps its messages in order, and each once."""
        return self.name.endswith(".fifo")


class QueueSource(_Model):
    """A queue that a function reads, by an event source mapping."""

    queue: str = Field(description="A queue, by its name in this file.")
    batch_size: int = Field(default=10, ge=1, le=10_000)
    batch_window: Duration = Field(default=0.0, ge=0, le=300, description="How long a batch is gathered.")
    maximum_concurrency: int | None = Field(default=None, ge=2, le=1000, description="Most batches at once.")
    report_item_failures: bool = Field(
        default=False, description="The function says which messages failed (ReportBatchItemFailures)."
    )
    filters: tuple[Pattern, ...] = Field(default=(), description="A message that matches none is dropped.")


class StreamSource(_Model):
    """A table whose stream a function reads, by an event source mapping."""

    table: str = Field(description="A table with a `stream`, by its name in this file.")
    starting_position: Literal["TRIM_HORIZON", "LATEST"] = "TRIM_HORIZON"
    batch_size: int = Field(default=100, ge=1, le=10_000)
    batch_window: Duration = Field(default=0.0, ge=0, le=300, description="How long a batch is gathered.")
    parallelization_factor: int = Field(default=1, ge=1, le=10, description="Batches of a shard at once.")
    maximum_retry_attempts: int | None = Field(default=None, ge=0, le=10_000, description="Default: no end.")
    maximum_record_age: Duration | None = Field(
        default=None, ge=60, le=604_800, description="Older records are tried no more; default: no end."
    )
    bisect_on_error: bool = Field(default=False, description="A batch that failed is split in two.")
    report_item_failures: bool = Field(
        default=False, description="The function says which record failed (ReportBatchItemFailures)."
    )
    on_failure: str | None = Field(
        default=None,
        description="The queue that is told of records which were given up, by its name in this file.",
    )
    filters: tuple[Pattern, ...] = Field(default=(), description="A record that matches none is skipped.")


class Function(_Model):
    """A Lambda function."""

    handler: str = Field(description="As Lambda writes it: `folder/file.function`.")
    runtime: Annotated[
        str, name_rule(r"(python3\.\d+|nodejs\d+\.x)", "python3.11 and the like, or nodejs22.x and the like")
    ] = "python3.11"
    code: Path = Field(default=Path(), description="Folder that holds the handler, relative to this file.")
    timeout: Duration = Field(default=10.0, ge=1, le=900, description="At most 15 minutes.")
    memory: int = Field(default=256, ge=128, le=10240, description="In MB.")
    environment: Mapping[VariableName, str] = Field(
        default={}, description="Variables; `${tables.connections.name}` and the like are filled in."
    )
    links: Mapping[LinkName, str] = Field(
        default={},
        description="SST's links by resource name: `api`, `tables.connections`, `topics.x` or `functions.x`.",
    )
    link_style: LinkStyle = Field(
        default="variables",
        description="How links come: in variables; with those of `sst dev` (dev); or, as deployed, in a file.",
    )
    subscribed_to: tuple[
        Annotated[
            Subscription,
            _or_name(Subscription, "topic"),
        ],
        ...,
    ] = Field(default=(), description="Topics, by their names in this file; or with a filter policy each.")
    queues: tuple[Annotated[QueueSource, _or_name(QueueSource, "queue")], ...] = Field(
        default=(), description="Queues that the function reads, by name or with more to say."
    )
    streams: tuple[Annotated[StreamSource, _or_name(StreamSource, "table")], ...] = Field(
        default=(), description="Tables whose streams the function reads, by name or with more to say."
    )
    reserved_concurrency: int | None = Field(default=None, ge=0, description="Most environments at once.")
    prewarm: int | None = Field(
        default=None,
        ge=0,
        description="Environments started before the first invocation and kept; 0 starts one, to see that it can, "
        "and ends it. Default: 1, or 0 in a stack of more than 16 functions.",
    )
    name: FunctionName | None = Field(default=None, description="The name in AWS; default: stack-function.")


class Authorizer(_Model):
    """A function that decides who may connect (A-1)."""

    function: str
    identity_sources: tuple[str, ...] = Field(
        default=(), description="What a handshake must bring: `route.request.querystring.token` (A-2)."
    )


class Route(_Model):
    """What a route does; one-way unless `two_way` gives it a route response (T-1, T-2)."""

    function: str
    two_way: bool = Field(default=False, description="The function's `body` is sent back to the client.")
    authorization: Literal["NONE", "AWS_IAM"] = Field(
        default="NONE", description="On $connect, AWS_IAM takes signed handshakes only (A-11)."
    )
    authorizer: Annotated[Authorizer | None, _or_name(Authorizer, "function")] = Field(
        default=None,
        description="On $connect: the function that lets callers in, by name or with more to say.",
    )
    api_key_required: bool = Field(
        default=False, description="On $connect: only with one of the API's `api_keys` (A-12)."
    )


class Rule(_Model):
    """An EventBridge rule: which events, or when, and who is told."""

    pattern: Pattern | None = Field(default=None, description="The events that the rule matches.")
    schedule: str | None = Field(default=None, description="`rate(5 minutes)` or `cron(0 12 * * ? *)`.")
    bus: BusName = Field(default="default", description="An event bus; created unless it is the default one.")
    functions: tuple[str, ...] = Field(default=(), description="Functions, by their names in this file.")
    queues: tuple[str, ...] = Field(default=(), description="Queues, by their names in this file.")
    input: JsonValue = Field(default=None, description="What the targets get instead of the event.")
    input_path: str | None = Field(
        default=None, description="The part of the event that they get: `$.detail`."
    )
    input_paths: Mapping[str, str] = Field(default={}, description="Variables of the template, by JSONPath.")
    input_template: str | None = Field(
        default=None, description="What they get, with `<variable>` filled in."
    )
    name: RuleName | None = Field(default=None, description="The name in AWS; default: stack-rule.")


class Api(_Model):
    """A WebSocket API with one stage."""

    name: str
    stage: StageName = "prod"
    route_selection_expression: str = "$request.body.action"
    routes: Mapping[str, Annotated[Route, _or_name(Route, "function")]]
    api_keys: tuple[Annotated[str, Field(min_length=20, max_length=128)], ...] = Field(
        default=(), description="The values of API keys, in a usage plan of the stage (A-12)."
    )
    quotas: Quotas = Field(default=Quotas(), description="Quotas that are not AWS's, on the emulator.")
    gateway: GatewaySettings = Field(
        default=GatewaySettings(), description="The emulator's gateway where AWS leaves it open."
    )

    def gateway_configuration(self, over: ScenarioGateway | None = None) -> dict[str, object]:
        """What the file, and a scenario over it, say of the emulator's gateway: settings, and `quotas`."""
        over = ScenarioGateway() if over is None else over
        settings = self.gateway.written() | over.written()
        quotas = self.quotas.model_dump(exclude_unset=True) | over.quotas.model_dump(exclude_unset=True)
        return settings | {"quotas": quotas}


class ConnectionId(_Model):
    """Where a row says whose connection it is: in `attribute`, after `prefix`."""

    attribute: str
    prefix: str = ""


class Connections(_Model):
    """Which rows stand for connections, so that leftovers can be found."""

    table: str = Field(description="A table, by its name in this file.")
    connection_id: ConnectionId
    after_disconnect: AfterDisconnect = Field(
        default="deleted",
        description="Whether $disconnect deletes a connection's row; rows that are `kept` are judged only for being "
        "posted to without end.",
    )


class Execution(_Model):
    """How many invocations run at a time, on the emulator."""

    account_concurrency: int = Field(
        default=1000, ge=0, description="Of all functions; what comes beyond is throttled (L-8)."
    )
    max_environments: int = Field(
        default=8,
        ge=1,
        description="Of one function that reserves no concurrency; what comes beyond waits for its turn.",
    )


MOST_KEPT = 16
"""So many functions keep an idle process each, unless their `prewarm` says otherwise."""


class Stack(_Model):
    """One deployed application."""

    name: Annotated[
        str, name_rule(r"[A-Za-z][A-Za-z0-9-]{0,39}", "a letter, then at most 39 letters, digits and '-'")
    ]
    region: Annotated[str, name_rule(r"[a-z]{2}(-[a-z]+)+-\d", "a region such as us-east-1")] = "us-east-1"
    tables: Mapping[LogicalName, Table] = {}
    topics: Mapping[LogicalName, Topic] = {}
    queues: Mapping[LogicalName, Queue] = {}
    functions: Mapping[LogicalName, Function]
    rules: Mapping[LogicalName, Rule] = {}
    api: Api
    dynamodb: DynamoDbBehaviour = Field(
        default=DynamoDbBehaviour(), description="The emulator's tables where AWS's are a matter of luck."
    )
    execution: Execution = Field(default=Execution(), description="Limits of concurrency, on the emulator.")
    events: str | None = Field(
        default=None,
        description="The topic that matchers publish to; may be left out where there is one only.",
    )
    feed: Feed = Field(default=Feed(), description="The application's protocol.")
    connections: Connections | None = None

    def function_name(self, function: str) -> str:
        """The name in AWS of a function by its name in the file; KeyError for a stranger."""
        return self.functions[function].name or f"{self.name}-{function}"

    def rule_name(self, rule: str) -> str:
        """The name in AWS of a rule by its name in the file; KeyError for a stranger."""
        return self.rules[rule].name or f"{self.name}-{rule}"

    def prewarm(self, function: str) -> int:
        """How many environments of a function are kept from the start on; with 0 one is tried and ended."""
        asked = self.functions[function].prewarm
        if asked is not None:
            return asked
        return 1 if len(self.functions) <= MOST_KEPT else 0

    def events_topic(self) -> str | None:
        """The topic that matchers publish to, by its name in the file; None in a stack without topics."""
        return self.events or next(iter(self.topics), None)

    def connection_rows(self) -> ConnectionRows | None:
        """What checks must know of the rows that stand for connections; None when the file does not say which."""
        if self.connections is None:
            return None
        return ConnectionRows(
            prefix=self.connections.connection_id.prefix,
            after_disconnect=self.connections.after_disconnect,
            ttl=self.tables[self.connections.table].ttl,
        )

    def lacks(self) -> Mapping[str, str]:
        """Why a scenario cannot `publish` on this stack, or expect `purge` or `ttl`; what it can is not in it."""
        without_topic = {} if (why := self._unheard()) is None else {"publish": why}
        if (rows := self.connection_rows()) is None:
            why = "the stack does not say which rows stand for connections; name them in its 'connections'"
            return without_topic | {"purge": why, "ttl": why}
        return without_topic | (
            {} if rows.ttl else {"ttl": "the table of the stack's 'connections' has no 'ttl'"}
        )

    def _unheard(self) -> str | None:
        """Why nothing that is published can arrive, None when somebody is subscribed."""
        if (topic := self.events_topic()) is None:
            return "the stack has no topic"
        subscriptions = [
            *(one for function in self.functions.values() for one in function.subscribed_to),
            *(one for queue in self.queues.values() for one in queue.subscribed_to),
        ]
        if any(one.topic == topic for one in subscriptions):
            return None
        return f"nothing in the stack is subscribed to its topic '{topic}'; name it in a function's 'subscribed_to'"

    def sns_settings(self, over: SnsBehaviour | None = None, *, seed: int | None = None) -> dict[str, object]:
        """What the file, and a scenario over it, say of the emulator's SNS, by topic and for all others by `*`."""
        over = SnsBehaviour() if over is None else over
        topics = {topic.name: over.over(topic.delivery) for topic in self.topics.values()}
        return {"seed": seed, "topics": topics | {"*": over.over()}}

    def references(self) -> Iterator[str]:
        """Every name that `${...}` can stand for, in the order in which deploying makes them known."""
        yield "region"
        for name, table in self.tables.items():
            yield f"tables.{name}.name"
            if table.stream is not None:
                yield f"tables.{name}.stream_arn"
        for name in self.topics:
            yield from (f"topics.{name}.name", f"topics.{name}.arn")
        for name in self.queues:
            yield from (f"queues.{name}.name", f"queues.{name}.url", f"queues.{name}.arn")
        yield from ("api.id", "api.stage", "api.url", "api.management_endpoint")
        yield from (f"functions.{name}.name" for name in self.functions)
        yield from (f"functions.{name}.arn" for name in self.functions)


def references_in(value: str) -> tuple[str, ...]:
    """The names that stand in `${...}` in the value, in order."""
    return tuple(_REFERENCE.findall(value))


def resolve(value: str, outputs: Mapping[str, str]) -> str:
    """The value with each `${name}` replaced by the output of that name; KeyError for an unknown one."""
    return _REFERENCE.sub(lambda match: outputs[match[1]], value)
