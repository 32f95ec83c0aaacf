"""Was every handshake and subscribe message refused that must be, and nothing else, and nobody thrown out?"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from harness.checks import wording
from harness.checks.completeness import completeness_of
from harness.checks.inside import connections, functions_of
from harness.checks.likewise import Wrong, counted, likewise
from harness.checks.needs import ACTS, CONNECTIONS, SETTLED, Need, messages_of
from harness.checks.subscribing import demanded_refusals
from harness.checks.verdict import Cause, CheckResult, answer
from harness.record.history import History
from harness.record.observation import (
    ClientClosed,
    ClientConnected,
    ClientConnecting,
    ClientLeft,
    ClientRefused,
    ConnectionAsked,
    MessageReceived,
    Observation,
    SubscriptionSent,
)
from harness.scenario.feed import Feed
from harness.scenario.model import Scenario, Subscribe

NAME = "refusals"

_GATEWAY_MESSAGE = frozenset({"message", "connectionId", "requestId"})
"""The members of the message by which API Gateway itself refuses a message (R-10, R-11, R-13)."""

_MISSING = ("other status", "not refused", "other code")
_UNEXPECTED = ("connection failed", "unexpected refusal", "unexpected error message")

_ALIVE = (CONNECTIONS.where_shown(),)
"""What ends without a word must be of the backend's doing: an emulator that was killed ends connections too."""

_ErrorMessage: TypeAlias = tuple[str, MessageReceived]
"""What an error message says (its code, or the gateway's message), and the message."""


@dataclass(slots=True)
class _Tally:
    """What was refused, against what had to be."""

    demanded: int = 0
    refused: int = 0


@dataclass(slots=True)
class _Asked:
    """What one client asked for that must be refused, and not has been yet; what it was told for no such reason."""

    open: list[tuple[SubscriptionSent, str]] = field(default_factory=list)
    unexplained: list[_ErrorMessage] = field(default_factory=list)


def check(scenario: Scenario, history: History) -> CheckResult:
    """FAIL for a refusal that is missing or of another status or code, an unexpected one, an unexpected close.

    Always judged. UNKNOWN when the scenario demands refusals but nobody tried what must be refused.
    """
    tally = _Tally()
    found = likewise(_all_wrong(tally, scenario, history), completeness_of(history))
    counts: dict[str, float] = {
        "demanded": tally.demanded,
        "refused": tally.refused,
        "missing": counted(found, *_MISSING),
        "unexpected": counted(found, *_UNEXPECTED),
        "closed": counted(found, "unexpected close"),
    }
    untried = _demands_refusals(scenario) and tally.demanded == 0
    return answer(
        NAME,
        _summary(counts, untried=untried),
        found,
        counts,
        judged=not untried,
        needs=(SETTLED, ACTS),
    )


def _all_wrong(tally: _Tally, scenario: Scenario, history: History) -> Iterator[Wrong]:
    yield from _handshakes(tally, scenario, history)
    yield from _subscribes(tally, scenario, history)
    yield from _thrown_out(history)


def _wrong(
    kind: str, what: str, *seen: Observation, who: str, needs: Iterable[Need] = (), key: tuple[str, ...] = ()
) -> Wrong:
    return Wrong(kind, who, what, seen, frozenset(needs), key=key, cause=Cause.REFUSAL)


# --- opening handshakes -------------------------------------------------------------------------------------


def _handshakes(tally: _Tally, scenario: Scenario, history: History) -> Iterator[Wrong]:
    """The answer to each opening handshake; one that was never answered is left to the other checks."""
    began: dict[str, ClientConnecting] = {}
    answers: Iterator[ClientConnecting | ClientConnected | ClientRefused]
    answers = history.each(ClientConnecting, ClientConnected, ClientRefused)
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
                yield _refused(seen)
            case ClientRefused():
                what = f"{seen.client}'s handshake was answered {_told(seen)} instead of {status}"
                yield _wrong(
                    "other status",
                    what,
                    seen,
                    who=seen.client,
                    needs=_ALIVE if seen.status == 0 else (),
                    key=(_told(seen),),
                )
            case ClientConnected() if status is not None:
                what = f"{seen.client}'s handshake was accepted; it must be refused with {status}"
                evidence = (began[seen.client], seen) if seen.client in began else (seen,)
                yield _wrong("not refused", what, *evidence, who=seen.client)


def _refused(refused: ClientRefused) -> Wrong:
    if refused.status == 0:
        what = f"{refused.client}'s connection failed before an answer: {refused.reason or 'no reason known'}"
        return _wrong("connection failed", what, refused, who=refused.client, needs=_ALIVE)
    what = f"{refused.client}'s handshake was refused with {_told(refused)}; it must be accepted"
    return _wrong("unexpected refusal", what, refused, who=refused.client, key=(_told(refused),))


def _told(refused: ClientRefused) -> str:
    return f"{refused.status} ({refused.reason})" if refused.reason else str(refused.status)


# --- subscribe messages -------------------------------------------------------------------------------------


def _subscribes(tally: _Tally, scenario: Scenario, history: History) -> Iterator[Wrong]:
    """Pairs each error message with the first demanded refusal of its code before it; the rest is unexpected."""
    asked: dict[str, _Asked] = {}
    for sent, code in zip(history.of(SubscriptionSent), demanded_refusals(scenario, history), strict=True):
        if code is not None:
            tally.demanded += 1
            asked.setdefault(sent.client, _Asked()).open.append((sent, code))
    for message in history.each(MessageReceived):
        if (said := _error_in(message.text, scenario.feed)) is None:
            continue
        if message.client not in asked:
            yield _unexpected(said, message)
        elif _answers(asked[message.client], said, message):
            tally.refused += 1
        else:
            asked[message.client].unexplained.append((said, message))
    for client, one in asked.items():
        yield from _unanswered(client, one)


def _answers(asked: _Asked, said: str, message: MessageReceived) -> bool:
    """Whether the message is the answer to one that was asked before; that one is taken out."""
    for number, (sent, code) in enumerate(asked.open):
        if code == said and sent.at <= message.at:
            del asked.open[number]
            return True
    return False


def _unanswered(client: str, asked: _Asked) -> Iterator[Wrong]:
    """What was not refused, or in other words; and what nothing explains."""
    left = asked.unexplained
    for sent, code in asked.open:
        what = f"{client}'s subscribe to {sent.channel}"
        other = next((one for one in left if one[1].at >= sent.at), None)
        if other is None:
            needs = {SETTLED, ACTS, messages_of(client)}
            told = f"{what} was not refused; it must be answered {code}"
            yield _wrong("not refused", told, sent, who=client, needs=needs)
        else:
            left.remove(other)
            told = f"{what} was answered {other[0]!r} instead of {code!r}"
            needs = {ACTS, messages_of(client)}
            yield _wrong("other code", told, sent, other[1], who=client, needs=needs, key=(other[0],))
    for said, message in left:
        yield _unexpected(said, message)


def _unexpected(said: str, message: MessageReceived) -> Wrong:
    what = f"{message.client} received an error message that nothing explains: {said}"
    needs = {ACTS.up_to(message.at), messages_of(message.client, message.at)}
    return _wrong("unexpected error message", what, message, who=message.client, needs=needs, key=(said,))


def _error_in(text: str, feed: Feed) -> str | None:
    """What an error message of the application's or the gateway's says; None for any other message."""
    try:
        message = json.loads(text)
    except ValueError:
        return None
    if not isinstance(message, dict) or feed.event_id_of(message) is not None:
        return None
    if isinstance(code := message.get(feed.error_code_field), str):
        return code
    return str(message["message"]) if message.keys() == _GATEWAY_MESSAGE else None


# --- closes -------------------------------------------------------------------------------------------------


def _thrown_out(history: History) -> Iterator[Wrong]:
    """Closes of clients that had not begun to leave."""
    leaving: set[str] = set()
    whose, deleted = connections(history), _deleted(history)
    by = functions_of({one.request for one in deleted.values()}, history)
    for seen in history.each(ClientConnecting, ClientLeft, ClientClosed):
        match seen:
            case ClientConnecting():
                leaving.discard(seen.client)
            case ClientLeft():
                leaving.add(seen.client)
            case ClientClosed() if seen.client not in leaving:
                reason = f" ({seen.reason})" if seen.reason else ""
                how = f"{seen.code}{reason}"
                what = f"{seen.client}'s connection was closed with {how}, but it had not left"
                needs = {ACTS.up_to(seen.at), *(_ALIVE if seen.code == 1006 else ())}
                asked = deleted.get(whose.of(seen.client, seen.at) or "")
                function = (
                    "" if asked is None else f": {by.get(asked.request, 'somebody')} deleted the connection"
                )
                proof = (seen,) if asked is None else (asked, seen)
                yield _wrong(
                    "unexpected close",
                    f"{what}{function}",
                    *proof,
                    who=seen.client,
                    needs=needs,
                    key=(how, function),
                )


def _deleted(history: History) -> Mapping[str, ConnectionAsked]:
    """The DeleteConnection that closed each connection (M-4)."""
    asked = history.each(ConnectionAsked)
    return {one.connection: one for one in asked if one.method == "DELETE" and one.status == 204}


def _demands_refusals(scenario: Scenario) -> bool:
    steps: Iterable[Subscribe] = (step for step in scenario.timeline if isinstance(step, Subscribe))
    return any(group.refused is not None for group in scenario.clients.values()) or any(
        step.subscribe.refused is not None for step in steps
    )


def _summary(counts: Mapping[str, float], *, untried: bool) -> str:
    if untried:
        return "nobody tried what must be refused"
    refused, demanded = int(counts["refused"]), int(counts["demanded"])
    unexpected, closed = int(counts["unexpected"]), int(counts["closed"])
    parts = [f"{wording.amount(refused)} of {wording.counted(demanded, 'demanded refusal')} seen"]
    parts += [f"{wording.counted(unexpected, 'unexpected refusal')}"] if unexpected else []
    parts += [f"{wording.counted(closed, 'unexpected close')}"] if closed else []
    if demanded == 0 and len(parts) == 1:
        return "nothing was refused"
    return ", ".join(parts) + ("" if len(parts) > 1 else ", nothing else refused")
