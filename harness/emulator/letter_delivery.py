"""Where letters end: in moto's queues, in our topics, in functions; what cannot be delivered is logged and lost."""

import logging
from collections.abc import Callable
from typing import Any

from harness.emulator.lambda_runtime.outcome import Cause, Functions, NoSuchFunction
from harness.emulator.letters import Letter, is_too_large, service_of
from harness.emulator.moto_services import ServiceException, backend_of
from harness.emulator.sns.publish import InvalidPublish, Publication

log = logging.getLogger(__name__)


class LetterDelivery:
    """Delivers letters. `publish` delivers to a topic, `run_elsewhere` runs work in the thread of moto."""

    def __init__(
        self,
        *,
        functions: Functions,
        publish: Callable[[Publication], object],
        run_elsewhere: Callable[[Callable[[], None]], object],
    ) -> None:
        self._functions, self._publish, self._run_elsewhere = functions, publish, run_elsewhere

    def send(self, letter: Letter) -> None:
        """Delivers the letter some time soon."""
        if is_too_large(letter):
            log.warning("%s gets no message of %d characters", letter.target, len(letter.body))
            return
        match service_of(letter.target):
            case "sqs":
                self._run_elsewhere(lambda: _put_in_queue(letter))
            case "sns":
                self._to_topic(letter)
            case "lambda":
                self._to_function(letter)

    def _to_topic(self, letter: Letter) -> None:
        try:
            self._publish(Publication(letter.target, letter.body, attributes=letter.attributes))
        except InvalidPublish as refused:
            log.warning("%s gets no message: %s", letter.target, refused)

    def _to_function(self, letter: Letter) -> None:
        outcome = self._functions.invoke_event(letter.target, letter.body.encode(), cause=Cause())
        if isinstance(outcome, NoSuchFunction):
            log.warning("%s gets no message: no such function", letter.target)


def _put_in_queue(letter: Letter) -> None:
    _, _, _, region, _, name = letter.target.split(":")
    backend: Any = backend_of("sqs", region)
    if backend is None or name not in backend.queues:
        log.warning("%s gets no message: no such queue", letter.target)
        return
    attributes = {
        key: {"DataType": one.type, "StringValue": one.value} for key, one in letter.attributes.items()
    }
    group = letter.message_group or None
    try:
        backend.send_message(name, letter.body, message_attributes=attributes, group_id=group)
    except ServiceException as refused:
        log.warning("%s gets no message: %s", letter.target, refused)
