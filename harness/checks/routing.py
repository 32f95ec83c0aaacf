"""Did every event reach everybody who must receive it, once and unaltered, and nobody else?"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

from harness.checks import wording
from harness.checks.alike import Alike, Case, alike, group_sizes
from harness.checks.deliveries import Deliveries, deliveries_of
from harness.checks.inside import is_visible
from harness.checks.losses import Loss, Losses
from harness.checks.needs import ACTS, CONNECTIONS, INVOCATIONS, PUBLISHES, SETTLED, Need, messages_of
from harness.checks.verdict import Cause, CheckResult, Finding, answer
from harness.checks.wrong_messages import wrong_messages
from harness.record.history import History
from harness.record.observation import (
    ClientConnected,
    ClientRefused,
    EventPublished,
    Observation,
    PublishFailed,
    SubscriptionSent,
)
from harness.scenario.model import Scenario

NAME = "routing"


def check(scenario: Scenario, history: History) -> CheckResult:
    """FAIL for a lost, leaked, duplicated, altered, misnamed, late or stray message.

    What a message carries is for `attribution` to say. A client receives an event once, however often SNS delivered
    it: a handler has to bear that (S-8). Where the scenario allows duplicates, it may receive it once for each time
    that a function was handed it. UNKNOWN when nothing was published, when a publish failed, or when nobody was
    surely subscribed to anything that was published; that events rightly reach nobody at all is a PASS.
    """
    judged = _Judged(scenario, history, deliveries_of(scenario, history))
    return answer(
        NAME,
        judged.summary(),
        judged.findings(),
        judged.counts(),
        judged=judged.is_judged,
        needs=(SETTLED, PUBLISHES, ACTS, INVOCATIONS.where_shown()),
    )


@dataclass(frozen=True, slots=True)
class _Judged:
    """The deliveries of a history in words."""

    scenario: Scenario
    history: History
    found: Deliveries

    @property
    def is_judged(self) -> bool:
        """Whether there was something to receive, and SNS took all that was published."""
        nothing_sure = not self._expected and any(one.may for one in self.found.expected)
        doubtful = nothing_sure or self._nobody_was_let_in or self.history.of(PublishFailed)
        return bool(self.found.expected) and not doubtful

    @property
    def _nobody_was_let_in(self) -> bool:
        """Whether all were refused, some of them against the scenario: nobody there proves nothing."""
        refused = self.history.of(ClientRefused)
        unasked = any(self.scenario.group_of(one.client).refused is None for one in refused)
        return unasked and not self.history.of(ClientConnected)

    @property
    def _expected(self) -> int:
        return sum(len(one.must) for one in self.found.expected)

    @property
    def _lost(self) -> int:
        return sum(len(self.found.received.missing(number)) for number in range(len(self.found.expected)))

    def counts(self) -> dict[str, float]:
        """The figures behind the summary by name."""
        wrongs = self.found.wrongs
        return {
            "events": len(self.found.expected),
            "expected": self._expected,
            "received": self.found.arrived + sum(map(wrongs.count, ("leak", "privacy leak", "altered"))),
            "lost": self._lost,
            "leaked": wrongs.count("leak") + wrongs.count("privacy leak"),
            "duplicated": sum(1 for _ in self._duplicated()),
            "altered": wrongs.count("altered"),
            "misnamed": wrongs.count("wrong event"),
            "late": wrongs.count("late") + wrongs.count("after the end"),
            "stray": wrongs.count("stray"),
            "wrapped": self.found.wrapped,
            "replies": self.found.replies,
            "others": self.found.others,
        }

    # --- the summary ---

    def summary(self) -> str:
        """What arrived, and what was wrong, in a line."""
        if not self.found.expected:
            return "no event was published, so nothing was judged"
        return self._arrived() + self._wrong() + self._wrapped() + self._unsure()

    def _arrived(self) -> str:
        if expected := self._expected:
            return f"{wording.amount(expected - self._lost)} of {wording.amount(expected)} expected messages arrived"
        if self._nobody_was_let_in:
            return "everybody was refused, so that nobody could receive what was published"
        if any(one.may for one in self.found.expected):
            return "nobody was surely subscribed to what was published"
        return f"{wording.counted(len(self.found.expected), 'event')} rightly had no receiver"

    def _wrong(self) -> str:
        names = ("leaked", "duplicated", "altered", "misnamed", "late", "stray")
        counts = self.counts()
        told = ", ".join(f"{wording.amount(int(counts[name]))} {name}" for name in names if counts[name])
        return f", {told}" if told else ", nothing else"

    def _wrapped(self) -> str:
        """That events came inside something else, once."""
        many = self.found.wrapped
        if not many or self.scenario.feed.payload == "contains":
            return ""
        return f" ({'all' if many == self.found.arrived else wording.amount(many)} wrapped)"

    def _unsure(self) -> str:
        failed = self.history.of(PublishFailed)
        return f"; {wording.counted(len(failed), 'publish', 'publishes')} failed" if failed else ""

    # --- the findings ---

    def findings(self) -> Iterator[Finding]:
        """Everything that is wrong, causes alike together."""
        yield from wrong_messages(self.scenario, self.history, self.found)
        yield from self._losses()
        yield from self._duplicates()

    def _together(self, group: Alike, verb: str, preposition: str) -> str:
        return group.told(verb, preposition, group_sizes(self.scenario))

    def _losses(self) -> Iterator[Finding]:
        losses = Losses(self.found, self.history)
        found: dict[tuple[str, ...], tuple[EventPublished, Loss]] = {}
        for group in alike(self._lost_ones(losses, found), self.found.wrongs.completeness):
            published, loss = found[group.example.key]
            if group.count == 1:
                what = f"{group.example.client} never received {wording.event(published)}{loss.why}"
            else:
                what = self._together(group, "never received", "by") + loss.why
            yield group.finding("lost", what, cause=Cause.LOST)

    def _lost_ones(
        self, losses: Losses, found: dict[tuple[str, ...], tuple[EventPublished, Loss]]
    ) -> Iterator[Case]:
        for number, client in self.found.lost():
            published = self.found.expected[number].published
            loss = losses.of(number, client)
            key = ("lost", loss.function, loss.why)
            found.setdefault(key, (published, loss))
            yield Case(
                key=key,
                event=published.event,
                client=client,
                type=published.type,
                needs=_LOSS_NEEDS | {messages_of(client)},
                proof=partial(_proof_of_loss, client, published, loss, self.history),
                request=loss.request,
            )

    def _duplicates(self) -> Iterator[Finding]:
        allowed = self.scenario.expect.duplicates == "allowed"
        needs = frozenset({INVOCATIONS.where_shown()}) if allowed else frozenset()
        cases = (
            Case(
                key=("duplicated", str(times), self._why_twice(number)),
                event=self.found.expected[number].published.event,
                client=client,
                type=self.found.expected[number].published.type,
                needs=needs,
                proof=partial(self._proof_of_duplicate, number, client),
            )
            for number, client, times in self._duplicated()
        )
        for group in alike(cases, self.found.wrongs.completeness):
            _, times, why = group.example.key
            often = "twice" if times == "2" else f"{times} times"
            if group.count == 1:
                event = self._first_called(group.example.event)
                what = f"{group.example.client} received {wording.event(event)} {often}{why}"
            else:
                what = self._together(group, f"received {often}", "by") + why
            yield group.finding("duplicated", what, cause=Cause.DUPLICATED)

    def _first_called(self, event: str | None) -> EventPublished:
        return next(one.published for one in self.found.expected if one.published.event == event)

    def _duplicated(self) -> Iterator[tuple[int, str, int]]:
        """Each event and client that received it too often, and how often."""
        for number in range(len(self.found.expected)):
            bearable = self._bearable(number) if self.scenario.expect.duplicates == "allowed" else 1
            for client, times in self.found.received.more_than(number, bearable):
                yield number, client, times

    def _bearable(self, number: int) -> float:
        """How often a client may receive an event where duplicates of delivery are allowed."""
        if not is_visible(self.history):
            return float("inf")
        attempts = Counter(one.function for one in self.found.lineage.attempts[number])
        return max(1, max(attempts.values(), default=0))

    def _why_twice(self, number: int) -> str:
        """Whose a duplicate is: of the function that was handed the event most often."""
        if not is_visible(self.history):
            return ""
        handed = self.found.lineage.attempts[number]
        attempts = Counter(one.function for one in handed)
        deliveries = Counter(function for function, _ in {(one.function, one.request) for one in handed})
        if (delivered := max(deliveries.values(), default=0)) > 1:
            return f": SNS delivered its message {_times(delivered)}"
        if (tried := max(attempts.values(), default=0)) > 1:
            return f": Lambda tried its invocation {_times(tried)}"
        return ": its function was handed it once"

    def _proof_of_duplicate(self, number: int, client: str) -> tuple[Observation, ...]:
        published = self.found.expected[number].published
        messages = (
            one.message
            for one in self.found.attribution
            if one.message.client == client and number in one.candidates
        )
        return (published, *messages)


_LOSS_NEEDS: frozenset[Need] = frozenset({SETTLED, CONNECTIONS.where_shown(), INVOCATIONS.where_shown()})


def _times(number: int) -> str:
    return "twice" if number == 2 else f"{number} times"


def _proof_of_loss(
    client: str, published: EventPublished, loss: Loss, history: History
) -> tuple[Observation, ...]:
    """The client's last connect and, after it, its last subscribe message before the event; the event; its way."""
    connected = [
        one for one in history.of(ClientConnected) if one.client == client and one.at <= published.at
    ][-1:]
    since = connected[0].at if connected else 0.0
    sent = [
        one
        for one in history.of(SubscriptionSent)
        if one.client == client and since <= one.at <= published.at
    ]
    return (*connected, *sent[-1:], published, *loss.seen)
