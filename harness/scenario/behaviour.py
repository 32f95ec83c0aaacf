"""Behaviour of the emulator where AWS leaves it open or to luck: what stack.yaml sets, and a scenario over it.

The emulator holds the same switches by the same names, and the same defaults: `gateway.configuration`,
`sns.behaviour`, `dynamodb.settings`. Codes such as Q-1 are rows of docs/aws-rows.csv.
"""

from typing import Annotated, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field

from harness.durations import Duration, DurationRange

Share = Annotated[float, Field(ge=0, le=1)]
Rate: TypeAlias = Annotated[float, Field(ge=0)] | Literal["unlimited"]


class _Settings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Quotas(_Settings):
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


class GatewaySettings(_Settings):
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


class DynamoDbBehaviour(_Settings):
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


class SnsBehaviour(_Settings):
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
