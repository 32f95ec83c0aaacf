"""A table's stream, read for a function: a real engine and a manual clock, and a function that does as it is told."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from random import Random
from typing import Any

import pytest

from harness.clock import ManualClock
from harness.emulator.dynamodb.engine import DynamoDb
from harness.emulator.event_sources.event_sources import EventSources, Kept
from harness.emulator.event_sources.mapping import State
from harness.emulator.lambda_runtime.outcome import NoSuchFunction, Outcome, RequestId, Returned
from harness.emulator.letters import Letter
from tests.emulator.benches import on
from tests.emulator.event_sources.mappings import (
    FAILED,
    FUNCTION_ARN,
    OK,
    THROTTLED,
    Event,
    Function,
    a_stream_mapping,
    every_task_has_run,
    in_turn,
)
from tests.patience import WAIT

DESTINATION = "arn:aws:sqs:us-east-1:000000000000:failures"


class Bench:
    """A table with a stream, and the event sources that read it."""

    def __init__(self) -> None:
        self.clock, self.function = ManualClock(), Function()
        self.letters: list[Letter] = []
        self.engine = DynamoDb(
            region="us-east-1",
            account="000000000000",
            clock=self.clock,
            random=Random(1),
            changed=lambda change: self.sources.row_changed(change.table),
        )
        self.sources = EventSources(
            functions=self.function,
            moto=NoMoto(),
            stream_of=lambda _, arn: self.engine.stream(arn),
            send=self.letters.append,
            clock=self.clock,
            random=Random(1),
        )
        table = self.engine.handle(
            "CreateTable",
            {
                "TableName": "Rows",
                "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
                "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
                "BillingMode": "PAY_PER_REQUEST",
                "StreamSpecification": {"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"},
            },
        )
        self.stream_arn = table["TableDescription"]["LatestStreamArn"]

    def put(self, *ids: str, value: str = "") -> None:
        """Writes one row after the other; an id may have a value behind a colon."""
        for id_ in ids:
            item = {"id": {"S": id_}, "value": {"S": value or "x"}}
            self.engine.handle("PutItem", {"TableName": "Rows", "Item": item})

    def map(self, **settings: Any) -> Kept:
        """A mapping that is read from now on."""
        mapping = a_stream_mapping(source_arn=self.stream_arn, **settings)
        kept = self.sources.add(mapping)
        self.sources.enable(kept)
        return kept

    async def quiet(self) -> None:
        """Waits until nothing is in flight."""
        async with asyncio.timeout(WAIT):
            await self.sources.idle.wait()

    def batches(self) -> list[list[str]]:
        """The ids of the rows of each invocation so far."""
        return [ids_of(event) for event in self.function.events]


class NoMoto:
    """Streams need nothing of moto."""

    def run(self, work: Callable[[], Any]) -> Awaitable[Any]:
        raise NotImplementedError

    def submit(self, work: Callable[[], None]) -> None:
        raise NotImplementedError


def ids_of(event: Event) -> list[str]:
    return [record["dynamodb"]["Keys"]["id"]["S"] for record in event["Records"]]


@asynccontextmanager
async def a_bench() -> AsyncIterator[Bench]:
    bench = Bench()
    try:
        yield bench
    finally:
        await bench.sources.close()


@on(a_bench)
async def test_records_come_in_order_and_in_batches(bench: Bench) -> None:
    bench.put("a", "b", "c")
    bench.map(batch_size=2)
    await bench.quiet()
    bench.put("d")
    await bench.quiet()

    assert bench.batches() == [["a", "b"], ["c"], ["d"]]


@on(a_bench)
async def test_record_is_that_of_the_stream_and_names_it(bench: Bench) -> None:
    bench.put("a")
    bench.map()
    await bench.quiet()
    ((record,),) = [event["Records"] for event in bench.function.events]

    stream = bench.engine.stream(bench.stream_arn)
    assert stream is not None
    assert record == {**stream.read(0, 1)[0][0], "eventSourceARN": bench.stream_arn}


@on(a_bench)
async def test_latest_begins_with_what_is_written_from_now_on(bench: Bench) -> None:
    bench.put("a")
    bench.map(stream={"starting_position": "LATEST"})
    await bench.quiet()
    bench.put("b")
    await bench.quiet()

    assert bench.batches() == [["b"]]


@on(a_bench)
async def test_failing_batch_holds_up_its_shard_until_it_succeeds(bench: Bench) -> None:
    bench.function.answer = in_turn(FAILED, FAILED, OK)
    kept = bench.map()
    bench.put("a")
    await bench.quiet()
    bench.put("b")
    await bench.quiet()
    assert (bench.batches(), kept.result()) == ([["a"]], "PROBLEM: Function call failed")

    bench.clock.advance(1)
    await bench.function.invoked(2)
    await bench.quiet()
    bench.clock.advance(2)
    await bench.function.invoked(4)
    await bench.quiet()
    assert (bench.batches(), kept.result()) == ([["a"], ["a"], ["a"], ["b"]], "OK")


@on(a_bench)
async def test_batch_that_failed_to_its_end_is_told_and_the_next_one_goes_on(bench: Bench) -> None:
    bench.function.answer = in_turn(FAILED, FAILED, OK)
    bench.put("a", "b")
    bench.map(stream={"maximum_retry_attempts": 1, "on_failure": DESTINATION})
    await bench.quiet()
    bench.clock.advance(1)
    await bench.function.invoked(2)
    bench.put("c")
    await bench.quiet()

    (letter,) = bench.letters
    told = json.loads(letter.body)
    stream = bench.engine.stream(bench.stream_arn)
    assert stream is not None
    assert bench.batches() == [["a", "b"], ["a", "b"], ["c"]]
    assert (letter.target, told) == (
        DESTINATION,
        {
            "requestContext": {
                "requestId": "r",
                "functionArn": FUNCTION_ARN,
                "condition": "RetryAttemptsExhausted",
                "approximateInvokeCount": 2,
            },
            "responseContext": {
                "statusCode": 200,
                "executedVersion": "$LATEST",
                "functionError": "Unhandled",
            },
            "version": "1.0",
            "timestamp": "2023-11-14T22:13:21.000Z",
            "DDBStreamBatchInfo": {
                "shardId": stream.shard_id,
                "startSequenceNumber": "300000000000000000001",
                "endSequenceNumber": "300000000000000000002",
                "approximateArrivalOfFirstRecord": "2023-11-14T22:13:20Z",
                "approximateArrivalOfLastRecord": "2023-11-14T22:13:20Z",
                "batchSize": 2,
                "streamArn": bench.stream_arn,
            },
        },
    )


@on(a_bench)
async def test_bisecting_finds_the_poisonous_record(bench: Bench) -> None:
    bench.function.answer = lambda event: FAILED if "b" in ids_of(event) else OK
    bench.put("a", "b", "c", "d")
    bench.map(stream={"maximum_retry_attempts": 0, "bisect_on_error": True, "on_failure": DESTINATION})
    await bench.quiet()

    assert bench.batches() == [["a", "b", "c", "d"], ["a", "b"], ["a"], ["b"], ["c", "d"]]
    assert [json.loads(one.body)["DDBStreamBatchInfo"]["batchSize"] for one in bench.letters] == [1]


@on(a_bench)
async def test_function_says_from_which_record_on_it_failed(bench: Bench) -> None:
    def fails_at_c_once(event: Event) -> Outcome:
        numbers = [one["dynamodb"]["SequenceNumber"] for one in event["Records"]]
        if len(bench.function.events) > 1:
            return OK
        failed = [{"itemIdentifier": numbers[3]}, {"itemIdentifier": numbers[2]}]
        return Returned(RequestId("r"), json.dumps({"batchItemFailures": failed}).encode())

    bench.function.answer = fails_at_c_once
    bench.put("a", "b", "c", "d")
    kept = bench.map(report_item_failures=True)
    await bench.quiet()
    assert kept.result() == "PROBLEM: Function call failed"
    bench.clock.advance(1)
    await bench.function.invoked(2)
    await bench.quiet()

    assert bench.batches() == [["a", "b", "c", "d"], ["c", "d"]]


@on(a_bench)
async def test_what_a_function_says_counts_only_when_it_was_asked(bench: Bench) -> None:
    bench.function.answer = lambda _: Returned(RequestId("r"), b'{"batchItemFailures": [{"x": 1}]}')
    bench.put("a")
    kept = bench.map()
    await bench.quiet()

    assert (bench.batches(), kept.result()) == ([["a"]], "OK")


@on(a_bench)
async def test_throttled_function_is_tried_again_and_that_is_no_retry(bench: Bench) -> None:
    bench.function.answer = in_turn(THROTTLED, NoSuchFunction(FUNCTION_ARN), OK)
    bench.put("a")
    bench.map(stream={"maximum_retry_attempts": 0, "on_failure": DESTINATION})
    await bench.quiet()
    bench.clock.advance(1)
    await bench.function.invoked(2)
    await bench.quiet()
    bench.clock.advance(2)
    await bench.function.invoked(3)
    await bench.quiet()

    assert (bench.batches(), bench.letters) == ([["a"]] * 3, [])


@on(a_bench)
async def test_record_that_grew_too_old_is_given_up(bench: Bench) -> None:
    bench.function.answer = in_turn(FAILED, OK)
    bench.put("a")
    bench.map(stream={"maximum_record_age": 60, "on_failure": DESTINATION})
    await bench.quiet()
    bench.clock.advance(0.5)
    bench.engine.handle("PutItem", {"TableName": "Rows", "Item": {"id": {"S": "b"}}})
    bench.clock.advance(61)
    await bench.quiet()
    bench.put("c")
    await bench.function.invoked(2)
    await bench.quiet()

    conditions = [json.loads(one.body)["requestContext"] for one in bench.letters]
    assert [one["condition"] for one in conditions] == ["RecordAgeExceeded", "RecordAgeExceeded"]
    assert [one["approximateInvokeCount"] for one in conditions] == [1, 0]
    assert bench.batches() == [["a"], ["c"]]


@on(a_bench)
async def test_window_gathers_a_batch(bench: Bench) -> None:
    bench.map(batch_size=3, batch_window=5)
    await bench.quiet()
    bench.put("a")
    await every_task_has_run()
    bench.clock.advance(4)
    bench.put("b")
    await every_task_has_run()
    assert (bench.sources.in_flight(), bench.batches()) == (1, [])

    bench.clock.advance(1)
    await bench.quiet()
    assert bench.batches() == [["a", "b"]]


@on(a_bench)
async def test_full_batch_does_not_wait_for_the_end_of_its_window(bench: Bench) -> None:
    bench.map(batch_size=2, batch_window=300)
    bench.put("a")
    bench.put("b")
    await bench.quiet()

    assert bench.batches() == [["a", "b"]]


@on(a_bench)
async def test_filtered_records_are_passed_over(bench: Bench) -> None:
    pattern = json.dumps({"dynamodb": {"NewImage": {"value": {"S": ["good"]}}}})
    kept = bench.map(batch_size=2, filters=(pattern,))
    bench.put("a")
    bench.put("b", value="good")
    bench.put("c")
    bench.put("d", value="good")
    bench.put("e")
    await bench.quiet()

    assert bench.batches() == [["b", "d"]]
    assert kept.reader is not None and kept.reader.position == 5


@on(a_bench)
async def test_record_that_was_gathered_stays_in_its_batch_when_others_are_passed_over(bench: Bench) -> None:
    pattern = json.dumps({"dynamodb": {"NewImage": {"value": {"S": ["good"]}}}})
    bench.map(batch_window=5, filters=(pattern,))
    bench.put("a", value="good")
    bench.put("b")
    await every_task_has_run()
    bench.put("c", value="good")
    await every_task_has_run()
    bench.clock.advance(5)
    await bench.quiet()

    assert bench.batches() == [["a", "c"]]


@on(a_bench)
async def test_lanes_hold_up_the_changes_of_their_own_items_only(bench: Bench) -> None:
    bench.function.answer = lambda event: FAILED if "0" in ids_of(event) else OK
    bench.put(*"0123456789")
    bench.map(batch_size=1, stream={"parallelization_factor": 2})
    await bench.quiet()
    reached = {ids[0] for ids in bench.batches()}
    assert "0" in reached and 1 < len(reached) < 10

    bench.function.answer = lambda _: OK
    bench.clock.advance(1)
    await bench.function.invoked(11)
    await bench.quiet()
    assert sorted(ids[0] for ids in bench.batches()) == ["0", *"0123456789"]


@on(a_bench)
async def test_all_changes_of_an_item_are_in_order_whatever_the_lanes(bench: Bench) -> None:
    bench.map(batch_size=1, stream={"parallelization_factor": 10})
    for number in range(20):
        bench.put("a", "b", value=str(number))
    await bench.quiet()

    seen: dict[str, list[int]] = {"a": [], "b": []}
    for event in bench.function.events:
        image = event["Records"][0]["dynamodb"]["NewImage"]
        seen[image["id"]["S"]].append(int(image["value"]["S"]))
    assert seen == {"a": list(range(20)), "b": list(range(20))}


@on(a_bench)
async def test_other_number_of_lanes_goes_on_where_the_shard_stood(bench: Bench) -> None:
    kept = bench.map()
    bench.put("a")
    await bench.quiet()
    changed = a_stream_mapping(
        source_arn=bench.stream_arn, batch_size=1, stream={"parallelization_factor": 2}
    )
    bench.sources.change(kept, changed)
    bench.function.answer = lambda event: FAILED if "0" in ids_of(event) else OK
    bench.put(*"0123456789")
    await bench.function.invoked(3)
    await bench.quiet()

    reached = {ids[0] for ids in bench.batches()}
    assert (reached > {"a", "0"}, len(bench.batches()), kept.state) == (True, len(reached), State.ENABLED)


@on(a_bench)
async def test_disabled_mapping_keeps_its_place(bench: Bench) -> None:
    kept = bench.map()
    bench.put("a")
    await bench.quiet()
    bench.sources.disable(kept)
    states = [kept.state]
    bench.put("b")
    await bench.quiet()
    assert [*states, kept.state] == [State.DISABLING, State.DISABLED]

    bench.put("c")
    bench.sources.enable(kept)
    await bench.quiet()
    assert (bench.batches(), kept.state) == ([["a"], ["b", "c"]], State.ENABLED)


@on(a_bench)
async def test_disabling_ends_the_wait_for_the_next_attempt(bench: Bench) -> None:
    bench.function.answer = lambda _: FAILED
    kept = bench.map()
    bench.put("a")
    await bench.quiet()
    bench.sources.disable(kept)
    await bench.quiet()
    bench.function.answer = lambda _: OK
    bench.sources.enable(kept)
    await bench.quiet()

    assert bench.batches() == [["a"], ["a"]]


@on(a_bench)
async def test_deleted_mapping_is_gone_when_its_batch_has_ended(bench: Bench) -> None:
    bench.function.go.clear()
    kept = bench.map()
    bench.put("a")
    await bench.function.invoked(1)
    bench.sources.delete(kept)
    assert [one.state for one in bench.sources.all()] == [State.DELETING]

    bench.function.go.set()
    await bench.quiet()
    bench.put("b")
    assert (bench.sources.all(), bench.batches()) == ((), [["a"]])


@on(a_bench)
async def test_stream_that_is_gone_is_a_problem_and_nothing_else(bench: Bench) -> None:
    kept = bench.map()
    await bench.quiet()
    bench.engine.handle("DeleteTable", {"TableName": "Rows"})
    bench.clock.advance(25 * 3600)
    bench.sources.row_changed("Rows")
    await bench.quiet()

    assert (bench.batches(), kept.result()) == ([], "PROBLEM: The stream does not exist")


@on(a_bench)
async def test_close_ends_what_is_being_processed(bench: Bench) -> None:
    bench.function.go.clear()
    bench.map()
    bench.put("a")
    await bench.function.invoked(1)
    async with asyncio.timeout(WAIT):
        await bench.sources.close()


@pytest.mark.aws("D-44")
def test_expired_row_is_a_change_by_the_service() -> None:
    """Time to live is the engine's; the function sees who deleted the row."""

    async def main() -> None:
        async with a_bench() as bench:
            stream = bench.engine.stream(bench.stream_arn)
            assert stream is not None
            at = bench.clock.time()
            stream.record({"id": {"S": "a"}}, None, at=at, event_id="e", by_service=True)
            bench.map()
            await bench.quiet()
            (event,) = bench.function.events
            assert event["Records"][0]["eventName"] == "REMOVE"
            assert event["Records"][0]["userIdentity"] == {
                "type": "Service",
                "principalId": "dynamodb.amazonaws.com",
            }

    asyncio.run(main())
