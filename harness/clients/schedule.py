"""Schedule: a scenario's timeline as one flat list of concrete actions, in the order of time.

Pure: the same scenario, files and seed give the same actions. Times are seconds from the start of the timeline.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from typing import TypeAlias, assert_never

from harness.chance import Chance, Chances
from harness.durations import parse_duration
from harness.matcher.session import session
from harness.scenario.feed import Feed
from harness.scenario.model import (
    Churn,
    Churning,
    ClientNames,
    Connect,
    Leave,
    Payload,
    Publish,
    PublishFile,
    PublishGenerated,
    Scenario,
    Step,
    Subscribe,
    Vanish,
    channel_of,
    names_of,
    number_of,
    numbered,
    query_of,
    times_of,
)


@dataclass(frozen=True, slots=True)
class PublishEvent:
    """Publish this payload; `event_id` is its own, or the one to put into it."""

    at: float
    payload: Payload
    event_id: str


@dataclass(frozen=True, slots=True)
class ConnectClient:
    """The client connects, and asks for its group's channel if it has one."""

    at: float
    client: str


@dataclass(frozen=True, slots=True)
class LeaveClient:
    """The client closes with a close frame."""

    at: float
    client: str


@dataclass(frozen=True, slots=True)
class VanishClient:
    """The client's TCP connection is reset."""

    at: float
    client: str


@dataclass(frozen=True, slots=True)
class SubscribeClient:
    """The client asks for a channel; `refused` is the code of the error message that must answer it."""

    at: float
    client: str
    channel: str
    refused: str | None = None


Action: TypeAlias = PublishEvent | ConnectClient | LeaveClient | VanishClient | SubscribeClient

Files: TypeAlias = Callable[[str], Sequence[Mapping[str, object]]]
"""The events of a `publish_file`, `at` still in them."""


def initial(scenario: Scenario) -> tuple[tuple[str, str | None], ...]:
    """Who connects before the timeline, in the file's order, and the channel each asks for then."""
    return tuple(
        (client, channel_of(scenario, client))
        for name, group in scenario.clients.items()
        if group.joins == "before"
        for client in names_of(name, group)
    )


def schedule(scenario: Scenario, *, files: Files, chances: Chances) -> tuple[Action, ...]:
    """Every action of the timeline; of those at the same time, the file's order holds.

    `chances` makes the draws of a seed (`random.Random`). Only acts that can happen occur: once a churn has begun,
    an explicit step skips those of its clients that the churn has taken away, or brought back, already.
    """
    planned = [(at, one) for step in scenario.timeline for at, one in _plan(step, files, chances)]
    planned.sort(key=lambda pair: pair[0])
    event_ids = _EventIds(scenario.feed, (one for _, one in planned if isinstance(one, dict)))
    everyone = _Everyone(scenario, chances(scenario.seed))
    actions: list[Action] = []
    for at, one in planned:
        if isinstance(one, dict):
            actions.append(PublishEvent(at, one, event_ids.of(one)))
        else:
            actions += everyone.move(at, one)
    return tuple(actions)


# --- publishing ---------------------------------------------------------------------------------------------

_Move: TypeAlias = Connect | Leave | Vanish | Subscribe | Churn


def _plan(step: Step, files: Files, chances: Chances) -> Iterator[tuple[float, Payload | _Move]]:
    """When something of a step happens: a payload to publish, or the step itself, once for each repetition."""
    match step:
        case Publish(publish=payload):
            for number, at in enumerate(times_of(step), 1):
                yield at, _object(numbered(payload, number))
        case PublishFile():
            yield from _from_file(step, files(step.publish_file))
        case PublishGenerated(publish_generated=generate):
            events = session(generate.markets, generate.traders, chance=chances(generate.seed))
            yield from zip(times_of(step), events, strict=False)
        case Churn():
            yield from ((at, step) for at in times_of(step))
        case Connect() | Leave() | Vanish() | Subscribe():
            yield step.at, step
        case _:
            assert_never(step)


def _from_file(step: PublishFile, lines: Sequence[Mapping[str, object]]) -> Iterator[tuple[float, Payload]]:
    following = 0.0
    for line in lines:
        at = parse_duration(line["at"]) if "at" in line else following
        yield step.at + at, {name: value for name, value in line.items() if name != "at"}
        following = at + step.every


def _object(value: object) -> Payload:
    assert isinstance(value, dict)
    return value


class _EventIds:
    """Ids for events: their own, or the next free one of `e1`, `e2`, ..."""

    def __init__(self, feed: Feed, payloads: Iterable[Payload]) -> None:
        self._feed = feed
        taken = {feed.event_id_of(payload) for payload in payloads}
        self._free = (name for number in count(1) if (name := f"e{number}") not in taken)

    def of(self, payload: Payload) -> str:
        return self._feed.event_id_of(payload) or next(self._free)


# --- coming and going ---------------------------------------------------------------------------------------


class _Everyone:
    """Who is connected, and to which channel: what a move can do at its time."""

    def __init__(self, scenario: Scenario, chance: Chance) -> None:
        self._scenario = scenario
        self._chance = chance
        self._channels: dict[str, str | None] = {}
        self._names: dict[ClientNames, tuple[str, ...]] = {}
        for client, _ in initial(scenario):
            self._enter(client)

    def move(self, at: float, step: _Move) -> list[Action]:
        """The actions of one step, or of one repetition of a churn."""
        match step:
            case Connect(connect=who):
                return [self._connect(at, client) for client in self._absent(who)]
            case Leave(leave=who):
                return [self._leave(LeaveClient(at, client)) for client in self._present(who)]
            case Vanish(vanish=who):
                return [self._leave(VanishClient(at, client)) for client in self._present(who)]
            case Subscribe(subscribe=asked):
                return [
                    self._subscribe(at, client, asked.channel, asked.refused)
                    for client in self._present(asked.clients)
                ]
            case Churn(churn=churning):
                return [self._churn(at, churning)]
            case _:
                assert_never(step)

    def _present(self, who: ClientNames) -> list[str]:
        return [client for client in self._named(who) if client in self._channels]

    def _absent(self, who: ClientNames) -> list[str]:
        return [client for client in self._named(who) if client not in self._channels]

    def _named(self, who: ClientNames) -> tuple[str, ...]:
        """The clients, each once, however often a list names them; kept, for a churn asks thousands of times."""
        if who not in self._names:
            self._names[who] = tuple(dict.fromkeys(self._scenario.client_names(who)))
        return self._names[who]

    def _churn(self, at: float, churning: Churning) -> Action:
        client = self._chance.choice(self._named(churning.clients))
        if client not in self._channels:
            return self._connect(at, client)
        number = str(number_of(client))
        channels = [channel.replace("{n}", number) for channel in churning.channels]
        others = [channel for channel in channels if channel != self._channels[client]]
        if others and self._chance.random() < 0.5:
            return self._subscribe(at, client, self._chance.choice(others), None)
        return self._leave(LeaveClient(at, client))

    def _connect(self, at: float, client: str) -> Action:
        self._enter(client)
        return ConnectClient(at, client)

    def _enter(self, client: str) -> None:
        group = self._scenario.group_of(client)
        if isinstance(group.refused, int):
            return
        asked = None if group.refused is not None else channel_of(self._scenario, client)
        at_connect = self._scenario.feed.subscribed_at_connect(query_of(self._scenario, client))
        self._channels[client] = asked or at_connect

    def _leave(self, action: LeaveClient | VanishClient) -> Action:
        del self._channels[action.client]
        return action

    def _subscribe(self, at: float, client: str, channel: str, refused: str | None) -> Action:
        channel = channel.replace("{n}", str(number_of(client)))
        if refused is None:
            self._channels[client] = channel
        return SubscribeClient(at, client, channel, refused)
