"""Letters: what a service of the account sends by itself, a message for a queue, a topic or a function."""

from collections.abc import Mapping
from dataclasses import dataclass, field

_LARGEST = {"sqs": 1_048_576, "sns": 262_144, "lambda": 1_048_576}


@dataclass(frozen=True, slots=True)
class MessageAttribute:
    """A message attribute; `value` is text, or base64 text for Binary."""

    type: str
    value: str


@dataclass(frozen=True, slots=True)
class Letter:
    """`body` for whoever has the ARN `target`; a function gets no `attributes`, FIFO queues have groups.

    It came out of the message or event `origin`, or tells of the invocation `request`; "" where there is none.
    """

    target: str
    body: str
    attributes: Mapping[str, MessageAttribute] = field(default_factory=dict)
    message_group: str = ""
    origin: str = ""
    request: str = ""


def service_of(arn: str) -> str:
    """The service in an ARN, "" for what is none."""
    parts = arn.split(":")
    return parts[2] if len(parts) >= 6 and parts[0] == "arn" else ""


def is_too_large(letter: Letter) -> bool:
    """Whether the target takes no message of this size (L-10, S-24)."""
    size = len(letter.body.encode()) + sum(
        len(name) + len(one.value) for name, one in letter.attributes.items()
    )
    return size > _LARGEST.get(service_of(letter.target), 0)
