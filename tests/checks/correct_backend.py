"""A correct backend, simulated: what a run of a plan leaves in a history, down to the inside, if nothing is wrong.

Pure and on a clock of its own: `play` takes what clients do and when, and gives the scenario with every observation
in time order. Events overlap as they do in life: an invocation looks its receivers up while others switch or leave.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from heapq import heappop, heappush
from itertools import count, groupby
from random import Random
from typing import Literal, TypeAlias, get_args

from harness.record.lines import CLIENTS, INSIDE, LineWriter, source_of
from harness.record.observation import (
    ClientClosed,
    ClientConnected,
    ClientConnecting,
    ClientLeft,
    ClientRefused,
    ConnectionClosed,
    ConnectionOpened,
    ConnectionPosted,
    EventPublished,
    InvocationEnded,
    InvocationStarted,
    MessageReceived,
    Observation,
    RecordingBegan,
    RecordingEnded,
    ReplySent,
    RowDeleted,
    RowsFound,
    RowWritten,
    Sent,
    Settled,
    SubscriptionSent,
    digest_of,
)
from harness.scenario.model import Scenario

CHANNELS = ("market.BTC", "market.ETH", "market.SOL", "trader.t1")
GROUPS = {"btc": (3, "market.BTC"), "eth": (2, "market.ETH"), "t1": (1, "trader.t1")}
STRANGER = "stranger"
FORBIDDEN = "admin.BTC"
TIMELINE_AT = 10.0

Doing: TypeAlias = Literal["publish", "subscribe", "ask for what is forbidden", "leave", "vanish", "return"]
DOINGS: tuple[Doing, ...] = get_args(Doing)


Way: TypeAlias = Literal["topic", "queue", "invoke"]
WAYS: tuple[Way, ...] = get_args(Way)
"""How an event comes to the function that posts: by itself, through a queue, or from a function that invokes it."""

PAGE = 0.3
"""Seconds after which what the inside saw is fetched, and written in one go."""


@dataclass(frozen=True, slots=True)
class Act:
    """What happens `after` seconds since the act before: a publish to the channel, or what a client does."""

    after: float
    doing: Doing
    client: str
    channel: str


@dataclass(frozen=True, slots=True)
class Played:
    """The scenario, and what was seen of it in time order."""

    scenario: Scenario
    observations: tuple[Observation, ...]


def client_names() -> tuple[str, ...]:
    """The clients that are let in."""
    return tuple(
        name if number == 1 else f"{name}/{n}"
        for name, (number, _) in GROUPS.items()
        for n in range(1, number + 1)
    )


def play(acts: Sequence[Act], *, way: Way = "topic", seed: int = 0) -> Played:
    """Everybody joins, the acts happen, every channel is published to once more, all settles, everybody leaves.

    `seed` draws how long everything takes.
    """
    world = _World(Random(seed), way)
    world.note(RecordingBegan(0.5, 0, 0))
    world.join()
    world.run()
    world.now = TIMELINE_AT
    world.note(Settled(TIMELINE_AT, "start", True))
    world.act(acts)
    world.run()
    world.end()
    return Played(world.scenario(), tuple(sorted(world.seen, key=lambda one: one.at)))


def lines_of(seen: Sequence[Observation]) -> list[bytes]:
    """As a run writes them, without the header."""
    clients = LineWriter()
    numbers = {CLIENTS: 0, INSIDE: 0}
    written: list[bytes] = []

    def line(writer: LineWriter, one: Observation) -> bytes:
        source = source_of(type(one))
        numbers[source] += 1
        if isinstance(one, RecordingBegan | RecordingEnded):
            one = replace(one, clients=numbers[CLIENTS], inside=numbers[INSIDE])
        return writer.line(one, numbers[source] - 1)

    *all_but_end, end = seen
    for _, page in groupby(all_but_end, key=lambda one: one.at // PAGE):
        together = list(page)
        inside = LineWriter()
        written += [line(clients, one) for one in together if source_of(type(one)) == CLIENTS]
        written += [line(inside, one) for one in together if source_of(type(one)) == INSIDE]
    return b"".join((*written, line(clients, end))).splitlines(keepends=True)


def published_text(event: str, channel: str) -> str:
    """The event as the publisher sends it."""
    kind, _, name = channel.partition(".")
    of = (
        {"type": "trade", "market": name} if kind == "market" else {"type": "balanceUpdate", "traderId": name}
    )
    return json.dumps({**of, "price": 0.1, "eventId": event})


@dataclass(slots=True)
class _World:
    """The world at `now`: who is connected, whose row says what, and what is yet to come."""

    chances: Random
    way: Way
    now: float = 0.0
    seen: list[Observation] = field(default_factory=list)
    steps: list[dict[str, object]] = field(default_factory=list)
    rows: dict[str, str | None] = field(default_factory=dict)
    connections: dict[str, str] = field(default_factory=dict)
    arrived_at: dict[str, float] = field(default_factory=dict)
    met_410: bool = False
    _agenda: list[tuple[float, int, Callable[[], None]]] = field(default_factory=list)
    _numbers: count = field(default_factory=count)  # type: ignore[type-arg]

    # --- the clock ---

    def at(self, at: float, do: Callable[[], None]) -> None:
        heappush(self._agenda, (at, next(self._numbers), do))

    def soon(self, do: Callable[[], None]) -> None:
        self.at(self.later(), do)

    def later(self) -> float:
        """A moment that is not the same for any two."""
        return self.now + self.chances.uniform(0.001, 0.01)

    def run(self) -> None:
        while self._agenda:
            self.now, _, do = heappop(self._agenda)
            do()

    def note(self, seen: Observation) -> None:
        self.seen.append(seen)

    def name(self, prefix: str) -> str:
        return f"{prefix}{next(self._numbers)}"

    # --- the play ---

    def join(self) -> None:
        for number, client in enumerate(client_names()):
            self.at(1.0 + number / 10, lambda client=client: self.connect(client))  # type: ignore[misc]
        self.at(5.0, self.refuse)

    def act(self, acts: Sequence[Act]) -> None:
        at = TIMELINE_AT + 0.1
        free_at: dict[str, float] = {}
        for one in acts:
            at += one.after
            mine = max(at, free_at.get(one.client, 0.0))
            free_at[one.client] = mine + 0.2  # a client's acts are apart, as a timeline's are
            self.at(mine if one.doing != "publish" else at, lambda one=one: self.do(one))  # type: ignore[misc]
        for channel in CHANNELS:
            at += 0.2
            self.at(at + 1.0, lambda channel=channel: self.publish(channel))  # type: ignore[misc]

    def do(self, act: Act) -> None:
        if act.doing == "publish":
            self.publish(act.channel)
        elif act.doing == "return":
            if act.client not in self.connections:
                self.step(connect=act.client)
                self.connect(act.client)
        elif (connection := self.connections.get(act.client)) is not None:
            self.do_connected(act, connection)

    def do_connected(self, act: Act, connection: str) -> None:
        match act.doing:
            case "subscribe":
                self.step(subscribe={"clients": act.client, "channel": act.channel})
                self.subscribe(act.client, connection, act.channel)
            case "ask for what is forbidden":
                asked = {"clients": act.client, "channel": FORBIDDEN, "refused": "FORBIDDEN"}
                self.step(subscribe=asked)
                self.ask(act.client, connection)
            case "leave":
                self.step(leave=act.client)
                self.leave(act.client, connection)
            case "vanish":
                self.step(vanish=act.client)
                self.vanish(act.client, connection)

    def step(self, **step: object) -> None:
        self.steps.append({"at": f"{self.now - TIMELINE_AT}s", **step})

    def end(self) -> None:
        self.now += 1.0
        self.note(Settled(self.now, "end", True))
        self.now += 0.01
        self.note(RowsFound(self.now, tuple(sorted(self.rows))))
        for client, connection in list(self.connections.items()):
            self.soon(lambda client=client, connection=connection: self.leave(client, connection))  # type: ignore[misc]
        self.run()
        self.note(RecordingEnded(self.now + 1.0, 0, 0))

    def scenario(self) -> Scenario:
        groups: dict[str, object] = {
            name: {"count": number, "subscribe": channel} for name, (number, channel) in GROUPS.items()
        }
        return Scenario.model_validate(
            {
                "scenario": "nothing is wrong",
                "clients": {**groups, STRANGER: {"refused": 403}},
                "rows": {"prefix": "WS#"},
                "timeline": self.steps,
                "expect": {"purge": "5s"} if self.met_410 else {},
            }
        )

    # --- connections ---

    def connect(self, client: str) -> None:
        self.note(ClientConnecting(self.now, client))
        connection, request = f"{self.name('C')}=", self.name("connect-")
        channel = GROUPS[client.partition("/")[0]][1]

        def started() -> None:
            self.note(
                InvocationStarted(self.now, request, "connect", connection=connection, route="$connect")
            )
            self.soon(written)

        def written() -> None:
            self.rows[connection] = None
            self.note(RowWritten(self.now, "Connections", f"WS#{connection}", "PutItem", request))
            self.soon(ended)

        def ended() -> None:
            self.note(InvocationEnded(self.now, request, "connect"))
            self.soon(opened)

        def opened() -> None:
            self.connections[client] = connection
            self.note(ConnectionOpened(self.now, connection, client))
            self.soon(connected)

        def connected() -> None:
            self.note(ClientConnected(self.now, client))
            self.soon(lambda: self.subscribe(client, connection, channel))

        self.soon(started)

    def refuse(self) -> None:
        self.note(ClientConnecting(self.now, STRANGER))
        connection, request = f"{self.name('C')}=", self.name("connect-")

        def started() -> None:
            self.note(
                InvocationStarted(self.now, request, "connect", connection=connection, route="$connect")
            )
            self.soon(ended)

        def ended() -> None:
            self.note(InvocationEnded(self.now, request, "connect"))
            self.soon(lambda: self.note(ClientRefused(self.now, STRANGER, 403)))

        self.soon(started)

    def leave(self, client: str, connection: str) -> None:
        del self.connections[client]
        self.note(ClientLeft(self.now, client))
        request = self.name("disconnect-")

        def closed() -> None:
            self.note(ConnectionClosed(self.now, connection, 1000))
            self.soon(lambda: self.note(ClientClosed(self.now, client, 1000)))
            self.soon(started)

        def started() -> None:
            self.note(
                InvocationStarted(self.now, request, "disconnect", connection=connection, route="$disconnect")
            )
            self.soon(deleted)

        def deleted() -> None:
            self.delete(connection, request)
            self.soon(lambda: self.note(InvocationEnded(self.now, request, "disconnect")))

        self.soon(closed)

    def vanish(self, client: str, connection: str) -> None:
        """Its $disconnect is lost, so that only a 410 tells."""
        del self.connections[client]
        self.note(ClientLeft(self.now, client, vanished=True))
        self.soon(lambda: self.note(ClientClosed(self.now, client, 1006)))
        self.soon(lambda: self.note(ConnectionClosed(self.now, connection, 1006)))

    # --- messages of clients ---

    def subscribe(self, client: str, connection: str, channel: str) -> None:
        self.note(SubscriptionSent(self.now, client, channel))
        request = self.name("subscribe-")

        def started() -> None:
            self.note(
                InvocationStarted(self.now, request, "subscribe", connection=connection, route="subscribe")
            )
            self.soon(written)

        def written() -> None:
            if connection in self.rows:
                self.rows[connection] = channel
                self.note(RowWritten(self.now, "Connections", f"WS#{connection}", "UpdateItem", request))
            self.soon(ended)

        def ended() -> None:
            self.note(InvocationEnded(self.now, request, "subscribe"))
            self.soon(replied)

        def replied() -> None:
            text = json.dumps({"type": "subscribed", "channel": channel})
            if self.connections.get(client) == connection:
                self.note(ReplySent(self.now, connection, *_payload(text), request))
                self.arrive(connection, client, text)

        self.soon(started)

    def ask(self, client: str, connection: str) -> None:
        self.note(SubscriptionSent(self.now, client, FORBIDDEN))
        request = self.name("subscribe-")
        text = json.dumps({"type": "error", "code": "FORBIDDEN"})

        def started() -> None:
            self.note(
                InvocationStarted(self.now, request, "subscribe", connection=connection, route="subscribe")
            )
            self.soon(posted)

        def posted() -> None:
            self.post(connection, client, text, request)
            self.soon(lambda: self.note(InvocationEnded(self.now, request, "subscribe")))

        self.soon(started)

    # --- events ---

    def publish(self, channel: str) -> None:
        event, intended_at = self.name("e"), self.now
        text = published_text(event, channel)
        kind = json.loads(text)["type"]
        message, request = f"m-{event}", f"fan-out-{event}"

        def published() -> None:
            self.note(EventPublished(self.now, intended_at, event, kind, (channel,), text, message))

        def queued() -> None:
            self.note(Sent(self.now, f"q-{event}", "Events", origin=message))
            self.soon(lambda: started((f"q-{event}",)))

        def dispatched() -> None:
            caller = f"dispatch-{event}"
            self.note(InvocationStarted(self.now, caller, "dispatch", messages=(message,)))
            self.soon(lambda: self.note(InvocationEnded(self.now, caller, "dispatch")))
            self.soon(lambda: started((), caller))

        def started(messages: tuple[str, ...], caller: str | None = None) -> None:
            self.note(InvocationStarted(self.now, request, "fan_out", messages=messages, caller=caller))
            self.soon(looked_up)

        def looked_up() -> None:
            receivers = [connection for connection, its in self.rows.items() if its == channel]
            self.soon(lambda: posting(receivers))

        def posting(receivers: list[str]) -> None:
            if not receivers:
                self.note(InvocationEnded(self.now, request, "fan_out"))
                return
            connection, *others = receivers
            client = next((one for one, its in self.connections.items() if its == connection), None)
            if client is None:
                self.met_410 = True
                self.note(ConnectionPosted(self.now, connection, 410, request, *_payload(text)))
                self.soon(lambda: self.delete(connection, request))
            else:
                self.post(connection, client, text, request)
            self.at(self.now + 0.012, lambda: posting(others))

        ways = {"topic": lambda: started((message,)), "queue": queued, "invoke": dispatched}
        self.soon(published)
        self.soon(ways[self.way])

    def post(self, connection: str, client: str, text: str, request: str) -> None:
        self.note(ConnectionPosted(self.now, connection, 200, request, *_payload(text)))
        self.arrive(connection, client, text)

    def arrive(self, connection: str, client: str, text: str) -> None:
        """A connection's messages arrive in the order in which the gateway wrote them."""
        at = max(self.later(), self.arrived_at.get(connection, 0.0) + 0.0001)
        self.arrived_at[connection] = at

        def arrived() -> None:
            if self.connections.get(client) == connection:
                self.note(MessageReceived(self.now, client, text))

        self.at(at, arrived)

    def delete(self, connection: str, request: str) -> None:
        if connection in self.rows:
            del self.rows[connection]
            self.note(RowDeleted(self.now, "Connections", f"WS#{connection}", request))


def _payload(text: str) -> tuple[int, str]:
    payload = text.encode()
    return len(payload), digest_of(payload)
