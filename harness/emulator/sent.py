"""Sending: the ids of what functions and services send, noted so that what came of an event can be followed.

Those of Publish, SendMessage, PutEvents and their batches are read from the answer, so that it does not matter
whether the service is here or elsewhere.
"""

import re
from collections.abc import Awaitable, Callable, Iterator
from urllib.parse import parse_qsl

import orjson

from harness.clock import Clock
from harness.emulator.aws_api.requests import AwsCall, is_query
from harness.emulator.journal import Note
from harness.emulator.letters import Letter
from harness.emulator.port.http import MaybeLater, Request, Response
from harness.record.observation import Sent

_OPERATIONS = frozenset({"Publish", "PublishBatch", "SendMessage", "SendMessageBatch", "PutEvents"})
_TARGETS = ("TopicArn", "TargetArn", "QueueUrl", "EventBusName")
_ID = re.compile(rb'<MessageId>\s*([^<\s]+)\s*</MessageId>|"(?:MessageId|EventId)"\s*:\s*"([^"]+)"')


def ids_in(answer: bytes) -> Iterator[str]:
    """The ids of messages and events in the answer to one of these operations, in its order."""
    for match in _ID.finditer(answer):
        yield (match[1] or match[2]).decode()


def sent_as(message_id: str, letter: Letter, *, at: float) -> Sent:
    """What is noted of a letter that has become a message with this id."""
    return Sent(at, message_id, letter.target, letter.request or None, letter.origin or None)


class SendingNotes:
    """Notes what invocations send, at the time at which they asked for it."""

    def __init__(self, *, clock: Clock, note: Note) -> None:
        self._clock, self._note = clock, note

    def noting(self, call: AwsCall, request: Request, answered: Callable[[], MaybeLater]) -> MaybeLater:
        """The answer of `answered`, noted if an invocation sent something by it."""
        if call.caller is None or call.operation not in _OPERATIONS:
            return answered()
        at = self._clock.monotonic()
        answer = answered()
        if isinstance(answer, Response):
            return self._noted(at, call, request, answer)
        return self._noted_later(at, call, request, answer)

    async def _noted_later(
        self, at: float, call: AwsCall, request: Request, answer: Awaitable[Response]
    ) -> Response:
        return self._noted(at, call, request, await answer)

    def _noted(self, at: float, call: AwsCall, request: Request, answer: Response) -> Response:
        if answer.status == 200:
            target = _target(request)
            for sent in ids_in(answer.body):
                self._note(Sent(at, sent, target, request=call.caller))
        return answer


def _target(request: Request) -> str:
    """The topic, queue or bus that the request names; the default bus for none."""
    if is_query(request):
        asked: object = dict(parse_qsl(request.body.decode("utf-8", "replace")))
    else:
        asked = orjson.loads(request.body or b"{}")
    named = asked if isinstance(asked, dict) else {}
    entries = named.get("Entries")
    first = entries[0] if isinstance(entries, list) and entries and isinstance(entries[0], dict) else {}
    found = (one.get(name) for one in (named, first) for name in _TARGETS)
    return next((str(target) for target in found if target), "default")
