"""What is missing never proves anything, and what was seen is never nothing: over many runs of a correct backend."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from math import inf

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from harness.checks import judge
from harness.checks.needs import INSIDE
from harness.checks.verdict import ScenarioResult, Verdict
from harness.record.history import Gap, History
from harness.record.lines import source_of
from harness.record.observation import (
    ClientLeft,
    ConnectionOpened,
    ConnectionPosted,
    EventPublished,
    InvocationStarted,
    MessageReceived,
    Observation,
    RecordingEnded,
    Settled,
    SubscriptionSent,
    digest_of,
)
from harness.scenario.model import Scenario
from tests.checks.correct_backend import CHANNELS, DOINGS, WAYS, Act, Played, client_names, play

Seen = Sequence[Observation]

CLIENT = st.sampled_from(client_names())
ACTS = st.lists(
    st.builds(
        Act,
        st.sampled_from((0.0, 0.004, 0.03, 0.15)),
        st.sampled_from(DOINGS),
        CLIENT,
        st.sampled_from(CHANNELS),
    ),
    max_size=14,
)
RUNS = st.builds(play, ACTS, way=st.sampled_from(WAYS), seed=st.integers(0, 999))
PART = st.floats(0.0, 1.0)
some = settings(max_examples=20, deadline=None)
"""Every example is a run that is judged as a whole."""

_EVERYTHING = [
    Act(0.1, "publish", "btc/1", "market.BTC"),
    Act(0.003, "subscribe", "btc/1", "market.ETH"),
    Act(0.003, "publish", "btc/1", "market.BTC"),
    Act(0.0, "publish", "btc/1", "market.ETH"),
    Act(0.05, "vanish", "btc/2", ""),
    Act(0.02, "publish", "btc/2", "market.BTC"),
    Act(0.01, "leave", "eth/1", ""),
    Act(0.004, "publish", "eth/1", "market.ETH"),
    Act(0.2, "return", "eth/1", ""),
    Act(0.1, "ask for what is forbidden", "t1", ""),
    Act(0.0, "publish", "t1", "trader.t1"),
    Act(0.1, "return", "btc/2", ""),
]
RUNS_OF_EVERYTHING = {way: play(_EVERYTHING, way=way, seed=7) for way in WAYS}
"""Runs in which everything happens that a plan knows."""


def judged(scenario: Scenario, history: History) -> ScenarioResult:
    return judge(scenario, history)


def failures(scenario: Scenario, history: History) -> list[tuple[str, str]]:
    """The checks that say FAIL, and the first thing that each says."""
    return [
        (one.check, one.findings[0].what if one.findings else one.summary)
        for one in judged(scenario, history).results
        if one.verdict is Verdict.FAIL
    ]


# --- what a history loses ---------------------------------------------------------------------------------


def cut(seen: Seen, end: int, *, inside_lag: float = 0.0) -> History:
    """What was recorded when all died: of the inside, which is fetched now and then, a little less."""
    kept = seen[:end]
    fetched = (kept[-1].at if kept else 0.0) - inside_lag
    return History(tuple(one for one in kept if source_of(type(one)) != INSIDE or one.at <= fetched))


def without(seen: Seen, number: int) -> History:
    """All but one line; that one is missing is seen by the numbers of its source."""
    lost = seen[number]
    kept = (*seen[:number], *seen[number + 1 :])
    source = source_of(type(lost))
    mine = [one for one in seen if source_of(type(one)) == source]
    place = next(n for n, one in enumerate(mine) if one is lost)
    after = mine[place - 1].at if place else -inf
    before = mine[place + 1].at if place + 1 < len(mine) else inf
    return History(kept, gaps=(Gap(source, place, place + 1, after, before),))


def given_up(seen: Seen, end: int) -> History:
    """All that was seen until everything hung; then the run waited, gave up, and recorded its end in order."""
    at = seen[end - 1].at + 10.0
    hung = "3 invocations of fan_out"
    return History((*seen[:end], Settled(at, "end", False, hung), RecordingEnded(at + 1.0, 0, 0)))


def until_settled(seen: Seen) -> int:
    """How many there are before the run settled at its end."""
    return next(n for n, one in enumerate(seen) if isinstance(one, Settled) and one.phase == "end")


def after_start(seen: Seen) -> int:
    return next(n for n, one in enumerate(seen) if isinstance(one, Settled)) + 1


@some
@given(RUNS)
def test_a_correct_backend_passes(run: Played) -> None:
    result = judged(run.scenario, History(run.observations))

    assert [(one.check, one.verdict) for one in result.results if one.verdict is not Verdict.PASS] == []


@pytest.mark.parametrize("inside_lag", [0.0, 0.5])
def test_a_run_that_died_at_any_moment_fails_nothing(inside_lag: float) -> None:
    run = RUNS_OF_EVERYTHING["topic"]
    seen = run.observations

    told = {
        end: wrong
        for end in range(len(seen))
        if (wrong := failures(run.scenario, cut(seen, end, inside_lag=inside_lag)))
    }

    assert told == {}


@pytest.mark.parametrize("run", RUNS_OF_EVERYTHING.values(), ids=RUNS_OF_EVERYTHING)
def test_any_one_line_that_is_lost_fails_nothing(run: Played) -> None:
    seen = run.observations

    told = {
        seen[number]: wrong
        for number in range(len(seen))
        if (wrong := failures(run.scenario, without(seen, number)))
    }

    assert told == {}


def test_a_run_that_hung_at_any_moment_fails_nothing() -> None:
    run = RUNS_OF_EVERYTHING["topic"]
    seen = run.observations

    told = {
        end: wrong
        for end in range(after_start(seen), until_settled(seen))
        if (wrong := failures(run.scenario, given_up(seen, end)))
    }

    assert told == {}


@some
@given(RUNS, PART, st.sampled_from((0.0, 0.02, 0.5)))
def test_no_history_that_is_cut_off_fails(run: Played, part: float, inside_lag: float) -> None:
    seen = run.observations

    assert failures(run.scenario, cut(seen, int(part * len(seen)), inside_lag=inside_lag)) == []


@some
@given(RUNS, PART)
def test_no_history_that_lost_a_line_fails(run: Played, part: float) -> None:
    seen = run.observations

    assert failures(run.scenario, without(seen, int(part * (len(seen) - 1)))) == []


@some
@given(RUNS, PART)
def test_no_run_that_hung_fails(run: Played, part: float) -> None:
    seen = run.observations
    first, last = after_start(seen), until_settled(seen)

    assert failures(run.scenario, given_up(seen, first + int(part * (last - first)))) == []


# --- what is added to one ---------------------------------------------------------------------------------

Disguise = Callable[[str, str], str]
"""What is posted in place of an event's text; the second text is of an event that the client may receive."""


def _without_id(text: str, _: str) -> str:
    return json.dumps({name: value for name, value in json.loads(text).items() if name != "eventId"})


def _by_another_name(text: str, other: str) -> str:
    return json.dumps(json.loads(text) | {"eventId": json.loads(other)["eventId"]})


DISGUISES: Mapping[str, Disguise] = {
    "as it was published": lambda text, _: text,
    "without its id": _without_id,
    "in a batch": lambda text, _: json.dumps({"batch": [json.loads(text)]}),
    "in a batch with one that it may see": lambda text, other: json.dumps(
        [json.loads(text), json.loads(other)]
    ),
    "in words of its own": lambda text, _: json.dumps({"px": json.loads(text)["price"]}),
    "as no JSON": lambda text, _: f"event {json.loads(text)['eventId']}",
    "by the name of one that it may see": _by_another_name,
    "as one that was never published": lambda text, _: json.dumps(json.loads(text) | {"eventId": "e999999"}),
}


def strangers(seen: Seen) -> Iterator[tuple[EventPublished, str]]:
    """Every event with each client that was there all the time and never asked for its channel."""
    asked = {
        (one.client, channel)
        for one in seen
        if isinstance(one, SubscriptionSent)
        for channel in [one.channel]
    }
    settled_at = seen[until_settled(seen)].at
    away = {one.client for one in seen if isinstance(one, ClientLeft) and one.at < settled_at}
    for event in seen:
        if isinstance(event, EventPublished):
            for client in client_names():
                if client not in away and not any((client, one) in asked for one in event.channels):
                    yield event, client


def leaked(seen: Seen, event: EventPublished, client: str, disguise: Disguise, *, posted: bool) -> History:
    """The event, in disguise, at a client too; `posted` by the function that was handed it, or out of nowhere."""
    own = next(
        (
            one
            for one in seen
            if isinstance(one, MessageReceived) and one.client == client and '"eventId"' in one.text
        ),
        None,
    )
    text = disguise(event.text, event.text if own is None else own.text)
    started = next(
        one for one in seen if isinstance(one, InvocationStarted) and one.request == f"fan-out-{event.event}"
    )
    connection = next(
        one.connection for one in seen if isinstance(one, ConnectionOpened) and one.client == client
    )
    payload = text.encode()
    post = ConnectionPosted(
        started.at + 0.0001, connection, 200, started.request, len(payload), digest_of(payload)
    )
    message = MessageReceived(started.at + 0.0002, client, text)
    return History((*seen, message, *((post,) if posted else ())))


@pytest.mark.parametrize("posted", [True, False], ids=["by its function", "out of nowhere"])
@pytest.mark.parametrize("disguise", DISGUISES.values(), ids=DISGUISES)
@some
@given(run=RUNS, which=PART)
def test_no_message_to_whom_may_not_see_it_passes(
    run: Played, which: float, disguise: Disguise, posted: bool
) -> None:
    seen = run.observations
    pairs = list(strangers(seen))
    assume(pairs)
    event, client = pairs[int(which * (len(pairs) - 1))]

    result = judged(run.scenario, leaked(seen, event, client, disguise, posted=posted))

    assert result.verdict is not Verdict.PASS
