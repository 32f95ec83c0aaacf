"""The exchange's handlers, in Python (dex/ws) and in TypeScript (examples/typescript): the same, case for case.

Each runs on the emulator and is invoked through boto3; its posts go to a scripted server.
"""

import base64
import json
import re
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from dex.ws.lambda_events import WebSocketEvent
from harness.emulator.lambda_runtime.node import installed_packages
from harness.stack.loader import load_stack
from harness.stack.model import Function, Stack
from harness.testbed import deploy
from tests.dex.ws.lambda_events import (
    CONNECTED_AT,
    ONE,
    a_connect,
    a_delivery,
    a_message,
    a_request_context,
)
from tests.dex.ws.post_server import CLOSE, HANG, Server, running
from tests.small_api import an_emulator

ROOT = Path(__file__).resolve().parents[3]
TYPESCRIPT = ROOT / "examples/typescript"
PLACES = (installed_packages(), ROOT / "tests/contract/sdk/node_modules")
ESBUILD = next((place for place in PLACES if (place / "esbuild").is_dir()), None)

ALICE, BOB = "6f1c8a52-0b1e-4a7e-9d6c-2f6f6f0a1a11", "0d9b6c0e-8a6f-4f0c-b1de-51a1f0c9e522"
DEPTH = '{ "type": "depth", "market": "BTC-PERP", "bids": [["1.10", 2]], "note": "€" }'
BTC = "market.BTC-PERP"

Json = dict[str, Any]
Row = dict[str, dict[str, str]]


@dataclass(frozen=True, slots=True)
class Language:
    """Where the handlers lie, and how their variables say where the table and the API are."""

    stack: Path
    table: Callable[[str], dict[str, str]]
    api: Callable[[str], dict[str, str]]
    posts_in_flight: int
    skipped: str | None = None


def a_link(link: str, **value: str) -> dict[str, str]:
    return {f"SST_RESOURCE_{link}": json.dumps(value)}


def _why_no_typescript() -> str | None:
    if shutil.which("node") is None:
        return "node is not installed"
    if not (TYPESCRIPT / "node_modules" / "sst").is_dir():
        return "run `npm ci --omit=optional` in examples/typescript"
    return "run `harness install-sdk`: esbuild is missing" if ESBUILD is None else None


LANGUAGES = {
    "python": Language(
        ROOT / "stack.yaml",
        lambda name: {"TABLE_NAME": name},
        lambda url: {"WS_API_ENDPOINT": url},
        posts_in_flight=16,
    ),
    "typescript": Language(
        TYPESCRIPT / "stack.yaml",
        lambda name: a_link("Connections", name=name),
        lambda url: a_link("WebSocket", managementEndpoint=url),
        posts_in_flight=64,
        skipped=_why_no_typescript(),
    ),
}


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of an invocation: the value, or the error JSON, and the lines that it logged."""

    value: Any
    error: Json | None
    log: str

    def said(self) -> list[str]:
        """What the function itself logged, without level, time and request."""
        of_lambda = ("START ", "END ", "REPORT ")
        return [line.rpartition("\t")[2] for line in self.log.splitlines() if not line.startswith(of_lambda)]


@dataclass(frozen=True, slots=True)
class Exchange:
    """The handlers deployed, with the table that they write and the server that they post to."""

    client: Callable[..., Any]
    server: Server
    posts_in_flight: int

    def invoke(self, function: str, event: object) -> Answer:
        functions = self.client("lambda")
        answer = functions.invoke(FunctionName=function, Payload=json.dumps(event), LogType="Tail")
        payload = json.load(answer["Payload"])
        log = base64.b64decode(answer["LogResult"]).decode()
        if "FunctionError" in answer:
            return Answer(None, payload, log)
        return Answer(payload, None, log)

    def value(self, function: str, event: object) -> object:
        answer = self.invoke(function, event)
        assert answer.error is None, answer
        return answer.value

    def fan_out(self, *messages: object, function: str = "fan_out") -> list[str]:
        """What a fan-out that succeeds logs."""
        answer = self.invoke(function, a_delivery(*messages))
        assert answer.error is None, answer
        return answer.said()

    def put(self, connection_id: str = ONE, *, at: int = CONNECTED_AT, **attributes: str | None) -> None:
        row: Row = {"pk": {"S": f"WS#{connection_id}"}, "sk": {"S": "META"}, "connectedAt": {"N": str(at)}}
        row |= {name: {"S": value} for name, value in attributes.items() if value is not None}
        self.client("dynamodb").put_item(TableName="WSConnections", Item=row)

    def rows(self) -> list[Row]:
        pages = self.client("dynamodb").get_paginator("scan").paginate(TableName="WSConnections")
        rows: list[Row] = [row for page in pages for row in page["Items"]]
        return sorted(rows, key=lambda row: row["pk"]["S"])

    def ids(self) -> list[str]:
        return [row["pk"]["S"].removeprefix("WS#") for row in self.rows()]

    def posts(self) -> list[tuple[str, str]]:
        return sorted((to, data.decode()) for to, data in self.server.posts)

    def told(self) -> list[tuple[str, object]]:
        """Who was sent an error message, with its code."""
        return [(to, json.loads(message)["code"]) for to, message in self.posts()]

    def forget(self) -> None:
        """Each test begins with an empty table and a server that takes everything."""
        for row in self.rows():
            key = {name: row[name] for name in ("pk", "sk")}
            self.client("dynamodb").delete_item(TableName="WSConnections", Key=key)
        self.server.script.clear()
        self.server.posts.clear()
        self.server.most_in_flight = self.server.awaited_in_flight = 0


WRONG_VARIABLES = {"guessing": {"CONNECTION_LOOKUP": "guess"}, "idle": {"POST_CONNECTIONS": "0"}}


def a_stack(language: Language, endpoint: str) -> Stack:
    """The stack of a language whose functions post to `endpoint`, with some more fan-outs."""
    stack = load_stack(language.stack)
    functions = {
        name: _with(function, language.api(endpoint), name=name) for name, function in stack.functions.items()
    }
    fan_out = functions["fan_out"]
    functions["scanning"] = _with(fan_out, {"CONNECTION_LOOKUP": "scan"}, name="scanning")
    functions |= {name: _with(fan_out, {}, name=name) for name in WRONG_VARIABLES}
    functions["lost"] = _with(fan_out, language.table("Nowhere"), name="lost")
    functions["hasty"] = _with(fan_out, {}, name="hasty").model_copy(update={"timeout": 5.0})
    return stack.model_copy(update={"functions": functions})


def break_functions(client: Any) -> None:
    """Sets the wrong variables only now, because a function that cannot start is not deployed."""
    for name, variables in WRONG_VARIABLES.items():
        right = client.get_function_configuration(FunctionName=name)["Environment"]["Variables"]
        client.update_function_configuration(FunctionName=name, Environment={"Variables": right | variables})


def _with(function: Function, variables: Mapping[str, str], *, name: str) -> Function:
    environment = {**function.environment, **variables}
    return function.model_copy(update={"environment": environment, "name": name, "prewarm": 0})


@pytest.fixture(scope="module", params=LANGUAGES)
def deployed(request: pytest.FixtureRequest) -> Iterator[Exchange]:
    language = LANGUAGES[request.param]
    if language.skipped is not None:
        pytest.skip(language.skipped)
    with pytest.MonkeyPatch.context() as patch, running(Server()) as server:
        if ESBUILD is not None:
            patch.setenv("FANOUT_HARNESS_NODE_MODULES", str(ESBUILD))
        with an_emulator() as (backend, runner):
            endpoint = f"http://127.0.0.1:{server.port}/_aws/execute-api/abc/prod"
            runner.run(deploy(a_stack(language, endpoint), backend))
            break_functions(backend.client("lambda"))
            yield Exchange(backend.client, server, language.posts_in_flight)


@pytest.fixture
def exchange(deployed: Exchange) -> Exchange:
    deployed.forget()
    return deployed


# --- $connect and $disconnect -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("event", "known"),
    [
        pytest.param(a_connect(), {}, id="without a query"),
        pytest.param(a_connect({"market": "BTC-PERP"}), {"channel": {"S": BTC}}, id="for a market"),
        pytest.param(a_connect({"traderId": ALICE}), {"traderId": {"S": ALICE}}, id="as a trader"),
        pytest.param(
            a_connect({"traderId": ALICE, "market": "X"}),
            {"traderId": {"S": ALICE}, "channel": {"S": "market.X"}},
            id="as a trader, for a market",
        ),
        pytest.param(
            a_connect({"traderId": ALICE}, {"traderId": BOB}),
            {"traderId": {"S": BOB}},
            id="authorized as another",
        ),
        pytest.param(
            a_connect(None, {"traderId": BOB, "principalId": "u"}),
            {"traderId": {"S": BOB}},
            id="authorized only",
        ),
        pytest.param(
            a_connect({"traderId": ALICE}, {"principalId": "u"}),
            {"traderId": {"S": ALICE}},
            id="unnamed authorizer",
        ),
        pytest.param(a_connect({"traderId": "", "market": ""}), {}, id="with blanks"),
        pytest.param(a_connect({"colour": "red"}), {}, id="with another parameter"),
    ],
)
def test_connect_writes_what_is_known_and_nothing_else(
    exchange: Exchange, event: WebSocketEvent, known: Row
) -> None:
    before = int(time.time())
    assert exchange.value("connect", event) == {"statusCode": 200}
    (row,) = exchange.rows()
    assert before + 86_400 <= int(row.pop("expireAt")["N"]) <= time.time() + 86_400
    assert row == {
        "pk": {"S": f"WS#{ONE}"},
        "sk": {"S": "META"},
        "connectedAt": {"N": str(CONNECTED_AT)},
        **known,
    }


@pytest.mark.parametrize(
    "event",
    [
        pytest.param(a_connect({"market": "btc perp"}), id="no market"),
        pytest.param(a_connect({"market": "BTC-PERP\n"}), id="a line end after the market"),
        pytest.param(a_connect({"traderId": "alice"}), id="no UUID"),
        pytest.param(a_connect({"traderId": f"{ALICE}\n"}), id="a line end after the UUID"),
        pytest.param(a_connect({"traderId": ALICE}, {"traderId": "*"}), id="authorized as nobody"),
    ],
)
def test_a_malformed_market_or_trader_is_refused_without_a_row(
    exchange: Exchange, event: WebSocketEvent
) -> None:
    assert exchange.value("connect", event) == {"statusCode": 400}
    assert exchange.rows() == []


def test_disconnect_deletes_only_its_row_and_one_that_is_gone_is_fine(exchange: Exchange) -> None:
    exchange.put(ONE)
    exchange.put("other=")
    for _ in range(2):
        event = {"requestContext": a_request_context()}
        assert exchange.value("disconnect", event) == {"statusCode": 200}
        assert exchange.ids() == ["other="]


# --- subscribe and $default -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("trader", "channel"),
    [
        pytest.param(None, BTC, id="anybody a market"),
        pytest.param(None, "market." + "A" * 32, id="anybody the longest market"),
        pytest.param(None, "admin.BTC-PERP", id="anybody announcements"),
        pytest.param(ALICE, BTC, id="a trader a market"),
        pytest.param(ALICE, f"trader.{ALICE}", id="a trader their own channel"),
    ],
)
def test_subscribe_stores_the_channel(exchange: Exchange, trader: str | None, channel: str) -> None:
    exchange.put(traderId=trader, channel="market.OLD")
    (before,) = exchange.rows()
    assert exchange.value("subscribe", a_message({"channel": channel})) == {"statusCode": 200}
    assert exchange.rows() == [{**before, "channel": {"S": channel}}]
    assert exchange.posts() == []


@pytest.mark.parametrize(
    ("trader", "body", "code"),
    [
        pytest.param(None, {"channel": f"trader.{ALICE}"}, "CHANNEL_FORBIDDEN", id="a stranger a trader's"),
        pytest.param(BOB, {"channel": f"trader.{ALICE}"}, "CHANNEL_FORBIDDEN", id="a trader another's"),
        pytest.param(
            ALICE, {"channel": f"trader.{ALICE.upper()}"}, "CHANNEL_FORBIDDEN", id="their own in upper case"
        ),
        pytest.param(ALICE, {"channel": "trader.alice"}, "BAD_CHANNEL", id="no channel's name"),
        pytest.param(ALICE, {"channel": "market.btc-perp"}, "BAD_CHANNEL", id="a market in lower case"),
        pytest.param(ALICE, {"channel": "market.B\u0665"}, "BAD_CHANNEL", id="a digit that is not ASCII"),
        pytest.param(ALICE, {"channel": "market.X\n"}, "BAD_CHANNEL", id="a line end after the market"),
        pytest.param(ALICE, {"channel": "market"}, "BAD_CHANNEL", id="no dot"),
        pytest.param(ALICE, {"channel": "market.A.B"}, "BAD_CHANNEL", id="another dot"),
        pytest.param(ALICE, {"channel": "Market.X"}, "BAD_CHANNEL", id="an audience in upper case"),
        pytest.param(ALICE, {"channel": "system.X"}, "BAD_CHANNEL", id="an unknown audience"),
        pytest.param(ALICE, {"channel": None}, "BAD_CHANNEL", id="null"),
        pytest.param(ALICE, {"channel": [BTC]}, "BAD_CHANNEL", id="a list"),
        pytest.param(ALICE, {}, "BAD_CHANNEL", id="nothing"),
        pytest.param(ALICE, '{"action":"subscribe", channel:1}', "BAD_JSON", id="lenient JSON"),
        pytest.param(ALICE, [], "BAD_JSON", id="no object"),
        pytest.param(ALICE, "[" * 100_000, "BAD_JSON", id="JSON too deep to read"),
    ],
)
def test_a_refused_subscribe_is_answered_and_changes_nothing(
    exchange: Exchange, trader: str | None, body: object, code: str
) -> None:
    exchange.put(traderId=trader, channel="market.OLD")
    before = exchange.rows()
    assert exchange.value("subscribe", a_message(body)) == {"statusCode": 200}
    assert exchange.rows() == before
    assert exchange.told() == [(ONE, code)]


@pytest.mark.parametrize("channel", [BTC, f"trader.{ALICE}"])
def test_subscribe_never_creates_a_row_that_is_gone(exchange: Exchange, channel: str) -> None:
    exchange.value("subscribe", a_message({"channel": channel}))
    assert exchange.rows() == []
    assert exchange.told() == [(ONE, "NOT_CONNECTED")]


@pytest.mark.parametrize(
    ("body", "code", "message"),
    [
        (
            {"action": "dance"},
            "UNKNOWN_ACTION",
            'The action is unknown; send {"action":"subscribe","channel":...}.',
        ),
        (
            {},
            "UNKNOWN_ACTION",
            'The action is unknown; send {"action":"subscribe","channel":...}.',
        ),
        ("hello", "BAD_JSON", "A message must be a JSON object."),
        ("7", "BAD_JSON", "A message must be a JSON object."),
        ("", "BAD_JSON", "A message must be a JSON object."),
    ],
)
def test_default_says_what_is_wrong_with_which_message(
    exchange: Exchange, body: object, code: str, message: str
) -> None:
    assert exchange.value("default", a_message(body)) == {"statusCode": 200}
    frame = {"type": "error", "code": code, "message": message, "requestId": "PJqCFEqHqRcFd0w="}
    assert exchange.posts() == [(ONE, json.dumps(frame, separators=(",", ":")))]


def test_a_reply_that_fails_is_logged(exchange: Exchange) -> None:
    exchange.server.answers(ONE, 400)
    said = exchange.invoke("default", a_message("{}")).said()
    assert said == [f"{ONE} was not told UNKNOWN_ACTION: 400 BadRequestException {{}} ({ONE})"]


def test_a_caller_who_has_left_is_no_error(exchange: Exchange) -> None:
    exchange.server.answers(ONE, 410)
    assert exchange.invoke("default", a_message("{}")).said() == []


# --- fan-out ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("function", ["fan_out", "scanning"])
def test_a_message_goes_verbatim_to_the_subscribers_of_its_channel_only(
    exchange: Exchange, function: str
) -> None:
    exchange.put("btc1=", channel=BTC)
    exchange.put("btc2=", channel=BTC, traderId=ALICE)
    exchange.put("eth=", channel="market.ETH-PERP")
    exchange.put("admin=", channel="admin.BTC-PERP")
    exchange.put("alice=", channel=f"trader.{ALICE}", traderId=ALICE)
    exchange.put("idle=")
    exchange.fan_out(DEPTH, function=function)
    assert exchange.posts() == [("btc1=", DEPTH), ("btc2=", DEPTH)]


@pytest.mark.parametrize(
    ("event", "receiver"),
    [
        ({"type": "orderUpdate", "traderId": ALICE, "market": "BTC-PERP"}, "alice="),
        ({"type": "positionUpdate", "traderId": ALICE}, "alice="),
        ({"type": "balanceUpdate", "traderId": ALICE}, "alice="),
        ({"type": "liquidationAlert", "traderId": ALICE, "market": "BTC-PERP"}, "alice="),
        ({"type": "pnlUpdate", "traderId": ALICE, "market": "BTC-PERP"}, "alice="),
        ({"type": "marketState", "market": "BTC-PERP", "state": "PAUSED"}, "admin="),
        ({"type": "brandNew", "market": "BTC-PERP", "traderId": ALICE}, "btc="),
        ({"type": ["orderUpdate"], "market": "BTC-PERP", "traderId": ALICE}, "btc="),
        ({"market": "BTC-PERP"}, "btc="),
    ],
)
def test_the_type_alone_decides_who_gets_an_event(exchange: Exchange, event: Json, receiver: str) -> None:
    exchange.put("alice=", channel=f"trader.{ALICE}", traderId=ALICE)
    exchange.put("bob=", channel=f"trader.{BOB}", traderId=BOB)
    exchange.put("btc=", channel=BTC)
    exchange.put("admin=", channel="admin.BTC-PERP")
    exchange.fan_out(event)
    assert exchange.posts() == [(receiver, json.dumps(event))]


def test_every_record_of_a_delivery_is_sent_in_order(exchange: Exchange) -> None:
    exchange.put("btc=", channel=BTC)
    exchange.fan_out(*({"market": "BTC-PERP", "n": n} for n in range(3)))
    assert [json.loads(frame)["n"] for _, frame in exchange.server.posts] == [0, 1, 2]


@pytest.mark.parametrize(
    ("message", "why"),
    [
        pytest.param("{not json", "it is not a JSON object", id="no JSON"),
        pytest.param("[1]", "it is not a JSON object", id="a list"),
        pytest.param("[" * 100_000, "it is not a JSON object", id="JSON too deep to read"),
        pytest.param(
            {"type": "pnlUpdate", "market": "BTC-PERP"}, "its pnlUpdate names no receiver", id="no trader"
        ),
        pytest.param({"type": "depth"}, "its depth names no receiver", id="no market"),
        pytest.param({"type": "depth", "market": 7}, "its depth names no receiver", id="a number as market"),
        pytest.param(
            {"market": "BTC-PERP", "x": "x" * 131_072},
            "its 131103 bytes are too many to post (413)",
            id="too long",
        ),
    ],
)
def test_a_message_that_cannot_be_pushed_is_logged_and_the_next_one_is_sent(
    exchange: Exchange, message: object, why: str
) -> None:
    exchange.put("btc=", channel=BTC)
    said = exchange.fan_out(message, DEPTH)
    assert exchange.posts() == [("btc=", DEPTH)]
    assert said == [f"message m0 is skipped: {why}"]


def test_a_message_of_exactly_128_kb_is_posted(exchange: Exchange) -> None:
    exchange.put("btc=", channel=BTC)
    frame = '{"market":"BTC-PERP","x":"%s"}'
    longest = frame % ("x" * (131_072 - len(frame % "")))
    exchange.fan_out(longest)
    assert exchange.posts() == [("btc=", longest)]


def test_one_bad_row_is_logged_and_hurts_nobody_and_only_410_deletes(exchange: Exchange) -> None:
    for connection_id in ("a=", "gone=", "not an id", "z="):
        exchange.put(connection_id, channel=BTC)
    exchange.server.answers("gone=", 410)
    exchange.server.answers("not an id", 400)
    assert exchange.fan_out(DEPTH) == ["not delivered: 400 BadRequestException {} (not an id)"]
    assert exchange.ids() == ["a=", "not an id", "z="]
    assert exchange.server.posts_by_id() == {"a=": 1, "gone=": 1, "not an id": 1, "z=": 1}


def test_many_gone_rows_are_all_deleted(exchange: Exchange) -> None:
    for number in range(60):
        exchange.put(f"gone{number}=", channel=BTC)
        exchange.server.answers(f"gone{number}=", 410)
    exchange.fan_out(DEPTH)
    assert exchange.ids() == []


@pytest.mark.parametrize(
    ("answers", "left"),
    [
        pytest.param((410, 200), ["young="], id="opens after its 410"),
        pytest.param((410, 410), [], id="stays gone"),
        pytest.param((410, 400), ["young="], id="is not told of"),
    ],
)
def test_a_young_connection_is_looked_at_once_more_before_its_row_goes(
    exchange: Exchange, answers: tuple[int, int], left: list[str]
) -> None:
    exchange.put("young=", channel=BTC, at=int(time.time() * 1000))
    exchange.server.answers("young=", *answers)
    exchange.fan_out(DEPTH)
    assert exchange.ids() == left
    # A message once, and then a question without one.
    assert exchange.posts() == [("young=", ""), ("young=", DEPTH)]


@pytest.mark.parametrize(
    "answers",
    [
        pytest.param((429, 200), id="throttled once"),
        pytest.param((500, 500, 200), id="a server error twice"),
        pytest.param((CLOSE, CLOSE, 200), id="closed before the answer"),
        pytest.param((429, 500, CLOSE, 500, 200), id="at the last attempt"),
    ],
)
def test_a_transient_failure_is_tried_again_and_hurts_nobody(
    exchange: Exchange, answers: tuple[int | str, ...]
) -> None:
    exchange.put("a=", channel=BTC)
    exchange.put("slow=", channel=BTC)
    exchange.server.answers("slow=", *answers)
    assert exchange.fan_out(DEPTH) == []
    posts = exchange.server.posts_by_id()
    assert posts["a="] == 1
    # A kept connection that is found closed costs one post more than an answer.
    assert len(answers) <= posts["slow="] <= len(answers) + answers.count(CLOSE)


def test_a_failure_that_lasts_is_given_up_and_told(exchange: Exchange) -> None:
    exchange.put("slow=", channel=BTC)
    exchange.server.answers("slow=", 429)
    assert exchange.fan_out(DEPTH) == ["not delivered: 429 LimitExceededException (slow=)"]
    assert exchange.server.posts_by_id() == {"slow=": 5}
    assert exchange.ids() == ["slow="]


def test_a_post_that_throttling_delayed_may_find_its_connection_gone(exchange: Exchange) -> None:
    exchange.put("leaving=", channel=BTC)
    exchange.server.answers("leaving=", 429, 410)
    exchange.fan_out(DEPTH)
    assert exchange.ids() == []


def test_failures_are_told_by_reason_and_not_one_by_one(exchange: Exchange) -> None:
    for number in range(7):
        exchange.put(f"bad{number}=", channel=BTC)
        exchange.server.answers(f"bad{number}=", 400)
    assert len(exchange.fan_out(DEPTH)) == 1


def test_posting_ends_before_the_functions_time(exchange: Exchange) -> None:
    exchange.put("stuck=", channel=BTC)
    exchange.put("a=", channel=BTC)
    exchange.server.answers("stuck=", HANG)
    (line,) = exchange.fan_out(DEPTH, function="hasty")
    assert re.search(r"(no answer within 3 s|out of time) \(stuck=\)$", line), line
    assert exchange.server.posts_by_id()["a="] == 1


def test_many_posts_are_in_flight_but_no_more_than_are_allowed(exchange: Exchange) -> None:
    for number in range(300):
        exchange.put(f"{number}=", channel=BTC)
    exchange.server.awaited_in_flight = 2
    exchange.fan_out(DEPTH)
    assert exchange.server.posts_by_id() == {f"{number}=": 1 for number in range(300)}
    assert 2 <= exchange.server.most_in_flight <= exchange.posts_in_flight


def test_connections_that_died_meanwhile_are_replaced_without_a_failure(exchange: Exchange) -> None:
    exchange.put("a=", channel=BTC)
    for _ in range(2):
        assert exchange.fan_out(DEPTH) == []
        exchange.server.forget_peers()
    assert exchange.server.posts_by_id() == {"a=": 2}


@pytest.mark.parametrize("function", ["fan_out", "scanning"])
def test_more_subscribers_than_a_page_holds_are_all_served(exchange: Exchange, function: str) -> None:
    for number in range(8):
        exchange.put(f"{number}=", channel=BTC, padding="x" * 300_000)
    exchange.fan_out(DEPTH, function=function)
    assert exchange.server.posts_by_id() == {f"{number}=": 1 for number in range(8)}


def test_a_table_that_cannot_be_read_fails_the_invocation_before_anybody_is_served(
    exchange: Exchange,
) -> None:
    answer = exchange.invoke("lost", a_delivery(DEPTH, DEPTH))
    assert answer.error is not None
    assert "ResourceNotFoundException" in json.dumps(answer.error)
    assert exchange.posts() == []


@pytest.mark.parametrize(
    ("function", "told"),
    [
        ("guessing", "CONNECTION_LOOKUP is 'guess'; set it to query or scan"),
        ("idle", "POST_CONNECTIONS is '0'; set it to a whole number above 0"),
    ],
)
def test_a_wrong_variable_fails_the_fan_out_and_is_named(
    exchange: Exchange, function: str, told: str
) -> None:
    error = exchange.invoke(function, a_delivery(DEPTH)).error
    assert error is not None
    assert error["errorMessage"] == told
