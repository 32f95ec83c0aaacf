"""Playing a timeline with a crowd and a publisher that only remember, on a clock that is turned by hand."""

import asyncio
from collections.abc import Coroutine, Mapping, Sequence

import pytest

from harness.clients.play import LEAD, play
from harness.clients.schedule import (
    Action,
    ConnectClient,
    LeaveClient,
    PublishEvent,
    SubscribeClient,
    VanishClient,
)
from harness.clock import ManualClock
from harness.record.observation import Observation, Settled
from harness.scenario.model import Scenario
from tests.patience import WAIT

GATHERED = "gather"


class Remembering:
    """A crowd, a publisher and a backend: every call is kept with its time; some take or need a while."""

    def __init__(self, **takes: float) -> None:
        self.clock = ManualClock(monotonic=0.0)
        self.calls: list[tuple[float, str]] = []
        self.is_quiet = self.answers = True
        self._takes = takes

    async def _call(self, what: str) -> None:
        self.calls.append((self.clock.monotonic(), what))
        if takes := self._takes.get(what.partition(" ")[0]):
            await self.clock.sleep(takes)

    async def gather_at_start(self) -> None:
        await self._call(GATHERED)

    async def connect(self, name: str) -> None:
        await self._call(f"connect {name}")

    async def subscribe(self, name: str, channel: str) -> None:
        await self._call(f"subscribe {name} {channel}")

    async def leave(self, name: str) -> None:
        await self._call(f"leave {name}")

    def vanish(self, name: str) -> None:
        self.calls.append((self.clock.monotonic(), f"vanish {name}"))

    async def roundtrip(self, timeout: float) -> bool:
        await self._call(f"roundtrip {timeout:g}")
        return self.answers

    async def publish(self, payload: Mapping[str, object], event_id: str, intended_at: float) -> None:
        await self._call(f"publish {event_id} for {intended_at - LEAD:g}")

    async def quiet(self, timeout: float) -> bool:
        await self._call(f"quiet {timeout:g}")
        return self.is_quiet


def played(actions: Sequence[Action], there: Remembering, *, settle: float = 8.0) -> list[Observation]:
    """What was noted; the clock is turned whenever nothing else can happen."""
    seen = list[Observation]()
    scenario = Scenario(scenario="everybody receives", settle=settle)

    async def test() -> None:
        playing = asyncio.create_task(
            play(
                scenario,
                actions,
                crowd=there,
                publisher=there,
                quiet=there.quiet,
                clock=there.clock,
                note=seen.append,
            )
        )
        while not playing.done():
            for _ in range(10):
                await asyncio.sleep(0)
            there.clock.advance(1 / 64)
        await playing

    run(test())
    return seen


def run(test: Coroutine[object, object, None]) -> None:
    async def bounded() -> None:
        async with asyncio.timeout(WAIT):
            await test

    asyncio.run(bounded())


def in_timeline(there: Remembering) -> list[tuple[float, str]]:
    """What the timeline did, in seconds from its start."""
    settling = (GATHERED, "quiet", "roundtrip")
    return [(at - LEAD, what) for at, what in there.calls if not what.startswith(settling)]


def test_the_crowd_gathers_and_all_is_quiet_before_the_timeline_and_after_it() -> None:
    there = Remembering()
    seen = played([PublishEvent(0.5, {"type": "trade"}, "e1")], there)
    assert [what for _, what in there.calls] == [
        "gather",
        "quiet 8",
        "roundtrip 8",
        "publish e1 for 0.5",
        "quiet 8",
        "roundtrip 8",
    ]
    assert [(one.phase, one.complete, one.detail) for one in seen if isinstance(one, Settled)] == [
        ("start", True, ""),
        ("end", True, ""),
    ]


def test_every_action_happens_at_its_time_and_events_are_handed_over_ahead_of_theirs() -> None:
    there = Remembering()
    played(
        [
            PublishEvent(0.0, {"type": "trade"}, "e1"),
            ConnectClient(0.25, "alice"),
            SubscribeClient(0.5, "alice", "market.BTC-PERP"),
            VanishClient(0.75, "bob"),
            LeaveClient(1.0, "alice"),
            PublishEvent(1.0, {"type": "trade"}, "e2"),
        ],
        there,
    )
    assert in_timeline(there) == [
        (0.0 - LEAD, "publish e1 for 0"),
        (0.25, "connect alice"),
        (0.5, "subscribe alice market.BTC-PERP"),
        (0.75, "vanish bob"),
        (1.0 - LEAD, "publish e2 for 1"),
        (1.0, "leave alice"),
    ]


def test_a_slow_act_delays_only_the_later_acts_of_its_own_client() -> None:
    there = Remembering(connect=1.0)
    played(
        [
            ConnectClient(0.25, "alice"),
            LeaveClient(0.5, "alice"),
            ConnectClient(0.5, "bob"),
            PublishEvent(1.0, {}, "e1"),
        ],
        there,
    )
    assert in_timeline(there) == [
        (0.25, "connect alice"),
        (0.5, "connect bob"),
        (0.75, "publish e1 for 1"),
        (1.25, "leave alice"),
    ]


def test_slow_publishing_does_not_delay_the_events_that_follow() -> None:
    there = Remembering(publish=4.0)
    played([PublishEvent(number / 4, {}, f"e{number}") for number in range(3)], there)
    assert in_timeline(there) == [
        (0.0 - LEAD, "publish e0 for 0"),
        (0.25 - LEAD, "publish e1 for 0.25"),
        (0.5 - LEAD, "publish e2 for 0.5"),
    ]


@pytest.mark.parametrize(
    ("is_quiet", "answers", "detail"),
    [
        pytest.param(False, True, "the backend was not quiet within 8 s", id="backend busy"),
        pytest.param(True, False, "not every client had its ping answered", id="pongs missing"),
        pytest.param(
            False,
            False,
            "the backend was not quiet within 8 s; not every client had its ping answered",
            id="both",
        ),
    ],
)
def test_what_has_not_settled_is_told(is_quiet: bool, answers: bool, detail: str) -> None:
    there = Remembering()
    there.is_quiet, there.answers = is_quiet, answers
    assert played([], there) == [
        Settled(0.0, "start", complete=False, detail=detail),
        Settled(0.0, "end", complete=False, detail=detail),
    ]


def test_the_last_frames_get_a_moment_even_when_the_backend_used_up_the_time() -> None:
    there = Remembering(quiet=9.0)
    played([], there)
    assert [what for _, what in there.calls if what.startswith("roundtrip")] == ["roundtrip 1", "roundtrip 1"]


def test_actions_that_do_not_end_are_cancelled_and_told() -> None:
    there = Remembering(leave=1e9)
    seen = played([LeaveClient(0.0, "alice")], there, settle=0.05)
    detail = "actions were not done 0.05 s after the timeline's end"
    assert [(one.phase, one.complete, one.detail) for one in seen if isinstance(one, Settled)] == [
        ("start", True, ""),
        ("end", False, detail),
    ]
