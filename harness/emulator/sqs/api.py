"""SQS: moto answers, but for the waiting of a long poll, and whoever reads queues hears of what it did."""

from collections.abc import Callable

from harness.clock import Clock
from harness.emulator.aws_api.requests import AwsCall
from harness.emulator.moto_services import AsksMoto
from harness.emulator.port.http import MaybeLater, Request, Response
from harness.emulator.sqs.polling import is_empty, read_poll

POLL_EVERY = 0.05  # seconds


class SqsApi:
    """Answers the calls of `sqs`. `changed` is called when a queue was made, or messages may be seen again early.

    What moto refuses is its response; nothing is kept here, so nothing is left behind by it.
    """

    def __init__(self, moto: AsksMoto, *, clock: Clock, changed: Callable[[], None]) -> None:
        self._moto, self._clock, self._changed = moto, clock, changed

    def answer(self, call: AwsCall, request: Request) -> MaybeLater:
        """moto's answer, a long poll's when a message is there or its wait is over."""
        match call.operation:
            case "ReceiveMessage":
                return self._receive(call, request)
            case "CreateQueue" | "ChangeMessageVisibility" | "ChangeMessageVisibilityBatch":
                return self._change(call, request)
        return self._moto.answer(call, request)

    async def _receive(self, call: AwsCall, request: Request) -> Response:
        """moto does not say when a message comes, or comes back, so it is asked until one is there."""
        poll = read_poll(request)
        until = self._clock.monotonic() + poll.wait
        while is_empty(response := await self._moto.answer(call, poll.once)):
            if self._clock.monotonic() >= until:
                break
            await self._clock.sleep(POLL_EVERY)
        return response

    async def _change(self, call: AwsCall, request: Request) -> Response:
        response = await self._moto.answer(call, request)
        self._changed()
        return response
