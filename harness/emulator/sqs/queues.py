"""Queues of moto's: put into, received from, deleted from, listened to.

moto's state is touched in its own thread only.
"""

import base64
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from moto.core.utils import unix_time_millis

from harness.emulator.letters import MessageAttribute
from harness.emulator.moto_services import MotoThread, ServiceException, backend_of
from harness.emulator.sqs.message import Message

MOST_RECEIVED = 10
"""Messages that SQS hands out at a time."""


@dataclass(frozen=True, slots=True)
class Received:
    """What a queue handed out, for how many seconds nobody else sees it, and when the next message can be seen.

    `next_in` is in seconds; None when no message is on its way back.
    """

    messages: tuple[Message, ...]
    visibility_timeout: float
    next_in: float | None


class MotoQueue:
    """The queue with this ARN, whether or not it is there yet. `ring` is called whenever a message is added to it.

    That is in moto's thread, and for a queue only that was received from once; `listener` tells listeners apart.

    A queue that is not there raises nothing: `receive` gives None, and `delete` does nothing.
    """

    def __init__(self, arn: str, moto: MotoThread, *, listener: str, ring: Callable[[], None]) -> None:
        self._arn, self._moto = arn, moto
        self._listener, self._doorbell = listener, _Doorbell(ring)

    async def receive(self, most: int) -> Received | None:
        """At most so many messages, and never more than SQS hands out; None when there is no such queue."""
        return await self._moto.run(lambda: self._receive(min(most, MOST_RECEIVED)))

    async def delete(self, receipt_handles: Iterable[str]) -> None:
        """Deletes the messages; one that is gone already stays so."""
        handles = tuple(receipt_handles)
        await self._moto.run(lambda: self._delete(handles))

    def stop_listening(self) -> None:
        """`ring` is called no more, once moto's thread has come to it."""
        self._moto.submit(self._silence)

    # --- in moto's thread ---------------------------------------------------------------------------------

    def _receive(self, most: int) -> Received | None:
        backend, queue = _find(self._arn)
        if queue is None:
            return None
        queue.lambda_event_source_mappings[self._listener] = self._doorbell
        found = backend.receive_message(queue.name, most, 0, queue.visibility_timeout, ["All"])
        messages = tuple(map(_message, found))
        return Received(messages, float(queue.visibility_timeout), None if messages else _next_in(queue))

    def _delete(self, receipt_handles: Iterable[str]) -> None:
        backend, queue = _find(self._arn)
        for handle in receipt_handles if queue is not None else ():
            try:
                backend.delete_message(queue.name, handle)
            except ServiceException:
                continue  # it was purged, or went to the dead-letter queue meanwhile

    def _silence(self) -> None:
        _, queue = _find(self._arn)
        if queue is not None:
            queue.lambda_event_source_mappings.pop(self._listener, None)


class _Doorbell:
    """Hangs where moto keeps event source mappings of its own, and is asked after every message that is added."""

    def __init__(self, ring: Callable[[], None]) -> None:
        self._ring = ring

    @property
    def enabled(self) -> bool:
        """Never, so that moto does not read the queue itself."""
        self._ring()
        return False


@dataclass(frozen=True, slots=True)
class QueueMessage:
    """What a queue gets; `attributes` are SQS message attributes, text or base64 text by their type.

    Without `checks_group`, a FIFO queue takes it without a group too.
    """

    queue_arn: str
    body: str
    attributes: Mapping[str, Mapping[str, object]]
    group_id: str | None = None
    deduplication_id: str | None = None
    checks_group: bool = True


@dataclass(frozen=True, slots=True)
class NotTaken:
    """The queue does not take a message, and why."""

    why: str


def put(message: QueueMessage) -> str | NotTaken:
    """Puts the message into its queue, in moto's thread, and gives the id that the queue gave it."""
    backend, queue = _find(message.queue_arn)
    if queue is None:
        return NotTaken("no such queue")
    try:
        taken = backend.send_message(
            queue.name,
            message.body,
            message_attributes={name: _of_moto(one) for name, one in message.attributes.items()},
            deduplication_id=message.deduplication_id,
            group_id=message.group_id,
            validate_group_id=message.checks_group,
        )
    except ServiceException as refused:
        return NotTaken(str(refused))
    return str(taken.id)


def visibility_timeout_of(arn: str) -> float | None:
    """A queue's visibility timeout in seconds, None when there is no such queue; in moto's thread."""
    _, queue = _find(arn)
    return None if queue is None else float(queue.visibility_timeout)


def _find(arn: str) -> tuple[Any, Any]:
    """(moto's backend, its queue), the queue None when it is not there."""
    region, _, name = arn.split(":", 5)[3:]
    backend: Any = backend_of("sqs", region)
    return backend, None if backend is None else backend.queues.get(name)


def _next_in(queue: Any) -> float | None:
    now = unix_time_millis()
    later = [max(one.visible_at, one.delayed_until) - now for one in queue._messages]
    waits = [wait for wait in later if wait >= 0]
    # moto shows a message after the millisecond at which its time is over.
    return (min(waits) + 1.0) / 1000 if waits else None


def _message(message: Any) -> Message:
    attributes = {
        "ApproximateReceiveCount": str(message.approximate_receive_count),
        "AWSTraceHeader": (message.system_attributes.get("AWSTraceHeader") or {}).get("StringValue"),
        "SentTimestamp": str(message.sent_timestamp),
        "SequenceNumber": message.sequence_number,
        "MessageGroupId": message.group_id,
        "SenderId": message.sender_id,
        "MessageDeduplicationId": message.deduplication_id,
        "ApproximateFirstReceiveTimestamp": str(message.approximate_first_receive_timestamp),
    }
    return Message(
        message.id,
        message.receipt_handle,
        message.body,
        message.body_md5,
        {name: value for name, value in attributes.items() if value is not None},
        {name: _attribute(one) for name, one in message.message_attributes.items()},
        message.attribute_md5 if message.message_attributes else "",
    )


def _attribute(attribute: dict[str, Any]) -> MessageAttribute:
    value = attribute.get("BinaryValue")
    if value is None:
        value = attribute.get("StringValue", "")
    text = base64.b64encode(value).decode() if isinstance(value, bytes) else str(value)
    return MessageAttribute(attribute["DataType"], text)


def _of_moto(attribute: Mapping[str, object]) -> dict[str, object]:
    """A message attribute as moto's queues hold it: binary as bytes."""
    binary = attribute.get("BinaryValue")
    return dict(attribute) if binary is None else {**attribute, "BinaryValue": base64.b64decode(str(binary))}
