"""Endpoints of subscriptions: a message put into a queue or posted to HTTP. One attempt; retrying is `delivery`'s.

What came of an attempt is an `Ending`: delivered, refused for good (a client-side error, never retried), or failed.
"""

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeAlias
from urllib.parse import urlsplit

from harness.clock import Clock
from harness.emulator.journal import Note
from harness.emulator.moto_services import MotoThread
from harness.emulator.sns.envelope import Notification, queue_body
from harness.emulator.sns.http_message import (
    MessageType,
    Unsigned,
    confirmation_message,
    confirmation_text,
    headers,
    notification_message,
    raw_body,
    signed_body,
)
from harness.emulator.sns.publish import Publication
from harness.emulator.sns.signing import Signer
from harness.emulator.sns.topics import Subscription, Topic
from harness.emulator.sqs.queues import NotTaken, QueueMessage, put
from harness.record.observation import Sent

HTTP_TIMEOUT = 15.0
MOST_RAW_ATTRIBUTES = 10
CERTIFICATE_PATH = "/SimpleNotificationService-fa0e7a57000000000000000000000001.pem"


@dataclass(frozen=True, slots=True)
class Delivery:
    """One message on its way to one subscription; `token` is that of a confirmation."""

    topic: Topic
    subscription: Subscription
    publication: Publication
    notification: Notification
    type: MessageType = "Notification"
    token: str = ""


@dataclass(frozen=True, slots=True)
class Delivered:
    """The endpoint took the message."""


@dataclass(frozen=True, slots=True)
class Refused:
    """The endpoint is not there or takes no such message: a client-side error, never retried (S-17)."""

    why: str


@dataclass(frozen=True, slots=True)
class Failed:
    """The endpoint's service failed: the delivery policy says when to try again (S-17)."""

    why: str


Ending: TypeAlias = Delivered | Refused | Failed
Send: TypeAlias = Callable[[Delivery], Awaitable[Ending]]
"""One attempt at a delivery; never raises for what an endpoint does."""


def queue_message(delivery: Delivery) -> QueueMessage | Refused:
    """The message for a queue: in its envelope, or raw with the attributes as the queue's own."""
    publication, subscription = delivery.publication, delivery.subscription
    attributes: dict[str, dict[str, object]] = {}
    if subscription.raw:
        if len(publication.attributes) > MOST_RAW_ATTRIBUTES:
            return Refused(f"{subscription.endpoint} takes no raw message with more than 10 attributes")
        attributes = {
            name: {"DataType": one.type, f"{_field(one.type)}Value": one.value}
            for name, one in publication.attributes.items()
        }
        body = delivery.notification.message
    else:
        body = queue_body(delivery.notification, delivery.topic.signature_version)
    return QueueMessage(
        subscription.endpoint,
        body,
        attributes,
        publication.group_id,
        publication.deduplication_id,
        checks_group=False,
    )


def _field(kind: str) -> str:
    return "Binary" if kind.startswith("Binary") else "String"


class QueueEndpoints:
    """Puts messages into queues, and notes which ids they have there.

    Raises nothing for what a queue does: that is the `Ending`.
    """

    def __init__(self, moto: MotoThread, *, clock: Clock, note: Note) -> None:
        self._moto, self._clock, self._note = moto, clock, note

    async def send(self, delivery: Delivery) -> Ending:
        """One attempt."""
        message = queue_message(delivery)
        if isinstance(message, Refused):
            return message
        at = self._clock.monotonic()
        taken = await self._moto.run(lambda: put(message))
        if isinstance(taken, NotTaken):
            return Refused(f"{message.queue_arn} took no message: {taken.why}")
        self._note(Sent(at, taken, message.queue_arn, origin=delivery.notification.message_id))
        return Delivered()


class HttpEndpoints:
    """POSTs messages to HTTP and HTTPS subscribers, each on a connection of its own.

    Raises nothing for what an endpoint does: that is the `Ending`, and the connection is closed.
    """

    def __init__(self, *, emulator: Callable[[], str], signer: Signer, trusted: str) -> None:
        """`emulator` is the address that the URLs in messages lead to, `trusted` a file of certificates."""
        self._emulator, self._signer, self._trusted = emulator, signer, trusted

    async def send(self, delivery: Delivery) -> Ending:
        """One attempt; the endpoint has 15 seconds to answer."""
        body = await asyncio.to_thread(self._body, delivery)
        fields = headers(delivery.type, delivery.notification, delivery.subscription)
        url = delivery.subscription.endpoint
        try:
            async with asyncio.timeout(HTTP_TIMEOUT):
                status = await _post(url, fields, body, ssl.create_default_context(cafile=self._trusted))
        except (OSError, ValueError, asyncio.IncompleteReadError, asyncio.LimitOverrunError) as error:
            return Failed(f"{url} did not answer: {type(error).__name__}: {error}")
        return _ending(url, status)

    def _body(self, delivery: Delivery) -> bytes:
        if delivery.type == "Notification" and delivery.subscription.raw:
            return raw_body(delivery.notification)
        unsigned, version = self._unsigned(delivery), delivery.topic.signature_version
        return signed_body(
            unsigned,
            version=version,
            signature=self._signer.sign(unsigned.text_to_sign(), version),
            certificate_url=f"{self._emulator()}{CERTIFICATE_PATH}",
        )

    def _unsigned(self, delivery: Delivery) -> Unsigned:
        if delivery.type == "Notification":
            return notification_message(delivery.notification, self._emulator())
        return confirmation_message(delivery.type, delivery.notification, delivery.token, self._emulator())


def confirmation(
    kind: MessageType, topic: Topic, subscription: Subscription, *, message_id: str, token: str, at: float
) -> Delivery:
    """The message of a handshake, ready for delivery; `at` is the wall time."""
    assert kind != "Notification"
    text = confirmation_text(kind, topic.arn, subscription.arn)
    notification = Notification(message_id, topic.arn, subscription.arn, text, at)
    return Delivery(topic, subscription, Publication(topic.arn, text), notification, kind, token)


def _ending(url: str, status: int) -> Ending:
    """429 and 5xx are tried again; every other answer but 2xx is for good."""
    if 200 <= status < 300:
        return Delivered()
    why = f"{url} answered {status}"
    return Failed(why) if status == 429 or status >= 500 else Refused(why)


async def _post(url: str, fields: tuple[tuple[str, str], ...], body: bytes, tls: ssl.SSLContext) -> int:
    """The status of the answer; OSError (TimeoutError with it) or ValueError when there is none."""
    parts = urlsplit(url)
    secure = parts.scheme == "https"
    reader, writer = await asyncio.open_connection(
        parts.hostname, parts.port or (443 if secure else 80), ssl=tls if secure else None
    )
    try:
        writer.write(_head(parts.netloc.rpartition("@")[2], _target(url), fields, len(body)) + body)
        await writer.drain()
        return await _status(reader)
    finally:
        writer.close()


def _target(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.path or '/'}{'?' + parts.query if parts.query else ''}"


def _head(host: str, target: str, fields: tuple[tuple[str, str], ...], length: int) -> bytes:
    every = (("Host", host), *fields, ("Content-Length", str(length)), ("Connection", "close"))
    lines = [f"POST {target} HTTP/1.1", *(f"{name}: {value}" for name, value in every), "", ""]
    return "\r\n".join(lines).encode()


async def _status(reader: asyncio.StreamReader) -> int:
    """The status of the final answer; those of 1xx come before it."""
    while True:
        version, status, *_ = (await reader.readuntil(b"\r\n")).split(maxsplit=2)
        if not version.startswith(b"HTTP/1."):
            raise ValueError("no HTTP")
        if int(status) >= 200:
            return int(status)
        while await reader.readuntil(b"\r\n") != b"\r\n":
            pass
