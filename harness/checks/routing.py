"""Did every event reach everybody who must receive it, once and unaltered, and nobody else?"""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TypeAlias

from harness.checks import wording
from harness.checks.expected import Arrivals, Expected, arrivals, expected
from harness.checks.findings import finding_of, most_telling
from harness.checks.handed import Handings
from harness.checks.posts import Posts, posts_of
from harness.checks.verdict import CheckResult, Finding, Verdict
from harness.record.history import History
from harness.record.observation import (
    ClientConnected,
    EventPublished,
    MessageReceived,
    Observation,
    PublishFailed,
    Settled,
    SubscriptionSent,
)
from harness.scenario.model import Scenario

NAME = "routing"

_Publications: TypeAlias = Sequence[Expected]
"""The publications of one event id: one, unless the scenario publishes the same id again."""
_Bears: TypeAlias = Callable[[_Publications], float]
"""How often a client may receive an event, for each time that it was published."""
_Arrived: TypeAlias = tuple[_Publications, tuple[MessageReceived, ...]]


def check(scenario: Scenario, history: History) -> CheckResult:
    """FAIL for a lost, leaked, duplicated, altered or stray message, counted in `counts` under these names.

    A client receives an event once, however often SNS delivered it: a handler has to bear that (S-8). Where the
    scenario allows duplicates, it may receive it once for each time that a function was handed it.
    UNKNOWN when nothing was published, when a publish failed, or when nobody was surely subscribed to anything
    that was published; that events rightly reach nobody at all is a PASS.
    """
    publications = expected(scenario, history)
    handings = Handings(history)
    tally = _tally(
        publications,
        arrivals(history),
        unsure={one.event for one in history.of(PublishFailed)},
        bears=_at_least_once(handings) if scenario.expect.duplicates == "allowed" else _once,
    )
    verdict = _verdict(tally, publications, history)
    return CheckResult(
        NAME,
        verdict,
        _summary(tally, publications, history),
        _findings(tally, scenario, history, handings),
        _counts(tally),
    )


@dataclass(slots=True)
class _Tally:
    """Everything that arrived, put against everything expected."""

    events: int = 0
    expected: int = 0
    received: int = 0
    lost: list[tuple[Expected, str]] = field(default_factory=list)
    leaked: list[_Arrived] = field(default_factory=list)
    duplicated: list[_Arrived] = field(default_factory=list)
    altered: list[tuple[Expected, MessageReceived]] = field(default_factory=list)
    stray: list[MessageReceived] = field(default_factory=list)

    @property
    def is_clean(self) -> bool:
        return not (self.lost or self.leaked or self.duplicated or self.altered or self.stray)


def _once(_: _Publications) -> float:
    return 1


def _at_least_once(handings: Handings) -> _Bears:
    def bears(published: _Publications) -> float:
        handed = handings.of(one.published.message_id for one in published)
        return float("inf") if handed is None else max(1, handed.attempts / len(published))

    return bears


def _tally(publications: Sequence[Expected], arrived: Arrivals, *, unsure: set[str], bears: _Bears) -> _Tally:
    """Counts; a message of an `unsure` event, which SNS may have taken after all, is nobody's fault."""
    by_event: dict[str, list[Expected]] = {}
    for one in publications:
        by_event.setdefault(one.published.event, []).append(one)
    tally = _Tally(events=len(publications))
    for event, published in by_event.items():
        _count_event(tally, published, arrived.get(event, {}), bears(published))
    for event, at_clients in arrived.items():
        if event not in by_event and event not in unsure:
            tally.stray += [message for messages in at_clients.values() for message in messages]
    return tally


def _count_event(
    tally: _Tally,
    published: _Publications,
    at_clients: Mapping[str, tuple[MessageReceived, ...]],
    times: float,
) -> None:
    needed = Counter(client for one in published for client in one.must)
    allowed = Counter(client for one in published for client in one.may)
    tally.expected += needed.total()
    lost = (client for client, times in needed.items() if len(at_clients.get(client, ())) < times)
    tally.lost += [(published[0], client) for client in sorted(lost, key=wording.by_number)]
    for client, messages in at_clients.items():
        tally.received += len(messages)
        if client not in allowed:
            tally.leaked.append((published, messages))
        elif len(messages) > allowed[client] * times:
            tally.duplicated.append((published, messages))
        tally.altered += _altered(published, messages)


def _altered(
    published: _Publications, messages: tuple[MessageReceived, ...]
) -> list[tuple[Expected, MessageReceived]]:
    texts = {one.published.text for one in published}
    return [
        (published[0], message)
        for message in messages
        if message.text not in texts and not any(_same_json(message.text, text) for text in texts)
    ]


@lru_cache(maxsize=4096)
def _same_json(one: str, other: str) -> bool:
    return _canonical(one) == _canonical(other)


def _canonical(text: str) -> str:
    """One text for all that mean the same JSON value: member order, spaces and 1.0 against 1 do not count."""
    try:
        return json.dumps(json.loads(text, parse_float=_number), sort_keys=True)
    except ValueError:
        return text


def _number(text: str) -> float | int:
    value = float(text)
    return int(value) if value.is_integer() else value


def _verdict(tally: _Tally, publications: Sequence[Expected], history: History) -> Verdict:
    if not tally.is_clean:
        return Verdict.FAIL
    nothing_sure = tally.expected == 0 and any(one.may for one in publications)
    if not publications or nothing_sure or history.of(PublishFailed):
        return Verdict.UNKNOWN
    return Verdict.PASS


def _summary(tally: _Tally, publications: Sequence[Expected], history: History) -> str:
    if not publications:
        return "no event was published, so nothing was judged"
    return _arrived(tally, publications) + _wrong(tally) + _unsure(history)


def _arrived(tally: _Tally, publications: Sequence[Expected]) -> str:
    if tally.expected:
        arrived = wording.amount(tally.expected - len(tally.lost))
        return f"{arrived} of {wording.amount(tally.expected)} expected messages arrived"
    if any(one.may for one in publications):
        return "nobody was surely subscribed to what was published"
    return f"{wording.counted(tally.events, 'event')} rightly had no receiver"


def _wrong(tally: _Tally) -> str:
    wrong = {
        "leaked": sum(len(messages) for _, messages in tally.leaked),
        "duplicated": len(tally.duplicated),
        "altered": len(tally.altered),
        "stray": len(tally.stray),
    }
    told = ", ".join(f"{wording.amount(number)} {name}" for name, number in wrong.items() if number)
    return f", {told}" if told else ", nothing else"


def _unsure(history: History) -> str:
    """What makes the end of the history doubtful, so that a reader weighs a loss with it."""
    doubts = (
        [f"{wording.counted(len(failed), 'publish', 'publishes')} failed"]
        if (failed := history.of(PublishFailed))
        else []
    )
    doubts += ["the history's end is torn off"] if history.torn else []
    doubts += [
        f"the run had not settled{': ' + one.detail if one.detail else ''}"
        for one in history.of(Settled)
        if one.phase == "end" and not one.complete
    ]
    return "".join(f"; {doubt}" for doubt in doubts)


def _counts(tally: _Tally) -> dict[str, float]:
    return {
        "events": tally.events,
        "expected": tally.expected,
        "received": tally.received,
        "lost": len(tally.lost),
        "leaked": sum(len(messages) for _, messages in tally.leaked),
        "duplicated": len(tally.duplicated),
        "altered": len(tally.altered),
        "stray": len(tally.stray),
    }


def _findings(tally: _Tally, scenario: Scenario, history: History, handings: Handings) -> tuple[Finding, ...]:
    private = [leak for leak in tally.leaked if _is_private(leak, scenario)]
    public = [leak for leak in tally.leaked if not _is_private(leak, scenario)]
    return most_telling(
        (_leak("privacy leak", *leak) for leak in private),
        (_leak("leak", *leak) for leak in public),
        _losses(tally.lost, history),
        (_alteration(one.published, message) for one, message in tally.altered),
        (_duplicate(*duplicate, handings) for duplicate in tally.duplicated),
        (_stray(message) for message in tally.stray),
    )


def _is_private(leak: _Arrived, scenario: Scenario) -> bool:
    return any(scenario.feed.is_private(channel) for one in leak[0] for channel in one.published.channels)


def _leak(kind: str, published: _Publications, messages: tuple[MessageReceived, ...]) -> Finding:
    may = {client for one in published for client in one.may}
    who = f"only {wording.listed(may)}" if may else "nobody"
    what = f"{messages[0].client} received {wording.event(published[0].published)}, which {who} may see"
    prefix = "privacy leak: " if kind == "privacy leak" else ""
    return finding_of(kind, prefix + what, published[0].published, *messages)


def _losses(lost: Iterable[tuple[Expected, str]], history: History) -> Iterator[Finding]:
    """Generated, so that the posts are looked up for a history with losses only."""
    posts = None
    for one, client in lost:
        posts = posts or posts_of(history)
        yield _loss(one.published, client, posts, history)


def _loss(published: EventPublished, client: str, posts: Posts, history: History) -> Finding:
    posted = posts.of(published.message_id, client)
    what = f"{client} never received {wording.event(published)}{posts.told(published.message_id, client)}"
    return finding_of("lost", what, *_why_subscribed(client, published, history), published, *posted)


def _why_subscribed(client: str, published: EventPublished, history: History) -> tuple[Observation, ...]:
    """The client's last connect and, after it, its last subscribe message before the event."""
    connected = [
        one for one in history.of(ClientConnected) if one.client == client and one.at <= published.at
    ][-1:]
    since = connected[0].at if connected else 0.0
    sent = [
        one
        for one in history.of(SubscriptionSent)
        if one.client == client and since <= one.at <= published.at
    ]
    return (*connected, *sent[-1:])


def _alteration(published: EventPublished, message: MessageReceived) -> Finding:
    what = f"{message.client} received {wording.event(published)} with another content than was published"
    return finding_of("altered", what, published, message)


def _duplicate(
    published: _Publications, messages: tuple[MessageReceived, ...], handings: Handings
) -> Finding:
    times = "twice" if len(messages) == 2 else f"{len(messages)} times"
    handed = handings.of(one.published.message_id for one in published)
    why = "" if handed is None else handed.told()
    what = f"{messages[0].client} received {wording.event(published[0].published)} {times}{why}"
    return finding_of("duplicated", what, published[0].published, *messages)


def _stray(message: MessageReceived) -> Finding:
    return finding_of(
        "stray", f"{message.client} received {message.event}, which was never published", message
    )
