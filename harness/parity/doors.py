"""Doors of a backend that are public, as claims use them: boto3 clients, WebSocket clients, and what functions got.

Each wait ends after `WAIT` seconds with `NoAnswer`. What a claim needs is deployed when it is first asked for;
`NotCarried` says that the backend has it not. `close` deletes everything that was made.
"""

import json
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeAlias
from urllib.parse import urlencode, urlsplit

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol

from harness.errors import BackendError
from harness.parity.deployment import (
    WebSocketApi,
    bare_stack,
    composed_stack,
    deploy,
    full_stack,
)
from harness.parity.shapes import named
from harness.parity.subject import REGION, Subject
from harness.stack.model import Stack
from harness.stack.removal import Made, remove

WAIT = 30.0
"""Seconds that anything may take."""
POLL = 1
"""Seconds that one look into the recorder's queue waits for something to come."""

Event: TypeAlias = dict[str, Any]


class NoAnswer(Exception):
    """What was waited for did not come."""


class NotCarried(Exception):
    """The backend has not what the claim is about."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """An event that the recording function got, and how its post to its own connection ended, if it made one."""

    event: Event
    post: object

    @property
    def context(self) -> Event:
        """The request context; empty for what does not come from an API."""
        context: Event = self.event.get("requestContext") or {}
        return context


class Doors:
    """What claims measure a subject through; safe for threads. Whoever made it calls `close`."""

    def __init__(self, subject: Subject) -> None:
        self.subject = subject
        self._tag = uuid.uuid4().hex[:8]
        self._session = boto3.Session(
            aws_access_key_id="test",
            aws_secret_access_key="test",  # noqa: S106 - any do where there is no AWS
            region_name=REGION,
        )
        self._lock = threading.RLock()
        self._clients: dict[tuple[str, str], Any] = {}
        self._once: dict[str, object] = {}
        self._made: list[Made] = []

    def close(self) -> str:
        """Deletes what was made, and nothing else; what could not be deleted, in words, "" when everything was."""
        try:
            remove(self._made, self.client)
        except BackendError as error:
            return str(error)
        finally:
            for client in self._clients.values():
                client.close()
        return ""

    def make(self, service: str, operation: str, **asked: object) -> Any:
        """The answer to a call that makes something, which `close` deletes; botocore's errors."""
        answer = getattr(self.client(service), operation)(**asked)
        self._made.append(Made(f"{operation} of a claim", service, operation, asked, answer))
        return answer

    def name(self, kind: str) -> str:
        """A name that nothing else has."""
        return f"parity-{self._tag}-{kind}-{uuid.uuid4().hex[:6]}"

    def client(self, service: str, endpoint: str | None = None) -> Any:
        """A boto3 client of the service that tries once and waits `WAIT` seconds at most."""
        url = endpoint or self.subject.endpoint
        with self._lock:
            if (service, url) not in self._clients:
                config = Config(connect_timeout=WAIT, read_timeout=WAIT, retries={"total_max_attempts": 1})
                self._clients[service, url] = self._session.client(  # type: ignore[call-overload]  # any service
                    service, endpoint_url=url, config=config
                )
            return self._clients[service, url]

    def management(self, api: WebSocketApi | None = None) -> Any:
        """A boto3 client of the API's @connections."""
        return self.client("apigatewaymanagementapi", (api or self.full).management_endpoint)

    @property
    def full(self) -> WebSocketApi:
        """The API with every predefined route, `one-way`, and `two-way`."""
        return self._api(full_stack)

    @property
    def bare(self) -> WebSocketApi:
        """The API that has the two-way route `known` and none of the predefined ones."""
        return self._api(bare_stack)

    @property
    def composed(self) -> WebSocketApi:
        """The API that selects its routes `chat/join` and `chat/` by two fields."""
        return self._api(composed_stack)

    def _api(self, stack_of: Callable[[str, Mapping[str, str]], Stack]) -> WebSocketApi:
        def make() -> WebSocketApi:
            stack = stack_of(self._tag, {**self.subject.variables, "QUEUE_URL": self.recordings.queue_url})
            return deploy(stack, self.client, self.subject.urls, self._made.append)

        made = self.once(stack_of.__name__, make)
        assert isinstance(made, WebSocketApi)
        return made

    @property
    def recordings(self) -> "Recordings":
        """The events that the recording functions got."""
        made = self.once("recordings", self._queue)
        assert isinstance(made, Recordings)
        return made

    def _queue(self) -> "Recordings":
        url = self.make("sqs", "create_queue", QueueName=self.name("recorded"))["QueueUrl"]
        return Recordings(self.client("sqs"), url)

    def once(self, what: str, make: Callable[[], object]) -> object:
        """What `make` made the first time; NotCarried, the first time and ever after, when it could not."""
        with self._lock:
            if what not in self._once:
                try:
                    self._once[what] = make()
                except (BackendError, ClientError, BotoCoreError) as error:
                    self._once[what] = NotCarried(str(error))
            made = self._once[what]
        if isinstance(made, NotCarried):
            raise made
        return made

    def open(
        self,
        api: WebSocketApi | None = None,
        *,
        path: str = "",
        query: Mapping[str, str] | None = None,
        subprotocols: tuple[str, ...] = (),
        user_agent: str | None = "parity",
    ) -> ClientConnection:
        """A client's connection, open; websockets' errors when it is refused, TimeoutError after `WAIT`."""
        url = (api or self.full).url + path + (f"?{urlencode(query)}" if query else "")
        return connect(
            url,
            subprotocols=[Subprotocol(one) for one in subprotocols] or None,
            user_agent_header=user_agent,
            open_timeout=WAIT,
            close_timeout=WAIT,
            ping_interval=None,
            proxy=None,
            max_size=None,
        )

    @contextmanager
    def connected(
        self,
        *,
        api: WebSocketApi | None = None,
        told: object = None,
        asks: bool = True,
        user_agent: bool = True,
        subprotocols: tuple[str, ...] = (),
    ) -> "Iterator[Client]":
        """A client of an API that has a `$connect`, once its CONNECT was recorded; it leaves with the context.

        The client's token, by which its event is known, stands in the query (`asks`) and in the user agent.
        """
        token = uuid.uuid4().hex[:12]
        query = {"claim": token} if asks else {}
        if told is not None:
            query["tell"] = json.dumps(told)
        agent = f"parity/{token}" if user_agent else None
        with self.open(api, query=query, user_agent=agent, subprotocols=subprotocols) as socket:
            opened = self.recordings.first(
                lambda one: token in json.dumps(one.event), "no event of the handshake"
            )
            yield Client(self, api or self.full, socket, opened, agent or "", token)


@dataclass(frozen=True, slots=True)
class Client:
    """A connected client, its API, and the event of its handshake."""

    doors: Doors
    api: WebSocketApi
    socket: ClientConnection
    opened: Recorded
    user_agent: str
    token: str

    @property
    def connection_id(self) -> str:
        return str(self.opened.context.get("connectionId"))

    @property
    def management(self) -> Any:
        """A boto3 client of the API's @connections."""
        return self.doors.management(self.api)

    def send(self, action: str, **fields: object) -> str:
        """Sends a message for the route `action` and returns its text."""
        text = json.dumps({"action": action, **fields})
        self.socket.send(text)
        return text

    def next_event(self, kind: str) -> Recorded:
        """The next MESSAGE or DISCONNECT of this connection; NoAnswer when none comes."""
        return self.doors.recordings.first(
            lambda one: (
                (one.context.get("connectionId"), one.context.get("eventType")) == (self.connection_id, kind)
            ),
            f"no {kind} event",
        )

    def receive(self) -> str | bytes:
        """The next message to the client; NoAnswer when none comes, ConnectionClosed when it was closed."""
        return received(self.socket)

    def leave(self) -> Recorded:
        """Closes with 1000 and returns the DISCONNECT."""
        self.socket.close()
        return self.next_event("DISCONNECT")

    def named(self, value: object) -> object:
        """The value with this run's own ids and addresses replaced by what they are."""
        url = urlsplit(self.api.url)
        return named(
            value,
            {
                self.connection_id: "<this connection>",
                self.api.api_id: "<this API>",
                self.user_agent: "<this client>",
                self.token: "<this claim>",
                url.netloc: "<this host>",
            },
        )


def received(socket: ClientConnection) -> str | bytes:
    """The next message on a connection; NoAnswer when none comes, ConnectionClosed when it was closed."""
    try:
        return socket.recv(WAIT)
    except TimeoutError as error:
        raise NoAnswer(f"no message within {WAIT:.0f} s") from error


class Recordings:
    """What the recording functions sent to their queue; each event is handed out once. Safe for threads."""

    def __init__(self, sqs: Any, queue_url: str) -> None:
        self.queue_url = queue_url
        self._sqs = sqs
        self._waiting: list[Recorded] = []
        self._polling = threading.Lock()

    def first(self, matches: Callable[[Recorded], bool], otherwise: str) -> Recorded:
        """The first event that matches; NoAnswer, beginning with `otherwise`, when none comes within `WAIT`."""
        deadline = time.monotonic() + WAIT
        while True:
            with self._polling:
                if (found := next(filter(matches, self._waiting), None)) is not None:
                    self._waiting.remove(found)
                    return found
                if time.monotonic() >= deadline:
                    raise NoAnswer(f"{otherwise} within {WAIT:.0f} s")
                self._poll()

    def so_far(self, matches: Callable[[Recorded], bool]) -> list[Recorded]:
        """The events that match among those that have come, in the order of their coming; they are not taken."""
        with self._polling:
            return [one for one in self._waiting if matches(one)]

    def _poll(self) -> None:
        answer = self._sqs.receive_message(
            QueueUrl=self.queue_url, MaxNumberOfMessages=10, WaitTimeSeconds=POLL
        )
        for message in answer.get("Messages", []):
            self._sqs.delete_message(QueueUrl=self.queue_url, ReceiptHandle=message["ReceiptHandle"])
            report = json.loads(message["Body"])
            self._waiting.append(Recorded(report["event"], report["post"]))
