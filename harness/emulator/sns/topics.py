"""Topics, as delivery needs them: confirmed subscriptions and the attributes that matter on the way."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from harness.emulator.sns.filter_policy import FilterPolicy
from harness.emulator.sns.retry_policy import AWS_SERVICES, RetryPolicy

MESSAGE_BYTES = 262_144
"""The default limit of a message with its attributes (S-24), and of a whole batch (S-27)."""


@dataclass(frozen=True, slots=True)
class Subscription:
    """A confirmed subscription; `raw` delivers the message without its envelope.

    `dead_letter_queue` is the ARN in its redrive policy, "" without one (S-18).
    """

    arn: str
    protocol: str
    endpoint: str
    filter_policy: FilterPolicy | None = None
    dead_letter_queue: str = ""
    raw: bool = False
    retry_policy: RetryPolicy = AWS_SERVICES


@dataclass(frozen=True, slots=True)
class Topic:
    """`maximum_message_size` is in bytes, attributes included (S-25).

    `protocols` are those of all its subscriptions, of those too that their endpoints have yet to confirm.
    """

    arn: str
    subscriptions: tuple[Subscription, ...] = ()
    protocols: tuple[str, ...] = ()
    maximum_message_size: int = MESSAGE_BYTES
    signature_version: str = "1"

    @property
    def name(self) -> str:
        """The last part of its ARN."""
        return self.arn.rpartition(":")[2]


TopicOf: TypeAlias = Callable[[str], Topic | None]
"""The topic with an ARN; None when there is no such topic."""
