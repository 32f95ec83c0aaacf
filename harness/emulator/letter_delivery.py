"""Letter delivery: into queues, topics and functions, here or elsewhere.

What cannot be delivered is logged and lost.
"""

import asyncio
import logging
from collections.abc import Callable
from typing import Protocol

from harness.clock import Clock
from harness.emulator.journal import Note
from harness.emulator.lambda_runtime.outcome import Cause, Functions, NoSuchFunction
from harness.emulator.letters import Letter, is_too_large, service_of
from harness.emulator.moto_services import MotoThread
from harness.emulator.sent import sent_as
from harness.emulator.sns.publish import InvalidPublish, Publication
from harness.emulator.sqs.queues import NotTaken, QueueMessage, put

log = logging.getLogger(__name__)


class SendsElsewhere(Protocol):
    """Who delivers letters to services that are elsewhere."""

    def takes(self, letter: Letter) -> bool:
        """Whether the letter's target is there."""

    def send(self, letter: Letter) -> None:
        """Delivers the letter some time soon."""


class LetterDelivery:
    """Delivers letters: to what is `elsewhere` over there, to queues in moto's thread, to topics by `publish`.

    Raises nothing for a target that is not there or refuses: its letter is logged and lost, and the next one goes.
    """

    def __init__(
        self,
        *,
        functions: Functions,
        publish: Callable[[Publication], str],
        moto: MotoThread,
        clock: Clock,
        note: Note,
        elsewhere: SendsElsewhere | None = None,
    ) -> None:
        self._functions, self._publish, self._moto = functions, publish, moto
        self._clock, self._note = clock, note
        self._elsewhere = elsewhere

    def send(self, letter: Letter) -> None:
        """Delivers the letter some time soon."""
        if self._elsewhere is not None and self._elsewhere.takes(letter):
            self._elsewhere.send(letter)
            return
        if is_too_large(letter):
            log.warning("%s gets no message of %d characters", letter.target, len(letter.body))
            return
        match service_of(letter.target):
            case "sqs":
                loop = asyncio.get_running_loop()
                self._moto.submit(lambda: self._to_queue(letter, loop))
            case "sns":
                self._to_topic(letter)
            case "lambda":
                self._to_function(letter)

    def _to_queue(self, letter: Letter, loop: asyncio.AbstractEventLoop) -> None:
        """In moto's thread."""
        at = self._clock.monotonic()
        taken = put(_queue_message(letter))
        if isinstance(taken, NotTaken):
            log.warning("%s gets no message: %s", letter.target, taken.why)
        else:
            loop.call_soon_threadsafe(self._note, sent_as(taken, letter, at=at))

    def _to_topic(self, letter: Letter) -> None:
        at = self._clock.monotonic()
        try:
            published = self._publish(Publication(letter.target, letter.body, attributes=letter.attributes))
        except InvalidPublish as refused:
            log.warning("%s gets no message: %s", letter.target, refused)
        else:
            self._note(sent_as(published, letter, at=at))

    def _to_function(self, letter: Letter) -> None:
        messages = (letter.origin,) if letter.origin else ()
        cause = Cause(messages=messages, caller=letter.request or None)
        outcome = self._functions.invoke_event(letter.target, letter.body.encode(), cause=cause)
        if isinstance(outcome, NoSuchFunction):
            log.warning("%s gets no message: no such function", letter.target)


def _queue_message(letter: Letter) -> QueueMessage:
    attributes = {
        name: {"DataType": one.type, "StringValue": one.value} for name, one in letter.attributes.items()
    }
    return QueueMessage(letter.target, letter.body, attributes, letter.message_group or None)
