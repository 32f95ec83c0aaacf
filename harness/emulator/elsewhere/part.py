"""Services elsewhere, as the emulator's doors see them."""

import asyncio
import logging
import re
from collections.abc import Callable, Mapping

import orjson

from harness.clock import Clock
from harness.emulator.aws_api.requests import AwsCall
from harness.emulator.dynamodb.database import Changed
from harness.emulator.elsewhere import letters
from harness.emulator.elsewhere.relay import Relay
from harness.emulator.elsewhere.tables import TablesElsewhere
from harness.emulator.elsewhere.topics import PREFIX, TopicsElsewhere
from harness.emulator.in_flight import InFlight
from harness.emulator.journal import Note
from harness.emulator.lambda_runtime.outcome import Functions
from harness.emulator.letters import Letter, service_of
from harness.emulator.port.http import Request, Response, json_response
from harness.emulator.sent import ids_in, sent_as

_log = logging.getLogger(__name__)

_QUEUE_URL = re.compile(rb"<QueueUrl>\s*([^<\s]+)\s*</QueueUrl>")


class Elsewhere:
    """Relays requests to the endpoints of their services, by signing name; see `relay`, `tables` and `topics`.

    An endpoint that does not answer is a 503 or 504 response, and `trouble`; the next request tries it again.
    """

    def __init__(
        self,
        endpoints: Mapping[str, str],
        *,
        address: Callable[[], str],
        functions: Functions,
        clock: Clock,
        changed: Changed,
        note: Note,
    ) -> None:
        self.endpoints = endpoints
        self._clock, self._note = clock, note
        self._relay = Relay(endpoints)
        self._tables = TablesElsewhere(self._relay, changed)
        self.topics = TopicsElsewhere(
            self._relay, address=address, functions=functions, clock=clock, queues_too="sqs" in endpoints
        )
        self._letters = InFlight()

    def __contains__(self, service: str) -> bool:
        return service in self._relay

    def in_flight(self) -> int:
        """Letters that are on their way; `topics` is a part of its own."""
        return self._letters.count

    @property
    def idle(self) -> asyncio.Event:
        """Set whenever `in_flight` is zero."""
        return self._letters.idle

    async def answer(self, call: AwsCall, request: Request) -> Response:
        """The answer of a service elsewhere."""
        match call.service:
            case "dynamodb":
                return await self._tables.answer(call, request)
            case "sns":
                return await self.topics.answer(call, request)
        return await self._relay.send(call, request)

    def posted(self, request: Request) -> Response | None:
        """The answer to what a topic posts to us; None for another page."""
        return self.topics.posted(request) if request.path.startswith(PREFIX) else None

    def takes(self, letter: Letter) -> bool:
        """Whether the letter's queue or topic is elsewhere."""
        return service_of(letter.target) in ("sqs", "sns") and service_of(letter.target) in self

    def send(self, letter: Letter) -> None:
        """Delivers a letter some time soon; what cannot be delivered is logged and lost."""
        self._letters.start(self._send(letter))

    async def _send(self, letter: Letter) -> None:
        at = self._clock.monotonic()
        if service_of(letter.target) == "sns":
            response = await self.topics.answer(*letters.publish(letter))
        else:
            response = await self._relay.send(*letters.get_queue_url(letter))
            if found := _QUEUE_URL.search(response.body):
                response = await self._relay.send(*letters.send_message(letter, found[1].decode()))
        if response.status != 200:
            _log.warning("%s gets no message: %s", letter.target, response.body.decode())
            return
        for message_id in ids_in(response.body):
            self._note(sent_as(message_id, letter, at=at))

    # --- whether it is still there ------------------------------------------------------------------------

    @property
    def trouble(self) -> str:
        """Why a service elsewhere did not answer when last asked; "" when all did."""
        return self._relay.trouble

    async def probe(self) -> str:
        """Asks every endpoint for a sign of life; what is wrong, "" for nothing."""
        await self._relay.probe()
        if self._relay.silence("sns"):
            self.topics.give_up_all()
        return self._relay.trouble

    async def page(self) -> Response:
        """`GET elsewhere`: where each service is, and whether it answers."""
        await self.probe()
        services = {
            service: {
                "endpoint": endpoint,
                "reachable": not self._relay.silence(service),
                "reason": self._relay.silence(service),
            }
            for service, endpoint in self.endpoints.items()
        }
        return json_response(
            200, orjson.dumps({"services": services, "awaited_notifications": self.topics.in_flight()})
        )

    async def close(self) -> None:
        """Closes the connections; letters that are on their way are lost."""
        await self._letters.cancel()
        await self._relay.close()
