"""Wrong messages in words: what arrived and should not have, or not so; those alike together."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TypeAlias

from harness.checks import wording
from harness.checks.alike import Alike, group_sizes
from harness.checks.attribution import Attributed
from harness.checks.deliveries import Deliveries
from harness.checks.inside import is_visible
from harness.checks.payload import Fit
from harness.checks.verdict import Cause, Finding, Severity
from harness.record.history import History
from harness.record.observation import EventPublished
from harness.scenario.model import Scenario

_Words: TypeAlias = Callable[[Alike, Attributed], str]


def wrong_messages(scenario: Scenario, history: History, found: Deliveries) -> Iterator[Finding]:
    """A finding for each cause that messages were wrong for."""
    words = _InWords(found, group_sizes(scenario), is_visible(history))
    kinds: tuple[tuple[str, Cause, _Words], ...] = (
        ("privacy leak", Cause.LEAK, partial(words.leak, "privacy leak: ")),
        ("leak", Cause.LEAK, partial(words.leak, "")),
        ("wrong event", Cause.WRONG_EVENT, words.wrong_event),
        ("altered", Cause.ALTERED, words.alteration),
        ("stray", Cause.STRAY, words.stray),
        ("late", Cause.LATE_POST, words.late),
        ("after the end", Cause.LATE_POST, words.after_the_end),
    )
    for kind, cause, in_words in kinds:
        for group, first in found.wrongs.of(kind):
            what = in_words(group, first) + words.posted_by(first)
            yield group.finding(kind, what, cause=cause, severity=words.severity(kind, first))


@dataclass(frozen=True, slots=True)
class _InWords:
    """Words for each kind: of one message, or of a group that is told by its `first`."""

    found: Deliveries
    groups: Mapping[str, int]
    is_visible: bool

    def severity(self, kind: str, first: Attributed) -> Severity:
        """FAIL, but what nobody could follow may be right, and so may be what came late where the end was guessed."""
        if kind == "stray" and first.names is None and first.way is not None:
            return Severity.UNKNOWN if self._is_unfollowed(first) else Severity.FAIL
        return Severity.UNKNOWN if kind == "after the end" and not self.is_visible else Severity.FAIL

    def posted_by(self, first: Attributed) -> str:
        """The function that it comes of."""
        function = self.found.lineage.function_of(first.request)
        return f"; posted by {function}" if function else ""

    def leak(self, prefix: str, group: Alike, first: Attributed) -> str:
        """Of what somebody received who must not see it."""
        number = self._number(group, first)
        published, may = self._published(number), self.found.expected[number].may
        is_altered = first.comparison.fit is Fit.ALTERED
        altered = f"; it differs{first.comparison.difference}" if is_altered else ""
        if group.count > 1:
            return f"{prefix}{self._together(group, 'leaked', 'to')}{altered}"
        who = f"only {wording.folded(may, self.groups)}" if may else "nobody"
        return f"{prefix}{first.message.client} received {wording.event(published)}, which {who} may see{altered}"

    def wrong_event(self, group: Alike, first: Attributed) -> str:
        """Of a payload that says another event than the invocation was handed."""
        named = first.names or group.example.event
        what = f"names {named}, but its invocation was handed {self._handed(first) or 'no event'}"
        if group.count == 1:
            return f"{first.message.client} received a message that {what}"
        many = f"{wording.counted(group.count, 'message')} to {self._whom(group)}"
        return f"{many} name events that their invocations were not handed: the first {what}"

    def alteration(self, group: Alike, first: Attributed) -> str:
        """Of an event that arrived as something else."""
        published = self._published(self._number(group, first))
        differs = f"differs{first.comparison.difference}"
        if group.count > 1:
            return f"{self._together(group, 'arrived altered', 'at')}: {published.event} {differs}"
        others = len(first.candidates) - 1
        among = (
            f" (or one of {wording.counted(others, 'other')} that its invocation was handed)"
            if others
            else ""
        )
        return f"{first.message.client} received {wording.event(published)}{among} altered: it {differs}"

    def late(self, group: Alike, first: Attributed) -> str:
        """Of an event that was posted when its own invocation had ended."""
        assert first.way is not None
        number = self._number(group, first)
        published = self._published(number)
        late = wording.duration(first.way.at - self.found.lineage.ended_at(number))
        how = f"{late} late, in {self._handed(first)}'s invocation: the handler had returned before"
        if group.count == 1:
            return f"{wording.event(published)} was posted to {first.message.client} {how}"
        return f"{self._together(group, 'posted late', 'to')}: {published.event} was posted {how}"

    def after_the_end(self, group: Alike, first: Attributed) -> str:
        """Of what arrived when nothing was in flight any more."""
        after = wording.duration(first.message.at - self.found.settled_at)
        if group.count == 1:
            what = group.example.event or "a message"
            return f"{first.message.client} received {what} {after} after everything had settled"
        told = self._together(group, "arrived after everything had settled", "at")
        return f"{told}: the first of them {after} after"

    def stray(self, group: Alike, first: Attributed) -> str:
        """Of what belongs to no event that was published."""
        whom = self._whom(group)
        handed = self._handed(first)
        told = f": its invocation was handed {handed}" if handed else ""
        many = wording.counted(group.count, "message")
        if first.names is None:
            what = "a message that belongs" if group.count == 1 else f"{many} that belong"
            return f"{whom} received {what} to no event{told or self._not_told(first)}"
        if group.count == 1:
            return f"{whom} received {first.names}, which was never published{told}"
        return f"{whom} received {many} that name events which were never published, the first {first.names}{told}"

    def _not_told(self, first: Attributed) -> str:
        """Why nothing tells where it comes from."""
        if first.way is None:
            return ": no post of it was seen" if self.is_visible else ": it carries no id of an event"
        if self._is_unfollowed(first):
            return ": what its invocation was handed could not be followed"
        opened = self.found.lineage.connections_of(first.request)
        clients = self.found.attribution.connections.clients
        whose = {clients.get(connection, "a stranger") for connection in opened}
        return f": it was posted for {wording.listed(whose)}" if whose else ": its invocation was handed none"

    def _is_unfollowed(self, first: Attributed) -> bool:
        return self.found.lineage.is_unfollowed(first.request)

    def _handed(self, first: Attributed) -> str:
        return wording.first_few(self._published(number).event for number in first.handed)

    def _together(self, group: Alike, verb: str, preposition: str) -> str:
        return group.told(verb, preposition, self.groups)

    def _whom(self, group: Alike) -> str:
        return wording.folded(group.clients, self.groups)

    def _published(self, number: int) -> EventPublished:
        return self.found.expected[number].published

    def _number(self, group: Alike, first: Attributed) -> int:
        """The event of the group's first case, by its place in the order of publishing."""
        among = (*first.candidates, *first.handed)
        return next(one for one in among if self._published(one).event == group.example.event)
