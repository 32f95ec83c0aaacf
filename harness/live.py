"""A running stack for tests that people write in Python: clients, a publisher, every call blocking and bounded.

The event loop that carries it lives in a thread of its own; a test is an ordinary function.
"""

import asyncio
import itertools
import threading
from collections import deque
from collections.abc import Callable, Coroutine, Iterator, Mapping
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import orjson

from harness.checks import judge
from harness.checks.verdict import ScenarioResult
from harness.clients.client import Client
from harness.clients.publisher import Publisher
from harness.clock import RealClock
from harness.errors import BackendError
from harness.event_loop import run as run_event_loop
from harness.progress import Silent
from harness.record.observation import (
    ClientClosed,
    ClientRefused,
    EventPublished,
    FrameReceived,
    Observation,
    PublishFailed,
)
from harness.record.store import RunFolder
from harness.run import record, run_folder_for
from harness.scenario.loader import load_scenario
from harness.stack.loader import load_stack
from harness.stack.model import Stack
from harness.testbed import Testbed, embedded_testbed

if TYPE_CHECKING:
    from botocore.client import BaseClient

T = TypeVar("T")

START_TIMEOUT = 120.0
CALL_TIMEOUT = 30.0


class HandshakeRefused(Exception):  # noqa: N818 - RFC 6455's word for it
    """The opening handshake was answered with `status` (0: no answer at all)."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(f"the opening handshake was refused: {status} {reason}".rstrip())
        self.status = status


class LiveClient:
    """One connected client. Frames that arrive wait in order until `receive` takes them."""

    def __init__(self, name: str, stack: "LiveStack", query: Mapping[str, str], headers: Mapping[str, str]) -> None:
        self.name = name
        self._stack = stack
        self._changed = threading.Condition()
        self._frames: deque[str] = deque()
        self._closed: ClientClosed | None = None
        self._refused: ClientRefused | None = None
        self._client = stack._new_client(name, self._note, query, headers)

    def _note(self, seen: Observation) -> None:
        with self._changed:
            match seen:
                case FrameReceived():
                    self._frames.append(seen.text)
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
        """Sends the feed's subscribe message and returns when its handler has ended."""
        self._stack._call(self._client.subscribe(channel))
        self._stack.settle()

    def receive(self, timeout: float = 5.0) -> object:
        """The next frame, decoded from JSON (or as text, if it is none); TimeoutError after `timeout` seconds."""
        with self._changed:
            if not self._changed.wait_for(lambda: self._frames, timeout):
                raise TimeoutError(f"{self.name} received no frame within {timeout:g} s")
            return _decoded(self._frames.popleft())

    def received(self) -> list[object]:
        """Every frame that has arrived and was not taken yet, after all in flight has settled."""
        self._stack.settle()
        self._stack._call(self._client.roundtrip(CALL_TIMEOUT))
        with self._changed:
            frames = [_decoded(text) for text in self._frames]
            self._frames.clear()
        return frames

    def closed(self, timeout: float = 5.0) -> ClientClosed:
        """How the connection was closed; TimeoutError when it is still open after `timeout` seconds."""
        with self._changed:
            if not self._changed.wait_for(lambda: self._closed is not None, timeout):
                raise TimeoutError(f"{self.name} is still connected after {timeout:g} s")
            assert self._closed is not None
            return self._closed

    def leave(self) -> None:
        """Closes politely, with a close frame."""
        self._stack._call(self._client.leave())

    def vanish(self) -> None:
        """Resets the TCP connection: no close frame."""
        self._stack._call(_as_coroutine(self._client.vanish))


class LiveStack:
    """A deployed stack on an emulator of its own."""

    def __init__(self, testbed: Testbed, loop: asyncio.AbstractEventLoop) -> None:
        self._testbed, self._loop = testbed, loop
        self._clock = RealClock()
        self._numbers = itertools.count(1)
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
        self, name: str = "client", *, query: Mapping[str, str] | None = None, headers: Mapping[str, str] | None = None
    ) -> LiveClient:
        """A connected client; HandshakeRefused when `$connect` did not accept it."""
        client = LiveClient(name, self, query or {}, headers or {})
        client._connect()
        return client

    def publish(self, event: Mapping[str, object]) -> str:
        """Publishes a matcher event and returns its id; BackendError when SNS did not take it."""
        event_id = f"live-{next(self._numbers)}"
        self._call(self._publisher.publish(event, event_id, self._clock.monotonic()))
        outcome = self._outcomes.pop(event_id)
        if isinstance(outcome, PublishFailed):
            raise BackendError(f"SNS did not take the event: {outcome.error}")
        return event_id

    def settle(self, timeout: float = 10.0) -> None:
        """Returns when nothing is in flight any more; TimeoutError after `timeout` seconds."""
        if not self._call(self._testbed.backend.quiet(timeout)):
            raise TimeoutError(f"something was still in flight after {timeout:g} s")

    def new_run_folder(self, runs: Path) -> RunFolder:
        """A folder below `runs` for the scenarios that are played here."""
        return run_folder_for(self._testbed, runs)

    def play(self, scenario_file: Path, run_folder: RunFolder) -> ScenarioResult:
        """Plays a scenario file on this stack, keeps its history, and judges it."""
        scenario = load_scenario(scenario_file, feed=self._testbed.stack.feed)
        recording = record(self._testbed, scenario_file, scenario, run_folder, Silent())
        return judge(scenario, asyncio.run_coroutine_threadsafe(recording, self._loop).result())

    def _published(self, seen: Observation) -> None:
        if isinstance(seen, EventPublished | PublishFailed):
            self._outcomes[seen.event] = seen

    def _new_client(
        self, name: str, note: Callable[[Observation], None], query: Mapping[str, str], headers: Mapping[str, str]
    ) -> Client:
        return Client(
            name, self.url, feed=self._testbed.stack.feed, clock=self._clock, note=note, query=query, headers=headers
        )

    def _call(self, work: Coroutine[object, object, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(CALL_TIMEOUT)

    def _close(self) -> None:
        self._call(self._publisher.close())


@contextmanager
def live_stack(stack: Stack | Path) -> Iterator[LiveStack]:
    """The stack (or the stack.yaml) running on an emulator of its own until the context ends."""
    loaded = load_stack(stack) if isinstance(stack, Path) else stack
    started: Future[tuple[Testbed, asyncio.AbstractEventLoop, asyncio.Event]] = Future()
    thread = threading.Thread(target=_run, args=(loaded, started), name="harness-live")
    thread.start()
    try:
        testbed, loop, stop = started.result(START_TIMEOUT)
    except BaseException:
        thread.join()
        raise
    running = LiveStack(testbed, loop)
    try:
        yield running
    finally:
        running._close()
        loop.call_soon_threadsafe(stop.set)
        thread.join()


def _run(stack: Stack, started: "Future[tuple[Testbed, asyncio.AbstractEventLoop, asyncio.Event]]") -> None:
    async def serve() -> None:
        stop = asyncio.Event()
        async with embedded_testbed(stack) as testbed:
            started.set_result((testbed, asyncio.get_running_loop(), stop))
            await stop.wait()

    try:
        run_event_loop(serve())
    except BaseException as error:
        if started.done():
            raise
        started.set_exception(error)


async def _as_coroutine(act: Callable[[], T]) -> T:
    return act()


def _decoded(text: str) -> object:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return text
