"""Did the messages of each channel arrive at each client in the order their events were published?"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import TypeAlias

from harness.checks import wording
from harness.checks.findings import finding_of, most_telling
from harness.checks.verdict import CheckResult, Finding, Verdict
from harness.record.history import History
from harness.record.observation import EventPublished, MessageReceived
from harness.scenario.model import Scenario

NAME = "order"

_Arrived: TypeAlias = tuple[EventPublished, MessageReceived]
_Overtaken: TypeAlias = tuple[_Arrived, _Arrived]
"""What arrived too early, and then what arrived after it although it was published before it."""


def check(scenario: Scenario, history: History) -> CheckResult | None:
    """FAIL for a message that arrived after one that was published later; None unless the scenario expects order.

    UNKNOWN when no client received two messages of one channel. Only an event's first arrival counts (a second one is
    routing's finding), and ids that were published more than once are left out: nobody can tell which one arrived.
    """
    if not scenario.expect.order:
        return None
    streams = _streams(history)
    pairs = sum(len(stream) - 1 for stream in streams.values())
    overtaken = [one for stream in streams.values() for one in _overtaken(stream)]
    counts: dict[str, float] = {
        "streams": len(streams),
        "messages": sum(map(len, streams.values())),
        "out_of_order": len(overtaken),
    }
    if not pairs:
        return CheckResult(
            NAME, Verdict.UNKNOWN, "no client received two messages of one channel", counts=counts
        )
    if overtaken:
        told = wording.counted(len(overtaken), "message")
        findings = most_telling(_finding(*one) for one in overtaken)
        return CheckResult(NAME, Verdict.FAIL, f"{told} arrived out of order", findings, counts)
    told = wording.counted(int(counts["messages"]), "message")
    return CheckResult(NAME, Verdict.PASS, f"{told} arrived in the order of publishing", counts=counts)


def _streams(history: History) -> Mapping[tuple[str, str], list[_Arrived]]:
    """By client and channel, what arrived, in the order of arrival."""
    times = Counter(one.event for one in history.of(EventPublished))
    published = {one.event: one for one in history.of(EventPublished) if times[one.event] == 1}
    streams: dict[tuple[str, str], list[_Arrived]] = {}
    for message in _first_arrivals(history.of(MessageReceived)):
        if (event := published.get(message.event or "")) is not None:
            for channel in event.channels:
                streams.setdefault((message.client, channel), []).append((event, message))
    return streams


def _first_arrivals(messages: Iterable[MessageReceived]) -> Iterator[MessageReceived]:
    seen: set[tuple[str, str | None]] = set()
    for message in messages:
        if (message.client, message.event) not in seen:
            seen.add((message.client, message.event))
            yield message


def _overtaken(stream: list[_Arrived]) -> Iterator[_Overtaken]:
    newest = stream[0]
    for arrived in stream[1:]:
        if arrived[0].at < newest[0].at:
            yield newest, arrived
        else:
            newest = arrived


def _finding(newer: _Arrived, older: _Arrived) -> Finding:
    what = (
        f"{older[1].client} received {wording.event(older[0])} after {wording.event(newer[0])}, "
        f"which was published {wording.duration(newer[0].at - older[0].at)} later"
    )
    return finding_of("out of order", what, older[0], newer[0], newer[1], older[1])
