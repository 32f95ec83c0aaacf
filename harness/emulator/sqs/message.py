"""A message as a queue hands it out."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from harness.emulator.letters import MessageAttribute


@dataclass(frozen=True, slots=True)
class Message:
    """A received message; `attributes` are SQS's own, `md5_of_attributes` is "" without `message_attributes`."""

    message_id: str
    receipt_handle: str
    body: str
    md5_of_body: str
    attributes: Mapping[str, str] = field(default_factory=dict)
    message_attributes: Mapping[str, MessageAttribute] = field(default_factory=dict)
    md5_of_attributes: str = ""
