"""Was every handshake and subscribe message refused that must be, and nothing else, and nobody thrown out?"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from harness.checks import wording
from harness.checks.findings import finding_of, most_telling
from harness.checks.subscribing import demanded_refusals
from harness.checks.verdict import CheckResult, Finding, Verdict
from harness.record.history import History
from harness.record.observation import (
    ClientClosed,
    ClientConnected,
    ClientConnecting,
    ClientLeft,
    ClientRefused,
    MessageReceived,
    SubscriptionSent,
)
from harness.scenario.feed import Feed
from harness.scenario.model import Scenario, Subscribe

NAME = "refusals"

_GATEWAY_MESSAGE = frozenset({"message", "connectionId", "requestId"})
"""The members of the message by which API Gateway itself refuses a message (R-10, R-11, R-13)."""

_ErrorMessage: TypeAlias = tuple[str, MessageReceived]
"""What an error message says (its code, or the gateway's message), and the message."""


@dataclass(slots=True)
class _Tally:
    """What was refused, against what had to be."""

    demanded: int = 0
    refused: int = 0
    missing: list[Finding] = field(default_factory=list)
    unexpected: list[Finding] = field(default_factory=list)
    closed: list[Finding] = field(default_factory=list)


def check(scenario: Scenario, history: History) -> CheckResult:
    """FAIL for a refusal that is missing or of another status or code, an unexpected one, an unexpected close.

    Always judged. UNKNOWN when the scenario demands refusals but nobody tried what must be refused.
    """
    tally = _Tally()
    _count_handshakes(tally, scenario, history)
    _count_subscribes(tally, scenario, history)
    tally.closed += _thrown_out(history)
    wrong = len(tally.missing) + len(tally.unexpected) + len(tally.closed)
    untried = _demands_refusals(scenario) and tally.demanded == 0
    verdict = Verdict.FAIL if wrong else Verdict.UNKNOWN if untried else Verdict.PASS
    counts: dict[str, float] = {
        "demanded": tally.demanded,
        "refused": tally.refused,
        "missing": len(tally.missing),
        "unexpected": len(tally.unexpected),
        "closed": len(tally.closed),
    }
    findings = most_telling(tally.missing, tally.unexpected, tally.closed)
    return CheckResult(NAME, verdict, _summary(tally, untried=untried), findings, counts)


def _count_handshakes(tally: _Tally, scenario: Scenario, history: History) -> None:
    """The answer to each opening handshake; one that was never answered is left to the other checks."""
    answers = (
        seen
        for seen in history.observations
        if isinstance(seen, ClientConnecting | ClientConnected | ClientRefused)
    )
    began: dict[str, ClientConnecting] = {}
    for seen in answers:
        demanded = scenario.group_of(seen.client).refused
        status = demanded if isinstance(demanded, int) else None
        match seen:
            case ClientConnecting():
                began[seen.client] = seen
                tally.demanded += status is not None
            case ClientRefused(status=answered) if answered == status:
                tally.refused += 1
            case ClientRefused() if status is None:
                tally.unexpected.append(_refused(seen))
            case ClientRefused():
                what = f"{seen.client}'s handshake was answered {_told(seen)} instead of {status}"
                tally.missing.append(finding_of("other status", what, seen))
            case ClientConnected() if status is not None:
                what = f"{seen.client}'s handshake was accepted; it must be refused with {status}"
                evidence = (began[seen.client], seen) if seen.client in began else (seen,)
                tally.missing.append(finding_of("not refused", what, *evidence))


def _refused(refused: ClientRefused) -> Finding:
    if refused.status == 0:
        what = f"{refused.client}'s connection failed before an answer: {refused.reason or 'no reason known'}"
        return finding_of("connection failed", what, refused)
    what = f"{refused.client}'s handshake was refused with {_told(refused)}; it must be accepted"
    return finding_of("unexpected refusal", what, refused)


def _told(refused: ClientRefused) -> str:
    return f"{refused.status} ({refused.reason})" if refused.reason else str(refused.status)


def _count_subscribes(tally: _Tally, scenario: Scenario, history: History) -> None:
    """Pairs each demanded refusal with the first error message of its code that follows; the rest is unexpected."""
    error_messages = _error_messages(scenario.feed, history)
    demanded = zip(history.of(SubscriptionSent), demanded_refusals(scenario, history), strict=True)
    unanswered: list[tuple[SubscriptionSent, str]] = []
    for sent, code in demanded:
        if code is not None:
            tally.demanded += 1
            if _take(error_messages.get(sent.client, []), sent, code) is None:
                unanswered.append((sent, code))
            else:
                tally.refused += 1
    for sent, code in unanswered:
        tally.missing.append(_not_refused(sent, code, _take(error_messages.get(sent.client, []), sent, None)))
    left_over = [message for messages in error_messages.values() for message in messages]
    tally.unexpected += [_unexpected(*one) for one in sorted(left_over, key=lambda one: one[1].at)]


def _take(messages: list[_ErrorMessage], sent: SubscriptionSent, code: str | None) -> _ErrorMessage | None:
    """Takes out the first error message since the subscribe, of that code unless None."""
    for number, (said, message) in enumerate(messages):
        if message.at >= sent.at and code in (None, said):
            return messages.pop(number)
    return None


def _not_refused(sent: SubscriptionSent, code: str, answer: _ErrorMessage | None) -> Finding:
    asked = f"{sent.client}'s subscribe to {sent.channel}"
    if answer is None:
        return finding_of("not refused", f"{asked} was not refused; it must be answered {code}", sent)
    return finding_of(
        "other code", f"{asked} was answered {answer[0]!r} instead of {code!r}", sent, answer[1]
    )


def _unexpected(said: str, message: MessageReceived) -> Finding:
    what = f"{message.client} received an error message that nothing explains: {said}"
    return finding_of("unexpected error message", what, message)


def _error_messages(feed: Feed, history: History) -> Mapping[str, list[_ErrorMessage]]:
    """By client, the application's and the gateway's error messages."""
    found: dict[str, list[_ErrorMessage]] = {}
    for message in history.of(MessageReceived):
        if message.event is None and (said := _error_in(message.text, feed)) is not None:
            found.setdefault(message.client, []).append((said, message))
    return found


def _error_in(text: str, feed: Feed) -> str | None:
    try:
        message = json.loads(text)
    except ValueError:
        return None
    if not isinstance(message, dict):
        return None
    if isinstance(code := message.get(feed.error_code_field), str):
        return code
    return str(message["message"]) if message.keys() == _GATEWAY_MESSAGE else None


def _thrown_out(history: History) -> Iterator[Finding]:
    """Closes of clients that had not begun to leave."""
    leaving: set[str] = set()
    for seen in history.observations:
        match seen:
            case ClientConnecting():
                leaving.discard(seen.client)
            case ClientLeft():
                leaving.add(seen.client)
            case ClientClosed() if seen.client not in leaving:
                reason = f" ({seen.reason})" if seen.reason else ""
                what = f"{seen.client}'s connection was closed with {seen.code}{reason}, but it had not left"
                yield finding_of("unexpected close", what, seen)


def _demands_refusals(scenario: Scenario) -> bool:
    steps: Iterable[Subscribe] = (step for step in scenario.timeline if isinstance(step, Subscribe))
    return any(group.refused is not None for group in scenario.clients.values()) or any(
        step.subscribe.refused is not None for step in steps
    )


def _summary(tally: _Tally, *, untried: bool) -> str:
    if untried:
        return "nobody tried what must be refused"
    parts = [f"{wording.amount(tally.refused)} of {wording.counted(tally.demanded, 'demanded refusal')} seen"]
    parts += [f"{wording.counted(len(tally.unexpected), 'unexpected refusal')}"] if tally.unexpected else []
    parts += [f"{wording.counted(len(tally.closed), 'unexpected close')}"] if tally.closed else []
    if tally.demanded == 0 and len(parts) == 1:
        return "nothing was refused"
    return ", ".join(parts) + ("" if len(parts) > 1 else ", nothing else refused")
