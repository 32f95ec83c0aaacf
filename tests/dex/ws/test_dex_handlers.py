"""The five handlers, on a table in moto; posts to clients go to a scripted management API."""

import ast
import json
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import moto
import pytest
from botocore.exceptions import ClientError

import dex.ws
from dex.ws import connect, default, disconnect, environment, fan_out, replies, subscribe
from dex.ws.channels import Channel, parse_channel
from dex.ws.connections_table import Connection, ConnectionsTable, Subscribed, open_table
from dex.ws.lambda_events import RequestContext, SnsEvent, WebSocketEvent
from dex.ws.management_api import management_api
from dex.ws.post_outcomes import PostReport

ALICE, BOB = "6f1c8a52-0b1e-4a7e-9d6c-2f6f6f0a1a11", "0d9b6c0e-8a6f-4f0c-b1de-51a1f0c9e522"
ONE = "PJqB0fHsqRcCHlw="
ENDPOINT = "https://abc.execute-api.us-east-1.amazonaws.com/prod"
CONNECTED_AT = 1_701_245_041_796


class Context:
    """Lambda's context of an invocation with 20 seconds left."""

    def get_remaining_time_in_millis(self) -> int:
        return 20_000


class ScriptedApi:
    """A management API that takes every post, but for the connections that are told to be gone or to fail."""

    def __init__(self) -> None:
        self.posts: list[tuple[str, str]] = []
        self.gone: list[str] = []
        self.opens_later: list[str] = []
        self.failing: dict[str, str] = {}
        self.within: list[float] = []
        self.looked_at: list[str] = []

    def post_to_connections(
        self, connection_ids: Iterable[str], data: bytes, *, within: float = 25.0
    ) -> PostReport:
        ids = list(connection_ids)
        self.within.append(within)
        self.posts.extend((connection_id, data.decode()) for connection_id in ids)
        gone = tuple(one for one in ids if one in (*self.gone, *self.opens_later))
        failed = {one: self.failing[one] for one in ids if one in self.failing}
        return PostReport(len(ids) - len(gone) - len(failed), gone, failed)

    def gone_of(self, connection_ids: Iterable[str], *, within: float) -> tuple[str, ...]:
        self.looked_at.extend(connection_ids)
        return tuple(one for one in self.looked_at if one in self.gone)


class Table:
    """The table as a test sees it: whole rows, in DynamoDB's own JSON."""

    def __init__(self) -> None:
        self.client = _client()
        names = ("pk", "sk", "channel")
        self.client.create_table(
            TableName="WSConnections",
            AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in names],
            KeySchema=[_hash("pk"), {"AttributeName": "sk", "KeyType": "RANGE"}],
            GlobalSecondaryIndexes=[
                {
                    "IndexName": "ByChannel",
                    "KeySchema": [_hash("channel")],
                    "Projection": {"ProjectionType": "KEYS_ONLY"},
                }
            ],
            BillingMode="PAY_PER_REQUEST",
        )

    def rows(self) -> list[dict[str, dict[str, str]]]:
        rows: list[dict[str, dict[str, str]]] = self.client.scan(TableName="WSConnections")["Items"]
        return sorted(rows, key=lambda row: row["pk"]["S"])

    def ids(self) -> list[str]:
        return [row["pk"]["S"].removeprefix("WS#") for row in self.rows()]

    def channel_of(self, connection_id: str) -> str | None:
        (row,) = [row for row in self.rows() if row["pk"]["S"] == f"WS#{connection_id}"]
        return row["channel"]["S"] if "channel" in row else None


@cache
def _client() -> Any:
    return environment.aws_session().create_client("dynamodb")


def _hash(name: str) -> dict[str, str]:
    return {"AttributeName": name, "KeyType": "HASH"}


@pytest.fixture(autouse=True)
def table(monkeypatch: pytest.MonkeyPatch) -> Iterator[Table]:
    variables = {
        "TABLE_NAME": "WSConnections",
        "WS_API_ENDPOINT": ENDPOINT,
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "AKID",
        "AWS_SECRET_ACCESS_KEY": "secret",
    }
    for name in ("INDEX_NAME", "CONNECTION_LOOKUP", "POST_CONNECTIONS", "AWS_REGION", "AWS_ENDPOINT_URL"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    with moto.mock_aws():
        yield Table()


@pytest.fixture(autouse=True, scope="module")
def a_new_process() -> Iterator[None]:
    """What the handlers keep for the life of their process is kept for this module's."""
    kept = (environment.aws_session, open_table, _client)
    for one in kept:
        one.cache_clear()
    yield
    for one in kept:
        one.cache_clear()


@pytest.fixture(autouse=True)
def api(monkeypatch: pytest.MonkeyPatch) -> ScriptedApi:
    scripted = ScriptedApi()
    for module in (replies, fan_out):
        monkeypatch.setattr(module, "management_api", {ENDPOINT: scripted}.__getitem__)
    return scripted


def a_request_context(connection_id: str = ONE) -> RequestContext:
    return {
        "connectionId": connection_id,
        "requestId": "PJqCFEqHqRcFd0w=",
        "connectedAt": CONNECTED_AT,
        "domainName": "abc.execute-api.us-east-1.amazonaws.com",
        "stage": "prod",
    }


def a_connect(
    query: Mapping[str, str] | None = None, authorizer: Mapping[str, object] | None = None
) -> WebSocketEvent:
    request_context = a_request_context()
    if authorizer is not None:
        request_context["authorizer"] = authorizer
    event: WebSocketEvent = {"requestContext": request_context}
    if query is not None:
        event["queryStringParameters"] = query
    return event


def a_message(body: object, connection_id: str = ONE) -> WebSocketEvent:
    text = body if isinstance(body, str) else json.dumps(body)
    return {"requestContext": a_request_context(connection_id), "body": text}


def a_delivery(*messages: object) -> SnsEvent:
    texts = [message if isinstance(message, str) else json.dumps(message) for message in messages]
    return {"Records": [{"Sns": {"MessageId": f"m{n}", "Message": text}} for n, text in enumerate(texts)]}


def connected(
    connection_id: str = ONE,
    *,
    trader: str | None = None,
    channel: str | None = None,
    at: int = CONNECTED_AT,
) -> str:
    row = Connection(connection_id, at, at // 1000 + 86_400, trader, parse_channel(channel))
    open_table().put(row)
    return connection_id


# --- $connect ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("event", "trader_id", "channel"),
    [
        pytest.param(a_connect(), None, None, id="without a query"),
        pytest.param(a_connect({"market": "BTC-PERP"}), None, "market.BTC-PERP", id="for a market"),
        pytest.param(a_connect({"traderId": ALICE}), ALICE, None, id="as a trader"),
        pytest.param(
            a_connect({"traderId": ALICE, "market": "X"}), ALICE, "market.X", id="as a trader, for a market"
        ),
        pytest.param(
            a_connect({"traderId": ALICE}, {"traderId": BOB}), BOB, None, id="authorized as another"
        ),
        pytest.param(a_connect(None, {"traderId": BOB, "principalId": "u"}), BOB, None, id="authorized only"),
        pytest.param(
            a_connect({"traderId": ALICE}, {"principalId": "u"}), ALICE, None, id="unnamed authorizer"
        ),
        pytest.param(a_connect({"traderId": "", "market": ""}), None, None, id="with blanks"),
        pytest.param(a_connect({"colour": "red"}), None, None, id="with another parameter"),
    ],
)
def test_a_connection_is_what_its_handshake_says(
    event: WebSocketEvent, trader_id: str | None, channel: str | None
) -> None:
    assert connect.connection_of(event, now=1_701_245_050.9) == Connection(
        ONE, CONNECTED_AT, 1_701_331_450, trader_id, parse_channel(channel)
    )


@pytest.mark.parametrize(
    "event",
    [
        a_connect({"market": "btc perp"}),
        a_connect({"traderId": "alice"}),
        a_connect({"traderId": f"{ALICE}\n"}),
        a_connect({"traderId": ALICE}, {"traderId": "*"}),
    ],
)
def test_a_malformed_market_or_trader_is_refused_without_a_row(event: WebSocketEvent, table: Table) -> None:
    assert connect.handler(event, Context()) == {"statusCode": 400}
    assert table.rows() == []


def test_connect_writes_a_row_with_nothing_that_is_not_known(table: Table) -> None:
    before = int(time.time())
    assert connect.handler(a_connect(), Context()) == {"statusCode": 200}
    (row,) = table.rows()
    assert before + 86_400 <= int(row.pop("expireAt")["N"]) <= time.time() + 86_400
    assert row == {"pk": {"S": f"WS#{ONE}"}, "sk": {"S": "META"}, "connectedAt": {"N": str(CONNECTED_AT)}}


def test_connect_writes_trader_and_channel(table: Table) -> None:
    connect.handler(a_connect({"traderId": ALICE, "market": "BTC-PERP"}), Context())
    (row,) = table.rows()
    assert (row["traderId"], row["channel"]) == ({"S": ALICE}, {"S": "market.BTC-PERP"})


def test_connect_fails_when_the_row_cannot_be_written(table: Table) -> None:
    table.client.delete_table(TableName="WSConnections")
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        connect.handler(a_connect(), Context())


# --- subscribe --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("trader", "channel"),
    [
        pytest.param(None, "market.BTC-PERP", id="anybody a market"),
        pytest.param(None, "admin.BTC-PERP", id="anybody announcements"),
        pytest.param(ALICE, "market.BTC-PERP", id="a trader a market"),
        pytest.param(ALICE, f"trader.{ALICE}", id="a trader their own channel"),
    ],
)
def test_subscribe_stores_the_channel(
    trader: str | None, channel: str, table: Table, api: ScriptedApi
) -> None:
    connected(trader=trader, channel="market.OLD")
    before = table.rows()
    assert subscribe.handler(a_message({"action": "subscribe", "channel": channel}), Context()) == {
        "statusCode": 200
    }
    assert table.rows() == [{**before[0], "channel": {"S": channel}}]
    assert api.posts == []


@pytest.mark.parametrize(
    ("trader", "body", "code"),
    [
        pytest.param(None, {"channel": f"trader.{ALICE}"}, "CHANNEL_FORBIDDEN", id="a stranger a trader's"),
        pytest.param(BOB, {"channel": f"trader.{ALICE}"}, "CHANNEL_FORBIDDEN", id="a trader another's"),
        pytest.param(ALICE, {"channel": "trader.alice"}, "BAD_CHANNEL", id="no channel's name"),
        pytest.param(ALICE, {"channel": None}, "BAD_CHANNEL", id="null"),
        pytest.param(ALICE, {}, "BAD_CHANNEL", id="nothing"),
        pytest.param(ALICE, '{"action":"subscribe", channel:1}', "BAD_JSON", id="lenient JSON (R-9)"),
        pytest.param(ALICE, [], "BAD_JSON", id="a list"),
        pytest.param(ALICE, "[" * 100_000, "BAD_JSON", id="JSON too deep to read"),
    ],
)
def test_a_refused_subscribe_is_answered_and_changes_nothing(
    trader: str | None, body: object, code: str, table: Table, api: ScriptedApi
) -> None:
    connected(trader=trader, channel="market.OLD")
    before = table.rows()
    assert subscribe.handler(a_message(body), Context()) == {"statusCode": 200}
    assert table.rows() == before
    assert [(to, json.loads(frame)["code"]) for to, frame in api.posts] == [(ONE, code)]


@pytest.mark.parametrize("channel", ["market.BTC-PERP", f"trader.{ALICE}"])
def test_subscribe_never_creates_a_row_that_is_gone(channel: str, table: Table, api: ScriptedApi) -> None:
    subscribe.handler(a_message({"channel": channel}), Context())
    assert table.rows() == []
    assert [(to, json.loads(frame)["code"]) for to, frame in api.posts] == [(ONE, "NOT_CONNECTED")]


def test_an_error_frame_says_what_and_to_which_message(api: ScriptedApi) -> None:
    default.handler(a_message({"action": "subscribr"}), Context())
    ((to, frame),) = api.posts
    assert to == ONE
    assert json.loads(frame) == {
        "type": "error",
        "code": "UNKNOWN_ACTION",
        "message": 'The action is unknown; send {"action":"subscribe","channel":...}.',
        "requestId": "PJqCFEqHqRcFd0w=",
    }


def test_a_reply_goes_to_where_the_message_came_from_when_no_endpoint_is_set(
    monkeypatch: pytest.MonkeyPatch, api: ScriptedApi
) -> None:
    monkeypatch.delenv("WS_API_ENDPOINT")
    default.handler(a_message("{}"), Context())
    assert len(api.posts) == 1


def test_a_reply_that_fails_is_logged(api: ScriptedApi, caplog: pytest.LogCaptureFixture) -> None:
    api.failing[ONE] = "403 ForbiddenException"
    default.handler(a_message("{}"), Context())
    assert caplog.messages == [f"{ONE} was not told UNKNOWN_ACTION: 403 ForbiddenException ({ONE})"]


def test_a_caller_who_has_left_is_no_error(api: ScriptedApi, caplog: pytest.LogCaptureFixture) -> None:
    api.gone.append(ONE)
    default.handler(a_message("{}"), Context())
    assert caplog.messages == []


# --- $default and $disconnect -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"action": "dance"}, "UNKNOWN_ACTION"),
        ({}, "UNKNOWN_ACTION"),
        ("hello", "BAD_JSON"),
        ("7", "BAD_JSON"),
        ("", "BAD_JSON"),
    ],
)
def test_default_says_what_is_wrong(body: object, code: str, api: ScriptedApi) -> None:
    assert default.handler(a_message(body), Context()) == {"statusCode": 200}
    assert [(to, json.loads(frame)["code"]) for to, frame in api.posts] == [(ONE, code)]


def test_disconnect_deletes_only_its_row(table: Table) -> None:
    connected(ONE)
    connected("other=")
    assert disconnect.handler({"requestContext": a_request_context()}, Context()) == {"statusCode": 200}
    assert table.ids() == ["other="]


def test_disconnect_of_a_row_that_is_gone_is_fine(table: Table) -> None:
    assert disconnect.handler({"requestContext": a_request_context()}, Context()) == {"statusCode": 200}
    assert table.rows() == []


# --- fan-out ----------------------------------------------------------------------------------------------

DEPTH = '{ "type": "depth", "market": "BTC-PERP", "bids": [["1.10", 2]], "note": "€" }'


@pytest.mark.parametrize("lookup", ["query", "scan"])
def test_a_message_goes_verbatim_to_the_subscribers_of_its_channel_only(
    lookup: str, monkeypatch: pytest.MonkeyPatch, api: ScriptedApi
) -> None:
    monkeypatch.setenv("CONNECTION_LOOKUP", lookup)
    connected("btc1=", channel="market.BTC-PERP")
    connected("btc2=", channel="market.BTC-PERP", trader=ALICE)
    connected("eth=", channel="market.ETH-PERP")
    connected("admin=", channel="admin.BTC-PERP")
    connected("alice=", channel=f"trader.{ALICE}", trader=ALICE)
    connected("idle=")
    fan_out.handler(a_delivery(DEPTH), Context())
    assert sorted(api.posts) == [("btc1=", DEPTH), ("btc2=", DEPTH)]


def test_a_traders_event_reaches_the_trader_and_no_market(api: ScriptedApi) -> None:
    connected("alice=", channel=f"trader.{ALICE}", trader=ALICE)
    connected("bob=", channel=f"trader.{BOB}", trader=BOB)
    connected("btc=", channel="market.BTC-PERP")
    fan_out.handler(a_delivery({"type": "orderUpdate", "traderId": ALICE, "market": "BTC-PERP"}), Context())
    assert [to for to, _ in api.posts] == ["alice="]


def test_every_record_of_a_delivery_is_sent_in_order(api: ScriptedApi) -> None:
    connected("btc=", channel="market.BTC-PERP")
    fan_out.handler(a_delivery(*({"market": "BTC-PERP", "n": n} for n in range(3))), Context())
    assert [json.loads(frame)["n"] for _, frame in api.posts] == [0, 1, 2]


@pytest.mark.parametrize(
    ("message", "line"),
    [
        ("{not json", "message m0 is skipped: it is not a JSON object"),
        ("[1]", "message m0 is skipped: it is not a JSON object"),
        ("[" * 100_000, "message m0 is skipped: it is not a JSON object"),
        (
            {"type": "pnlUpdate", "market": "BTC-PERP"},
            "message m0 is skipped: its pnlUpdate names no receiver",
        ),
        ({"type": "depth"}, "message m0 is skipped: its depth names no receiver"),
        (
            '{"market":"BTC-PERP","note":"\ud800"}',
            "message m0 is skipped: 'utf-8' codec can't encode character '\\ud800' in position 29: "
            "surrogates not allowed",
        ),
        (
            {"market": "BTC-PERP", "x": "x" * 131_072},
            "message m0 is skipped: its 131103 bytes are too many to post (413)",
        ),
    ],
)
def test_a_message_that_cannot_be_pushed_is_logged_and_the_next_one_is_sent(
    message: object, line: str, api: ScriptedApi, caplog: pytest.LogCaptureFixture
) -> None:
    connected("btc=", channel="market.BTC-PERP")
    fan_out.handler(a_delivery(message, DEPTH), Context())
    assert api.posts == [("btc=", DEPTH)]
    assert caplog.messages == [line]


def test_a_message_of_exactly_128_kb_is_posted(api: ScriptedApi) -> None:
    connected("btc=", channel="market.BTC-PERP")
    frame = '{"market":"BTC-PERP","x":"%s"}'
    longest = frame % ("x" * (131_072 - len(frame % "")))
    fan_out.handler(a_delivery(longest), Context())
    assert api.posts == [("btc=", longest)]


def test_410_deletes_that_row_and_no_other(table: Table, api: ScriptedApi) -> None:
    for connection_id in ("a=", "gone=", "bad", "z="):
        connected(connection_id, channel="market.BTC-PERP")
    api.gone.append("gone=")
    api.failing["bad"] = "400 BadRequestException"
    fan_out.handler(a_delivery(DEPTH), Context())
    assert table.ids() == ["a=", "bad", "z="]
    assert api.looked_at == []
    assert sorted(to for to, _ in api.posts) == ["a=", "bad", "gone=", "z="]


def test_one_bad_row_is_logged_and_hurts_nobody(api: ScriptedApi, caplog: pytest.LogCaptureFixture) -> None:
    for connection_id in ("a=", "not an id", "z="):
        connected(connection_id, channel="market.BTC-PERP")
    api.failing["not an id"] = "400 BadRequestException"
    fan_out.handler(a_delivery(DEPTH), Context())
    assert sorted(to for to, _ in api.posts) == ["a=", "not an id", "z="]
    assert caplog.messages == ["not delivered: 400 BadRequestException (not an id)"]


def test_many_gone_rows_are_all_deleted(table: Table, api: ScriptedApi) -> None:
    api.gone = [connected(f"gone{n}=", channel="market.BTC-PERP") for n in range(60)]
    fan_out.handler(a_delivery(DEPTH), Context())
    assert table.ids() == []


def test_a_young_connection_that_opens_after_its_410_keeps_its_row(table: Table, api: ScriptedApi) -> None:
    connected("opening=", channel="market.BTC-PERP", at=int(time.time() * 1000))
    api.opens_later = ["opening="]
    fan_out.handler(a_delivery(DEPTH), Context())
    assert table.ids() == ["opening="]
    assert (api.posts, api.looked_at) == ([("opening=", DEPTH)], ["opening="])


def test_a_young_connection_that_stays_gone_is_deleted(table: Table, api: ScriptedApi) -> None:
    connected("left=", channel="market.BTC-PERP", at=int(time.time() * 1000))
    api.gone = ["left="]
    fan_out.handler(a_delivery(DEPTH), Context())
    assert table.ids() == []


def test_a_row_that_cannot_be_deleted_is_logged(
    api: ScriptedApi, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    connected("gone=", channel="market.BTC-PERP")
    api.gone = ["gone="]

    def throttled(*_: object, **__: object) -> bool:
        raise ClientError({"Error": {"Code": "ThrottlingException", "Message": "slow down"}}, "DeleteItem")

    monkeypatch.setattr(ConnectionsTable, "delete", throttled)
    fan_out.handler(a_delivery(DEPTH), Context())
    assert caplog.messages == [
        "row of gone= is not deleted: An error occurred (ThrottlingException) when calling the DeleteItem "
        "operation: slow down"
    ]


def test_a_table_that_cannot_be_read_fails_the_invocation_before_anybody_is_served(
    table: Table, api: ScriptedApi
) -> None:
    table.client.delete_table(TableName="WSConnections")
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        fan_out.handler(a_delivery(DEPTH, DEPTH), Context())
    assert api.posts == []


def test_posting_leaves_a_part_of_the_functions_time(api: ScriptedApi) -> None:
    connected("btc=", channel="market.BTC-PERP")
    fan_out.handler(a_delivery(DEPTH), Context())
    assert api.within == [16.0]


# --- the table --------------------------------------------------------------------------------------------


class PagedDynamoDb:
    """A client whose reads come in pages of which one is empty; it keeps what it was asked."""

    PAGES = (
        {"Items": [{"pk": {"S": "WS#a="}}], "LastEvaluatedKey": {"pk": {"S": "WS#a="}}},
        {"Items": [], "LastEvaluatedKey": {"pk": {"S": "WS#b="}}},
        {"Items": [{"pk": {"S": "WS#c="}}]},
    )

    def __init__(self) -> None:
        self.asked: list[Mapping[str, object]] = []

    def query(self, **parameters: object) -> Any:
        self.asked.append(parameters)
        return self.PAGES[len(self.asked) - 1]

    scan = put_item = update_item = delete_item = query


@pytest.mark.parametrize(
    ("lookup", "own_parameters"),
    [
        ("query", {"IndexName": "ByChannel", "KeyConditionExpression": "#channel = :channel"}),
        ("scan", {"FilterExpression": "#channel = :channel"}),
    ],
)
def test_every_page_is_read_an_empty_one_too(
    lookup: environment.Lookup, own_parameters: Mapping[str, object]
) -> None:
    client = PagedDynamoDb()
    table = ConnectionsTable(client, "WSConnections", "ByChannel")
    assert table.subscribers("market.X", lookup=lookup) == ["a=", "c="]
    first = {
        "TableName": "WSConnections",
        "ProjectionExpression": "pk",
        "ExpressionAttributeNames": {"#channel": "channel"},
        "ExpressionAttributeValues": {":channel": {"S": "market.X"}},
        **own_parameters,
    }
    assert client.asked == [
        first,
        {**first, "ExclusiveStartKey": {"pk": {"S": "WS#a="}}},
        {**first, "ExclusiveStartKey": {"pk": {"S": "WS#b="}}},
    ]


@pytest.mark.parametrize("lookup", ["query", "scan"])
def test_more_subscribers_than_a_page_holds_are_all_found(lookup: environment.Lookup, table: Table) -> None:
    for number in range(8):
        table.client.put_item(
            TableName="WSConnections",
            Item={
                "pk": {"S": f"WS#{number}"},
                "sk": {"S": "META"},
                "channel": {"S": "market.X"},
                "padding": {"S": "x" * 300_000},
            },
        )
    assert sorted(open_table().subscribers("market.X", lookup=lookup)) == [str(n) for n in range(8)]


def test_a_condition_that_fails_for_another_reason_is_raised(table: Table) -> None:
    table.client.delete_table(TableName="WSConnections")
    channel = parse_channel("market.X")
    assert isinstance(channel, Channel)
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        open_table().subscribe(ONE, channel)


def test_the_trader_is_checked_in_the_write_itself() -> None:
    connected(trader=ALICE)
    channel = parse_channel(f"trader.{BOB}")
    assert isinstance(channel, Channel)
    assert open_table().subscribe(ONE, channel) is Subscribed.FORBIDDEN


# --- the environment --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("WS_API_ENDPOINT", "", "WS_API_ENDPOINT is not set; set it to https://"),
        ("CONNECTION_LOOKUP", "guess", "CONNECTION_LOOKUP is 'guess'; set it to query or scan"),
        ("TABLE_NAME", "", "TABLE_NAME is not set; set it to the name of the connections table"),
    ],
)
def test_a_wrong_variable_fails_the_fan_out_and_is_named(
    name: str, value: str, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, value)
    open_table.cache_clear()
    with pytest.raises(environment.EnvironmentVariableError, match=told):
        fan_out.handler(a_delivery(DEPTH), Context())


@pytest.mark.parametrize("text", ["0", "-1", "many", "1.5", "²"])
def test_a_number_of_connections_that_is_none_is_refused(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POST_CONNECTIONS", text)
    with pytest.raises(environment.EnvironmentVariableError, match=r"POST_CONNECTIONS is .* above 0"):
        environment.post_connections()


def test_the_management_api_is_kept_for_the_next_invocation() -> None:
    api = management_api("http://127.0.0.1:9/prod")
    assert management_api("http://127.0.0.1:9/prod") is api
    api.close()
    management_api.cache_clear()


def test_the_handlers_need_only_python_and_botocore() -> None:
    sources = Path(next(iter(dex.ws.__path__))).glob("*.py")
    allowed = {*sys.stdlib_module_names, "botocore", "dex"}
    assert {name for source in sources for name in _imported(source)} <= allowed


def _imported(source: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(source.read_text())):
        match node:
            case ast.Import(names=names):
                yield from (name.name.partition(".")[0] for name in names)
            case ast.ImportFrom(module=str(module)):
                yield module.partition(".")[0]
