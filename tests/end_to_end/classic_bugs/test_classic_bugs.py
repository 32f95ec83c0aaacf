"""The bugs that everybody ships once: what the harness says of each, and nothing of the handler that is right."""

import json
import re
import time
from pathlib import Path
from typing import Any

import pytest

from harness.live import LiveStack
from tests.end_to_end.classic_bugs.conftest import HERE, Play, Running, Told
from tests.patience import WAIT

GREEN = Told(frozenset(), ())


def an_event(*messages: str) -> dict[str, Any]:
    """What a function gets of SNS, with several records."""
    return {
        "Records": [
            {"Sns": {"MessageId": str(number), "Message": one}} for number, one in enumerate(messages)
        ]
    }


def rows(stack: LiveStack) -> set[str]:
    """The connection ids in the table."""
    dynamodb: Any = stack.aws("dynamodb")
    return {row["id"]["S"] for row in dynamodb.scan(TableName=stack.table_name("rooms"))["Items"]}


# --- the 410 ------------------------------------------------------------------------------------------------


@pytest.mark.aws("K-7")
def test_a_status_code_that_sdk_v3_does_not_have_never_purges(play: Play) -> None:
    told = play("purge.yaml", fan_out="app.mjs:statusCodeOfV3")

    assert told.red == {"purge"}
    (finding,) = told.findings
    assert re.fullmatch(
        r"the row of ghost/1's connection \S+, which met a 410, was never deleted; the scenario allows 30 s; "
        r"and 1 more \(ghost/2\)",
        finding,
    ), finding


@pytest.mark.aws("K-6", "K-10")
@pytest.mark.parametrize("fan_out", ["app.mjs:statusCodeOfV2", "app.mjs:nameOfV3"])
def test_the_status_code_of_sdk_v2_and_the_name_of_sdk_v3_purge(play: Play, fan_out: str) -> None:
    assert play("purge.yaml", fan_out=fan_out) == GREEN


def test_a_client_error_before_the_gone_exception_never_purges(play: Play) -> None:
    told = play("purge.yaml", fan_out="app.client_error_first")

    assert told.red == {"purge"}
    assert all("which met a 410, was never deleted" in finding for finding in told.findings)


def test_the_gone_exception_by_itself_purges(play: Play) -> None:
    assert play("purge.yaml", fan_out="app.fan_out") == GREEN


@pytest.mark.aws("L-5")
def test_a_purge_that_nobody_waits_for_is_lost_in_a_frozen_environment(play: Play) -> None:
    told = play("purge.yaml", fan_out="app.mjs:purgeNotAwaited")

    assert told.red == {"purge"}
    assert all("which met a 410, was never deleted" in finding for finding in told.findings)


def test_the_same_purge_awaited_is_in_time(play: Play) -> None:
    assert play("purge.yaml", fan_out="app.mjs:purgeAwaited") == GREEN


def test_one_rejected_post_fails_the_invocation_and_purges_nobody(play: Play) -> None:
    told = play("purge.yaml", fan_out="app.mjs:oneRejectsAll")

    assert {"purge", "health"} <= told.red
    assert any(finding.startswith("classic-fan_out failed: GoneException") for finding in told.findings), told


def test_posts_that_are_settled_one_by_one_hurt_nobody_else(play: Play) -> None:
    assert play("purge.yaml", fan_out="app.mjs:allSettled") == GREEN


# --- what is read -------------------------------------------------------------------------------------------


@pytest.mark.aws("S-7")
def test_the_first_record_only_is_enough_for_sns_which_sends_one(play: Play) -> None:
    assert play("newcomers.yaml", fan_out="app.first_record_only") == GREEN


@pytest.mark.parametrize(
    ("fan_out", "texts"),
    [("app.first_record_only", ["one"]), ("app.fan_out", ["one", "two"])],
    ids=["the first record only", "every record"],
)
def test_an_event_with_two_records_shows_who_reads_the_first_only(
    running: Running, fan_out: str, texts: list[str]
) -> None:
    event = an_event(*(json.dumps({"channel": "news", "text": text}) for text in ("one", "two")))
    with running(fan_out=fan_out) as stack:
        alice = stack.connect("alice", query={"channel": "news"})
        functions: Any = stack.aws("lambda")
        functions.invoke(FunctionName="classic-fan_out", Payload=json.dumps(event))
        assert [message["text"] for message in alice.received()] == texts


@pytest.mark.aws("D-1")
def test_one_page_of_a_scan_loses_the_clients_of_the_others(play: Play) -> None:
    told = play("everybody.yaml", fan_out="app.first_page_only", environment={"PADDING": "10000"})

    assert told.red == {"routing", "latency"}
    lost = next(finding for finding in told.findings if "never received" in finding)
    names = r"alice/\d+, alice/\d+, alice/\d+ and \d+ others"
    assert re.fullmatch(rf"e1 (\(event on news\) )?never received by {names}: no function posted it", lost), (
        lost
    )


def test_every_page_of_a_scan_reaches_everybody(play: Play) -> None:
    assert play("everybody.yaml", environment={"PADDING": "10000"}) == GREEN


# --- what is written ----------------------------------------------------------------------------------------


@pytest.mark.aws("D-11")
def test_a_null_in_the_key_of_an_index_refuses_every_newcomer(play: Play) -> None:
    told = play("newcomers.yaml", connect="app.connect_with_null")

    assert {"refusals", "health"} <= told.red
    (failed,) = (finding for finding in told.findings if finding.startswith("classic-connect failed"))
    assert "ValidationException" in failed
    assert "Type mismatch for Index Key channel Expected: S Actual: NULL IndexName: ByChannel" in failed


def test_a_key_that_is_left_out_refuses_nobody(play: Play) -> None:
    assert play("newcomers.yaml") == GREEN


@pytest.mark.aws("D-42")
def test_a_time_to_live_under_another_name_never_expires(running: Running) -> None:
    def connected(connection: str) -> bytes:
        return json.dumps({"requestContext": {"connectionId": connection}}).encode()

    def connect(stack: LiveStack, connection: str, handler: str) -> None:
        functions: Any = stack.aws("lambda")
        functions.update_function_configuration(FunctionName="classic-connect", Handler=handler)
        functions.invoke(FunctionName="classic-connect", Payload=connected(connection))

    with running(environment={"LIFETIME": "1"}) as stack:
        connect(stack, "wrong", "app.connect_with_ttl")
        connect(stack, "right", "app.connect")
        until = time.monotonic() + WAIT
        while "right" in (left := rows(stack)) and time.monotonic() < until:
            pass

    assert left == {"wrong"}


# --- what SNS does not promise --------------------------------------------------------------------------------


@pytest.mark.aws("S-8")
def test_a_fan_out_that_sends_what_it_is_handed_sends_duplicates(play: Play) -> None:
    told = play("twice.yaml", fan_out="app.fan_out")

    assert told.red == {"routing"}
    assert told.findings == (
        "5 events received twice (e1, e2, ...), each by all 2 of alice: SNS delivered its message twice",
    )


@pytest.mark.aws("S-8")
def test_a_fan_out_that_remembers_what_it_sent_sends_nothing_twice(play: Play) -> None:
    assert play("twice.yaml", fan_out="app.once_per_message") == GREEN


@pytest.mark.aws("S-8")
def test_duplicates_of_sns_are_nobodys_fault_where_the_scenario_allows_them(
    play: Play, tmp_path: Path
) -> None:
    allowed = tmp_path / "allowed.yaml"
    allowed.write_text((HERE / "twice.yaml").read_text() + "expect:\n  duplicates: allowed\n")

    assert play(allowed, fan_out="app.fan_out") == GREEN


@pytest.mark.aws("S-8")
def test_a_fan_out_that_trusts_the_order_of_delivery_is_out_of_order(play: Play) -> None:
    told = play("out-of-order.yaml", fan_out="app.fan_out")

    assert told.red == {"order"}
    (finding,) = told.findings
    assert re.match(
        r"\d+ events arrived out of order \(e\d+.*\), each at alice: e\d+ after e\d+, ", finding
    ), finding
