"""Rules with a schedule: kept by moto, due on the clock."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from random import Random
from typing import Any

from harness.clock import ManualClock
from harness.emulator.aws_api.requests import ACCOUNT, AwsCall
from harness.emulator.events.event_bridge import EventBridge
from harness.emulator.lambda_runtime.outcome import Cause, NoSuchFunction, Outcome, RequestId
from harness.emulator.letters import Letter
from harness.emulator.moto_services import MotoServices
from harness.emulator.port.http import Headers, Request, Response
from tests.emulator.benches import on

QUEUE = "arn:aws:sqs:eu-central-1:000000000000:ticks"
RULE = "arn:aws:events:eu-central-1:000000000000:rule/tick"


class Bench:
    """EventBridge with a manual clock; `sent` is what its targets got."""

    def __init__(self) -> None:
        self.clock, self.moto = ManualClock(time=1_700_000_000.0), MotoServices()
        self.sent: list[Letter] = []
        self.bridge = EventBridge(
            moto=self.moto,
            functions=NoFunctions(),
            send=self.sent.append,
            clock=self.clock,
            random=Random(1),
            account=ACCOUNT,
        )

    async def call(self, operation: str, **arguments: Any) -> Response:
        """The answer to a request in the region eu-central-1."""
        headers = Headers(
            (
                ("X-Amz-Target", f"AWSEvents.{operation}"),
                ("Content-Type", "application/x-amz-json-1.1"),
                ("Authorization", "AWS4-HMAC-SHA256 Credential=k/20261122/eu-central-1/events/aws4_request"),
            )
        )
        request = Request("POST", "/", "", headers, json.dumps(arguments).encode())
        answer = self.bridge.answer(AwsCall("events", operation, "eu-central-1", "k"), request)
        response = answer if isinstance(answer, Response) else await answer
        assert response.status == 200, response.body
        return response

    async def schedule(self, expression: str) -> None:
        """The rule `tick` with this schedule, and a queue as its target."""
        await self.call("PutRule", Name="tick", ScheduleExpression=expression)
        await self.call("PutTargets", Rule="tick", Targets=[{"Id": "1", "Arn": QUEUE}])

    def times(self) -> list[str]:
        """When the events that were sent happened."""
        return [json.loads(letter.body)["time"] for letter in self.sent]


class NoFunctions:
    """Nobody is there."""

    async def invoke(self, function: str, payload: bytes, *, cause: Cause) -> Outcome:
        raise NotImplementedError

    def invoke_event(self, function: str, payload: bytes, *, cause: Cause) -> RequestId | NoSuchFunction:
        return NoSuchFunction(function)


@asynccontextmanager
async def a_bench() -> AsyncIterator[Bench]:
    """A bench whose rule is taken away again."""
    bench = Bench()
    try:
        yield bench
    finally:
        await bench.call("RemoveTargets", Rule="tick", Ids=["1"])
        await bench.call("DeleteRule", Name="tick")
        await bench.bridge.close()
        bench.moto.close()


@on(a_bench)
async def test_target_gets_an_event_whenever_the_schedule_is_due(bench: Bench) -> None:
    await bench.schedule("rate(5 minutes)")
    bench.clock.advance(700)

    assert [letter.target for letter in bench.sent] == [QUEUE, QUEUE]
    event = json.loads(bench.sent[0].body)
    assert event == {
        "version": "0",
        "id": event["id"],
        "detail-type": "Scheduled Event",
        "source": "aws.events",
        "account": "000000000000",
        "time": "2023-11-14T22:18:20Z",
        "region": "eu-central-1",
        "resources": [RULE],
        "detail": {},
    }


@on(a_bench)
async def test_disabled_schedule_waits_until_it_is_enabled(bench: Bench) -> None:
    await bench.schedule("cron(0/30 * * * ? *)")
    await bench.call("DisableRule", Name="tick")
    bench.clock.advance(3600)
    assert bench.times() == []

    await bench.call("EnableRule", Name="tick")
    bench.clock.advance(3600)
    assert bench.times() == ["2023-11-14T23:30:00Z", "2023-11-15T00:00:00Z"]


@on(a_bench)
async def test_changed_schedule_takes_the_place_of_the_old_one(bench: Bench) -> None:
    await bench.schedule("rate(1 minute)")
    await bench.call("PutRule", Name="tick", ScheduleExpression="rate(1 hour)")
    bench.clock.advance(3600)

    assert bench.times() == ["2023-11-14T23:13:20Z"]


@on(a_bench)
async def test_targets_that_come_later_are_told_too(bench: Bench) -> None:
    await bench.schedule("rate(1 minute)")
    bench.clock.advance(60)
    other = {"Id": "1", "Arn": QUEUE, "Input": '{"tick": true}'}
    await bench.call("PutTargets", Rule="tick", Targets=[other])
    bench.clock.advance(60)

    told = bench.sent[1]
    assert told == Letter(QUEUE, '{"tick": true}', origin=told.origin)
    assert told.origin != ""
