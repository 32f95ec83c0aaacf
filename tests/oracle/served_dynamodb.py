"""Our DynamoDB on a port of its own, for as long as a test needs it."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from random import Random
from threading import Thread

from harness.clock import RealClock
from harness.emulator.aws_api.requests import aws_call
from harness.emulator.dynamodb.wire import DynamoDbApi
from harness.emulator.port.http import Request, Response
from harness.emulator.port.server import Port
from tests.emulator.dynamodb.engines import ACCOUNT
from tests.patience import WAIT


class _Doors:
    """Answers DynamoDB's requests and nothing else."""

    def __init__(self) -> None:
        self._api = DynamoDbApi(account=ACCOUNT, clock=RealClock(), random=Random(1))

    def answer(self, request: Request) -> Response:
        call = aws_call(request)
        return self._api.refuse_unsigned() if call is None else self._api.answer(call, request)

    async def upgrade(self, request: Request) -> Response:
        return Response(404)


@contextmanager
def served_dynamodb() -> Iterator[str]:
    """The endpoint of a fresh engine, served by a thread."""
    loop = asyncio.new_event_loop()
    port = Port(_Doors())
    thread = Thread(target=loop.run_forever)
    thread.start()
    try:
        bound = asyncio.run_coroutine_threadsafe(port.listen("127.0.0.1", 0), loop).result(WAIT)
        yield f"http://127.0.0.1:{bound}"
    finally:
        asyncio.run_coroutine_threadsafe(port.close(), loop).result(WAIT)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(WAIT)
        loop.close()
