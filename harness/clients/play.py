"""Playing a scenario's timeline: every action at its time, with quiet before the first and after the last.

Nothing waits for anything else, because the point of a timeline is its times: publishing has its own pace, and a
client whose connect takes long delays only its own next act.
"""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Protocol, TypeAlias, assert_never

from harness.clients.connection import Note
from harness.clients.schedule import (
    Action,
    ConnectClient,
    LeaveClient,
    PublishEvent,
    SubscribeClient,
    VanishClient,
)
from harness.clock import Clock
from harness.json_values import JsonObject
from harness.record.observation import Settled
from harness.scenario.model import Scenario

Quiet: TypeAlias = Callable[[float], Awaitable[bool]]
"""Waits at most so many seconds until nothing is in flight inside the backend; whether it came to that."""

ClientAct: TypeAlias = ConnectClient | LeaveClient | VanishClient | SubscribeClient

LEAD = 0.25
"""Seconds by which an event is handed to the publisher ahead of its time: a busy loop must not make it late."""

_LAST_FRAMES = 1.0
"""Seconds that the last messages get in any case, even when the backend used up the time for settling."""


class Clients(Protocol):
    """The part of the crowd that a timeline moves."""

    async def gather_at_start(self) -> None: ...

    async def connect(self, name: str) -> None: ...

    async def subscribe(self, name: str, channel: str) -> None: ...

    async def leave(self, name: str) -> None: ...

    def vanish(self, name: str) -> None: ...

    async def roundtrip(self, timeout: float) -> bool: ...


class Events(Protocol):
    """The part of the publisher that a timeline uses."""

    async def publish(self, payload: JsonObject, event_id: str, intended_at: float) -> None: ...


async def play(
    scenario: Scenario,
    actions: Sequence[Action],
    *,
    crowd: Clients,
    publisher: Events,
    quiet: Quiet,
    clock: Clock,
    note: Note,
) -> None:
    """Gathers the crowd, plays `actions` (in time order) and returns when all of it has arrived.

    Notes Settled twice: phase `start` before the timeline, phase `end` after it. Every wait is bounded: by
    `scenario.settle` for each settling, and by as much for actions that are not done when the timeline ends.
    """
    await crowd.gather_at_start()
    await _settle("start", scenario, crowd=crowd, quiet=quiet, clock=clock, note=note)
    on_time = await _play_timeline(scenario, actions, crowd=crowd, publisher=publisher, clock=clock)
    unfinished = () if on_time else (f"actions were not done {scenario.settle:g} s after the timeline's end",)
    await _settle("end", scenario, crowd=crowd, quiet=quiet, clock=clock, note=note, unfinished=unfinished)


async def _settle(
    phase: str,
    scenario: Scenario,
    *,
    crowd: Clients,
    quiet: Quiet,
    clock: Clock,
    note: Note,
    unfinished: tuple[str, ...] = (),
) -> None:
    """First the backend, then the wire: what the last function wrote is still on its way when it has ended."""
    deadline = clock.monotonic() + scenario.settle
    if not await quiet(scenario.settle):
        unfinished += (f"the backend was not quiet within {scenario.settle:g} s",)
    if not await crowd.roundtrip(max(deadline - clock.monotonic(), _LAST_FRAMES)):
        unfinished += ("not every client had its ping answered",)
    note(Settled(clock.monotonic(), phase, complete=not unfinished, detail="; ".join(unfinished)))


async def _play_timeline(
    scenario: Scenario, actions: Sequence[Action], *, crowd: Clients, publisher: Events, clock: Clock
) -> bool:
    """Whether all actions were done in time; those that were not are cancelled."""
    if not actions:
        return True
    start = clock.monotonic() + LEAD
    events = [action for action in actions if isinstance(action, PublishEvent)]
    try:
        async with asyncio.timeout(LEAD + actions[-1].at + scenario.settle), asyncio.TaskGroup() as tasks:
            tasks.create_task(_publish(events, start, tasks, publisher, clock))
            for acts in _by_client(actions).values():
                tasks.create_task(_act(acts, start, crowd, clock))
    except TimeoutError:
        return False
    return True


async def _publish(
    events: Sequence[PublishEvent], start: float, tasks: asyncio.TaskGroup, publisher: Events, clock: Clock
) -> None:
    for event in events:
        intended_at = start + event.at
        await _until(intended_at - LEAD, clock)
        tasks.create_task(publisher.publish(event.payload, event.event_id, intended_at))


async def _act(acts: Sequence[ClientAct], start: float, crowd: Clients, clock: Clock) -> None:
    """What one client does, one act after the other."""
    for act in acts:
        await _until(start + act.at, clock)
        match act:
            case ConnectClient():
                await crowd.connect(act.client)
            case LeaveClient():
                await crowd.leave(act.client)
            case VanishClient():
                crowd.vanish(act.client)
            case SubscribeClient():
                await crowd.subscribe(act.client, act.channel)
            case _:
                assert_never(act)


async def _until(at: float, clock: Clock) -> None:
    """Returns at the time or later, never before."""
    while (early := at - clock.monotonic()) > 0:
        await clock.sleep(early)


def _by_client(actions: Sequence[Action]) -> Mapping[str, Sequence[ClientAct]]:
    acts: dict[str, list[ClientAct]] = defaultdict(list)
    for action in actions:
        if not isinstance(action, PublishEvent):
            acts[action.client].append(action)
    return acts
