"""A queue of moto's, read for a function: moto's own thread, a manual clock, a function that does as it is told.

The queue's visibility timeout runs on moto's clock, which is the machine's; nothing here waits for it.
"""

import asyncio
import json
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from random import Random
from typing import Any

from harness.clock import ManualClock
from harness.emulator.event_sources.event_sources import EventSources, Kept
from harness.emulator.event_sources.mapping import State
from harness.emulator.lambda_runtime.outcome import Outcome, RequestId, Returned
from harness.emulator.moto_services import MotoServices, backend_of
from tests.emulator.benches import on
from tests.emulator.event_sources.mappings import (
    FAILED,
    OK,
    THROTTLED,
    Event,
    Function,
    a_queue_mapping,
    every_task_has_run,
    in_turn,
)
from tests.patience import WAIT


class Bench:
    """A queue of moto's, and the event sources that read it."""

    def __init__(self) -> None:
        self.clock, self.function, self.moto = ManualClock(), Function(), MotoServices()
        self.name = f"jobs-{uuid.uuid4().hex[:8]}"
        self.sources = EventSources(
            functions=self.function,
            moto=self.moto,
            stream_of=lambda _region, _arn: None,
            send=lambda _: None,
            clock=self.clock,
            random=Random(1),
        )

    @property
    def arn(self) -> str:
        return f"arn:aws:sqs:us-east-1:000000000000:{self.name}"

    async def create(self, **attributes: Any) -> None:
        await self._in_moto(lambda sqs: sqs.create_queue(self.name, **attributes))

    async def send(self, *texts: str, **more: Any) -> list[str]:
        """Sends the messages in one go; their ids."""

        def send(sqs: Any) -> list[str]:
            return [sqs.send_message(self.name, text, **more).id for text in texts]

        return list(await self._in_moto(send))

    async def left(self) -> list[str]:
        """The bodies of the messages that are in the queue, seen or not."""
        return [one.body for one in await self._in_moto(lambda sqs: sqs.queues[self.name]._messages)]

    async def _in_moto(self, work: Callable[[Any], Any]) -> Any:
        return await self.moto.run(lambda: work(backend_of("sqs", "us-east-1")))

    def map(self, **settings: Any) -> Kept:
        """A mapping that is read from now on."""
        mapping = a_queue_mapping(source_arn=self.arn, uuid=uuid.uuid4().hex, **settings)
        kept = self.sources.add(mapping)
        self.sources.enable(kept)
        return kept

    async def quiet(self) -> None:
        """Waits until nothing is in flight."""
        async with asyncio.timeout(WAIT):
            await self.sources.idle.wait()

    async def looked(self) -> None:
        """Waits until a reader that has nothing else to do has looked into the queue."""
        await self.moto.run(lambda: None)
        await every_task_has_run()

    def batches(self) -> list[list[str]]:
        """The bodies of each invocation so far."""
        return [bodies_of(event) for event in self.function.events]


def bodies_of(event: Event) -> list[str]:
    return [record["body"] for record in event["Records"]]


@asynccontextmanager
async def a_bench() -> AsyncIterator[Bench]:
    bench = Bench()
    try:
        yield bench
    finally:
        await bench.sources.close()
        bench.moto.close()


@on(a_bench)
async def test_messages_come_as_a_batch_and_are_deleted(bench: Bench) -> None:
    await bench.create()
    bench.map()
    await bench.quiet()
    await bench.send("a", "b")
    await bench.function.invoked(1)
    await bench.quiet()

    assert (bench.batches(), await bench.left()) == ([["a", "b"]], [])


@on(a_bench)
async def test_invocation_is_for_the_messages_of_the_queue_and_for_what_was_published(bench: Bench) -> None:
    await bench.create()
    await bench.send(json.dumps({"Type": "Notification", "MessageId": "m-1", "TopicArn": "arn:t"}))
    bench.map()
    await bench.quiet()

    (record,) = bench.function.events[0]["Records"]
    assert [cause.messages for cause in bench.function.causes] == [(record["messageId"], "m-1")]


@on(a_bench)
async def test_messages_that_were_there_before_are_read_too(bench: Bench) -> None:
    await bench.create()
    await bench.send(*"abcdefghijkl")
    bench.map()
    await bench.quiet()

    assert bench.batches() == [[*"abcdefghij"], [*"kl"]]


@on(a_bench)
async def test_batch_that_failed_stays_in_the_queue(bench: Bench) -> None:
    bench.function.answer = lambda _: FAILED
    await bench.create()
    await bench.send("a", "b")
    bench.map()
    await bench.quiet()

    assert (bench.batches(), await bench.left()) == ([["a", "b"]], ["a", "b"])


@on(a_bench)
async def test_function_says_which_messages_failed(bench: Bench) -> None:
    def fails_at_b(event: Event) -> Outcome:
        failed = [{"itemIdentifier": one["messageId"]} for one in event["Records"] if one["body"] == "b"]
        return Returned(RequestId("r"), json.dumps({"batchItemFailures": failed}).encode())

    bench.function.answer = fails_at_b
    await bench.create()
    await bench.send("a", "b", "c")
    bench.map(report_item_failures=True)
    await bench.quiet()

    assert await bench.left() == ["b"]


@on(a_bench)
async def test_what_a_function_says_counts_only_when_it_was_asked(bench: Bench) -> None:
    bench.function.answer = lambda _: Returned(RequestId("r"), b'{"batchItemFailures": [{"x": 1}]}')
    await bench.create()
    await bench.send("a")
    bench.map()
    await bench.quiet()

    assert await bench.left() == []


@on(a_bench)
async def test_filtered_messages_are_deleted_and_reach_nobody(bench: Bench) -> None:
    await bench.create()
    await bench.send(*["no"] * 11, '{"to": "f"}', "no")
    bench.map(filters=('{"body": {"to": ["f"]}}',))
    await bench.quiet()

    assert (bench.batches(), await bench.left()) == ([['{"to": "f"}']], [])


@on(a_bench)
async def test_window_gathers_a_batch(bench: Bench) -> None:
    await bench.create()
    bench.map(batch_size=100, batch_window=5)
    await bench.quiet()
    await bench.send("a")
    await bench.looked()
    await bench.looked()
    bench.clock.advance(4)
    await bench.send("b")
    await bench.looked()
    await bench.looked()
    assert (bench.sources.in_flight(), bench.batches()) == (1, [])

    bench.clock.advance(1)
    await bench.function.invoked(1)
    assert bench.batches() == [["a", "b"]]


@on(a_bench)
async def test_full_batch_does_not_wait_for_the_end_of_its_window(bench: Bench) -> None:
    await bench.create()
    await bench.send(*map(str, range(25)))
    bench.map(batch_size=25, batch_window=300)
    await bench.function.invoked(1)

    assert bench.batches() == [[*map(str, range(25))]]


@on(a_bench)
async def test_stopping_does_not_wait_for_the_end_of_a_window(bench: Bench) -> None:
    await bench.create()
    await bench.send("a")
    kept = bench.map(batch_window=300)
    await bench.looked()
    await bench.looked()
    bench.sources.disable(kept)
    await bench.quiet()

    assert (bench.batches(), kept.state) == ([["a"]], State.DISABLED)


@on(a_bench)
async def test_event_is_never_larger_than_a_payload_may_be(bench: Bench) -> None:
    await bench.create()
    await bench.send(*["x" * 1_000_000] * 8)
    bench.map()
    await bench.quiet()

    assert ([len(one) for one in bench.batches()], await bench.left()) == ([6, 2], [])


@on(a_bench)
async def test_five_batches_run_at_once(bench: Bench) -> None:
    bench.function.go.clear()
    await bench.create()
    await bench.send(*map(str, range(8)))
    bench.map(batch_size=1)
    await bench.function.invoked(5)
    await bench.looked()
    assert (bench.function.running, bench.sources.in_flight()) == (5, 5)

    bench.function.go.set()
    await bench.quiet()
    assert (bench.function.most_running, len(bench.function.events)) == (5, 8)


@on(a_bench)
async def test_more_batches_run_at_once_where_a_minute_was_not_enough(bench: Bench) -> None:
    bench.function.go.clear()
    await bench.create()
    await bench.send(*map(str, range(8)))
    bench.map(batch_size=1)
    await bench.function.invoked(5)
    await bench.looked()
    bench.clock.advance(60)
    await bench.function.invoked(8)

    assert bench.function.running == 8


@on(a_bench)
async def test_no_more_batches_run_at_once_than_allowed(bench: Bench) -> None:
    await bench.create()
    bench.function.go.clear()
    await bench.send(*map(str, range(8)))
    bench.map(batch_size=1, maximum_concurrency=2)
    await bench.function.invoked(2)
    await bench.looked()
    bench.function.go.set()
    await bench.quiet()

    assert (bench.function.most_running, len(bench.function.events)) == (2, 8)


@on(a_bench)
async def test_throttled_function_is_tried_again(bench: Bench) -> None:
    bench.function.answer = in_turn(THROTTLED, THROTTLED, OK)
    await bench.create()
    await bench.send("a")
    bench.map()
    await bench.quiet()
    assert (bench.sources.in_flight(), bench.batches()) == (0, [["a"]])

    bench.clock.advance(1)
    await bench.function.invoked(2)
    await bench.quiet()
    bench.clock.advance(2)
    await bench.function.invoked(3)
    await bench.quiet()
    assert (bench.batches(), await bench.left()) == ([["a"]] * 3, [])


@on(a_bench)
async def test_throttled_function_is_not_tried_when_others_may_see_the_messages(bench: Bench) -> None:
    bench.function.answer = lambda _: THROTTLED
    await bench.create(VisibilityTimeout=2)
    await bench.send("a")
    kept = bench.map()
    await bench.quiet()
    bench.clock.advance(1)
    await bench.function.invoked(2)
    await bench.quiet()

    assert (kept.result(), await bench.left()) == ("PROBLEM: Function call failed", ["a"])


@on(a_bench)
async def test_fifo_queue_gives_the_messages_of_a_group_in_order(bench: Bench) -> None:
    bench.name += ".fifo"
    await bench.create(FifoQueue="true", ContentBasedDeduplication="true")
    await bench.send("a", "b", "c", group_id="g")
    bench.map(batch_size=1)
    await bench.quiet()

    assert (bench.function.most_running, bench.batches()) == (1, [["a"], ["b"], ["c"]])
    attributes = bench.function.events[0]["Records"][0]["attributes"]
    assert attributes["MessageGroupId"] == "g"


@on(a_bench)
async def test_queue_may_come_later_than_its_reader(bench: Bench) -> None:
    kept = bench.map()
    await bench.quiet()
    assert kept.result() == "PROBLEM: The queue does not exist"

    await bench.create()
    await bench.send("a")
    bench.sources.queues_changed()
    await bench.quiet()
    assert (bench.batches(), kept.result()) == ([["a"]], "OK")


@on(a_bench)
async def test_disabled_mapping_leaves_the_queue_alone_until_it_is_enabled(bench: Bench) -> None:
    await bench.create()
    kept = bench.map()
    await bench.quiet()
    bench.sources.disable(kept)
    await bench.quiet()
    await bench.send("a")
    await bench.looked()
    assert (kept.state, bench.batches()) == (State.DISABLED, [])

    bench.sources.enable(kept)
    await bench.quiet()
    assert bench.batches() == [["a"]]


@on(a_bench)
async def test_changed_mapping_counts_from_the_next_batch_on(bench: Bench) -> None:
    await bench.create()
    kept = bench.map()
    await bench.quiet()
    bench.sources.change(kept, a_queue_mapping(source_arn=bench.arn, batch_size=1))
    await bench.send("a", "b")
    await bench.quiet()

    assert bench.batches() == [["a"], ["b"]]


@on(a_bench)
async def test_two_mappings_share_a_queue(bench: Bench) -> None:
    await bench.create()
    bench.map(batch_size=1)
    bench.map(batch_size=1)
    await bench.quiet()
    await bench.send(*"abcdef")
    await bench.function.invoked(6)
    await bench.quiet()

    assert (sorted(one for (one,) in bench.batches()), await bench.left()) == ([*"abcdef"], [])


def test_attributes_of_messages_keep_their_types() -> None:
    """What SNS passes on to a function as String stays what it was in a queue."""

    async def main() -> None:
        bench = Bench()
        await bench.create()
        attributes = {
            "n": {"DataType": "Number", "StringValue": "1"},
            "b": {"DataType": "Binary", "BinaryValue": b"\x00\x01"},
        }
        await bench.send("a", message_attributes=attributes)
        bench.map()
        await bench.quiet()
        await bench.sources.close()
        bench.moto.close()

        ((record,),) = [event["Records"] for event in bench.function.events]
        shown = record["messageAttributes"]
        assert (shown["n"]["dataType"], shown["n"]["stringValue"]) == ("Number", "1")
        assert (shown["b"]["dataType"], shown["b"]["binaryValue"]) == ("Binary", "AAE=")

    asyncio.run(main())
