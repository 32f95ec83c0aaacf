"""A running stack for tests that people write in Python: clients, a publisher, every call blocking and bounded.

The event loop that carries it lives in a thread of its own; a test is an ordinary function.

    with live_stack("stack.yaml") as stack:
        alice = stack.connect("alice", query={"market": "BTC-PERP"})
        event_id = stack.publish({"type": "trade", "market": "BTC-PERP", "price": "64523.5"})
        assert alice.receive()["eventId"] == event_id
"""

import asyncio
import itertools
import threading
from collections import deque
from collections.abc import Callable, Coroutine, Iterator, Mapping
from concurrent.futures import Future, wait
from contextlib import AsyncExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import orjson

from harness.backends.choice import EMBEDDED, BackendChoice
from harness.checks.verdict import ScenarioResult
from harness.clients.client import Client
from harness.clients.publisher import Publisher
from harness.clock import RealClock
from harness.errors import BackendError, UsageError
from harness.event_loop import run as run_event_loop
from harness.progress import Silent
from harness.record.observation import (
    ClientClosed,
    ClientRefused,
    EventPublished,
    MessageReceived,
    Observation,
    PublishFailed,
)
from harness.record.store import RunFolder
from harness.run import judged, record
from harness.run_reports import new_run_folder
from harness.scenario.loader import load_scenario
from harness.stack.loader import load_stack, placed_in
from harness.stack.model import Stack
from harness.testbed import Outside, Testbed, open_testbed

if TYPE_CHECKING:
    from botocore.client import BaseClient

T = TypeVar("T")

START_TIMEOUT = 120.0
CALL_TIMEOUT = 30.0
STOP_TIMEOUT = 30.0


class HandshakeRefused(Exception):
    """The opening handshake was answered with `status` (0: no answer at all)."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(f"the opening handshake was refused: {status} {reason}".rstrip())
        self.status = status


class LiveClient:
    """One connected client. Messages that arrive wait in order until `receive` takes them."""

    def __init__(
        self, name: str, stack: "LiveStack", query: Mapping[str, str], headers: Mapping[str, str]
    ) -> None:
        self.name = name
        self._stack = stack
        self._changed = threading.Condition()
        self._messages: deque[str] = deque()
        self._closed: ClientClosed | None = None
        self._refused: ClientRefused | None = None
        self._client = stack._new_client(name, self._note, query, headers)

    def _note(self, seen: Observation) -> None:
        with self._changed:
            match seen:
                case MessageReceived():
                    self._messages.append(seen.text)
                case ClientClosed():
                    self._closed = seen
                case ClientRefused():
                    self._refused = seen
            self._changed.notify_all()

    def _connect(self) -> None:
        if not self._stack._call(self._client.connect()):
            assert self._refused is not None
            raise HandshakeRefused(self._refused.status, self._refused.reason)

    def subscribe(self, channel: str) -> None:
        """Sends the feed's subscribe message and returns when its handler has ended.

        ConnectionError when the client is not connected any more.
        """
        if not self._stack._call(self._client.subscribe(channel)):
            raise ConnectionError(f"{self.name} is not connected, so it cannot subscribe to {channel}")
        self._stack.settle()

    def receive(self, timeout: float = CALL_TIMEOUT) -> Any:
        """The next message, decoded from JSON (or as text, if it is none); TimeoutError after `timeout` seconds."""
        with self._changed:
            if not self._changed.wait_for(lambda: self._messages, timeout):
                raise TimeoutError(f"{self.name} received no message within {timeout:g} s")
            return _decoded(self._messages.popleft())

    def received(self) -> list[Any]:
        """Every message that has arrived and was not taken yet, after all in flight has settled."""
        self._stack.settle()
        self._stack._call(self._client.roundtrip(CALL_TIMEOUT))
        with self._changed:
            messages = [_decoded(text) for text in self._messages]
            self._messages.clear()
        return messages

    def closed(self, timeout: float = CALL_TIMEOUT) -> ClientClosed:
        """How the connection was closed; TimeoutError when it is still open after `timeout` seconds."""
        with self._changed:
            if not self._changed.wait_for(lambda: self._closed is not None, timeout):
                raise TimeoutError(f"{self.name} is still connected after {timeout:g} s")
            assert self._closed is not None
            return self._closed

    def leave(self) -> None:
        """Closes politely, with a close frame; nothing happens when the connection has ended already."""
        self._stack._call(self._client.leave())

    def vanish(self) -> None:
        """Resets the TCP connection: no close frame."""
        self._stack._call(_as_coroutine(self._client.vanish))


class LiveStack:
    """A deployed stack."""

    def __init__(self, testbed: Testbed, host: "_LoopThread") -> None:
        self._testbed, self._host = testbed, host
        self._clock = RealClock()
        self._numbers = itertools.count(1)
        self._clients: list[Client] = []
        self._outcomes: dict[str, EventPublished | PublishFailed] = {}
        self._publisher = Publisher(
            topic_arn=testbed.topic_arn,
            sns_client_factory=testbed.sns_client,
            feed=testbed.stack.feed,
            clock=self._clock,
            note=self._published,
        )

    @property
    def url(self) -> str:
        """The WebSocket URL of the deployed API."""
        return self._testbed.deployment.url

    @property
    def endpoint(self) -> str:
        """The AWS endpoint."""
        return self._testbed.backend.endpoint

    def aws(self, service: str) -> "BaseClient":
        """A boto3 client of the running AWS."""
        return self._testbed.backend.client(service)

    def table_name(self, name: str) -> str:
        """The real name of a table, by its name in stack.yaml."""
        return self._testbed.deployment.table_name(name)

    def connect(
        self,
        name: str = "client",
        *,
        query: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> LiveClient:
        """A connected client; HandshakeRefused when `$connect` did not accept it."""
        client = LiveClient(name, self, query or {}, headers or {})
        client._connect()
        return client

    def publish(self, event: Mapping[str, object]) -> str:
        """Publishes a matcher event and returns its id, which its messages carry; BackendError when SNS refuses it.

        UsageError when the stack has no topic. The event's own id, where it has one; else one is given to it.
        """
        given = self._testbed.stack.feed.event_id_of(event)
        event_id = given or f"live-{next(self._numbers)}"
        self._call(self._publisher.publish(event, event_id, self._clock.monotonic()))
        outcome = self._outcomes.pop(event_id)
        if isinstance(outcome, PublishFailed):
            raise BackendError(f"SNS did not take the event: {outcome.error}")
        return event_id

    def settle(self, timeout: float = CALL_TIMEOUT) -> None:
        """Returns when nothing is in flight any more; TimeoutError after `timeout` seconds."""
        outside = Outside(lambda: sum(client.messages for client in self._clients))
        if not self._call(self._testbed.quiet(timeout, outside), timeout + CALL_TIMEOUT):
            raise TimeoutError(f"something was still in flight after {timeout:g} s")

    def new_run_folder(self, runs: Path) -> RunFolder:
        """A folder below `runs` for the scenarios that are played here."""
        return new_run_folder(self._testbed, runs)

    def play(
        self, scenario_file: Path, run_folder: RunFolder, *, accepted: frozenset[str] = frozenset()
    ) -> ScenarioResult:
        """Plays a scenario file on this stack, keeps its history, and judges it; an `accepted` UNKNOWN may pass."""
        stack = self._testbed.stack
        rows, lacks = stack.connection_rows(), stack.lacks()
        scenario = load_scenario(scenario_file, feed=stack.feed, rows=rows, lacks=lacks)
        recording = record(self._testbed, scenario_file, scenario, run_folder, Silent())
        return judged(self._call(recording, None), accepted=accepted)

    def _published(self, seen: Observation) -> None:
        if isinstance(seen, EventPublished | PublishFailed):
            self._outcomes[seen.event] = seen

    def _new_client(
        self,
        name: str,
        note: Callable[[Observation], None],
        query: Mapping[str, str],
        headers: Mapping[str, str],
    ) -> Client:
        client = Client(
            name,
            self.url,
            feed=self._testbed.stack.feed,
            clock=self._clock,
            note=note,
            query=query,
            headers=headers,
        )
        self._clients = [one for one in self._clients if one.is_connected] + [client]
        return client

    def _call(self, work: Coroutine[object, object, T], timeout: float | None = CALL_TIMEOUT) -> T:
        return self._host.call(work, timeout)

    async def _close(self) -> None:
        await asyncio.gather(self._publisher.close(), *(client.cut() for client in self._clients))


@contextmanager
def live_stack(stack: Stack | Path | str, *, backend: BackendChoice = EMBEDDED) -> Iterator[LiveStack]:
    """The stack (or its file) running until the context ends, on an emulator of its own if not elsewhere.

    UsageError for a mistake in the file, and for AWS, where a run must say first what it does; DeploymentFailed when
    a handler cannot start, BackendError when the backend cannot.
    """
    if backend.aws is not None:
        raise UsageError(
            "the backend aws is for `harness run` alone, which tells beforehand what a run may cost"
        )
    loaded = stack if isinstance(stack, Stack) else load_stack(Path(stack))
    with _LoopThread() as host:
        until_the_end = AsyncExitStack()
        try:
            opening = until_the_end.enter_async_context(open_testbed(loaded, backend))
            with placed_in(None if isinstance(stack, Stack) else Path(stack)):
                testbed = host.call(opening, START_TIMEOUT)
            running = LiveStack(testbed, host)
            until_the_end.push_async_callback(running._close)
            yield running
        finally:
            host.call(until_the_end.aclose(), STOP_TIMEOUT)


class _LoopThread:
    """An event loop in a thread of its own, for callers that block; it ends with the context."""

    def __init__(self) -> None:
        self._thread = threading.Thread(target=lambda: run_event_loop(self._serve()), name="harness-live")
        self._started: Future[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = Future()

    def __enter__(self) -> "_LoopThread":
        self._thread.start()
        self._loop, self._stop = self._started.result(CALL_TIMEOUT)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()

    def call(self, work: Coroutine[object, object, T], timeout: float | None) -> T:
        """What the work returns; it is cancelled when the caller is interrupted or `timeout` seconds have passed."""
        future = asyncio.run_coroutine_threadsafe(work, self._loop)
        try:
            wait((future,), timeout)
            if future.done():
                return future.result()
        finally:
            future.cancel()
        raise TimeoutError(f"the harness did not answer within {timeout:g} s")

    async def _serve(self) -> None:
        stop = asyncio.Event()
        self._started.set_result((asyncio.get_running_loop(), stop))
        await stop.wait()
        # What was cancelled may still be ending processes.
        if cancelled := asyncio.all_tasks() - {asyncio.current_task()}:
            await asyncio.wait(cancelled, timeout=STOP_TIMEOUT)


async def _as_coroutine(act: Callable[[], T]) -> T:
    return act()


def _decoded(text: str) -> Any:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return text
