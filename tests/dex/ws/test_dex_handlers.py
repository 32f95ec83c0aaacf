"""What the handlers in Python do that their twins in TypeScript do not, or that no invocation shows.

The table is in moto, and posts to clients go to a scripted management API; what both languages do is in
`test_handlers_in_both_languages.py`.
"""

import ast
import sys
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import moto
import pytest
from botocore.exceptions import ClientError

import dex.ws
from dex.ws import connect, default, environment, fan_out, replies
from dex.ws.channels import Channel, parse_channel
from dex.ws.connections_table import Connection, ConnectionsTable, open_table
from dex.ws.management_api import management_api
from dex.ws.post_outcomes import PostReport
from tests.dex.ws.lambda_events import CONNECTED_AT, ONE, a_connect, a_delivery, a_message

ENDPOINT = "https://abc.execute-api.us-east-1.amazonaws.com/prod"
DEPTH = '{ "type": "depth", "market": "BTC-PERP", "bids": [["1.10", 2]], "note": "€" }'


class Context:
    """Lambda's context of an invocation with 20 seconds left."""

    def get_remaining_time_in_millis(self) -> int:
        return 20_000


class ScriptedApi:
    """A management API that takes every post, but for the connections that are told to be gone."""

    def __init__(self) -> None:
        self.posts: list[tuple[str, str]] = []
        self.gone: list[str] = []
        self.within: list[float] = []

    def post_to_connections(
        self, connection_ids: Iterable[str], data: bytes, *, within: float = 25.0
    ) -> PostReport:
        ids = list(connection_ids)
        self.within.append(within)
        self.posts.extend((connection_id, data.decode()) for connection_id in ids)
        gone = tuple(one for one in ids if one in self.gone)
        return PostReport(len(ids) - len(gone), gone)


@cache
def _client() -> Any:
    return environment.aws_session().create_client("dynamodb")


def _create_table() -> None:
    _client().create_table(
        TableName="WSConnections",
        AttributeDefinitions=[
            {"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk", "channel")
        ],
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


def _hash(name: str) -> dict[str, str]:
    return {"AttributeName": name, "KeyType": "HASH"}


@pytest.fixture(autouse=True)
def table(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
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
        _create_table()
        yield


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


def connected(connection_id: str) -> None:
    """A row of a connection to a market, opened long ago."""
    row = Connection(
        connection_id, CONNECTED_AT, CONNECTED_AT // 1000 + 86_400, None, parse_channel("market.BTC-PERP")
    )
    open_table().put(row)


# --- $connect, and replies ---------------------------------------------------------------------------------


def test_a_row_expires_a_day_after_the_second_of_its_handshake() -> None:
    assert connect.connection_of(a_connect(), now=1_701_245_050.9) == Connection(
        ONE, CONNECTED_AT, 1_701_331_450, None, None
    )


def test_connect_fails_when_the_row_cannot_be_written() -> None:
    _client().delete_table(TableName="WSConnections")
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        connect.handler(a_connect(), Context())


def test_a_reply_goes_to_where_the_message_came_from_when_no_endpoint_is_set(
    monkeypatch: pytest.MonkeyPatch, api: ScriptedApi
) -> None:
    monkeypatch.delenv("WS_API_ENDPOINT")
    default.handler(a_message("{}"), Context())
    assert len(api.posts) == 1


# --- fan-out ----------------------------------------------------------------------------------------------


def test_a_message_that_is_no_unicode_text_is_logged_and_the_next_one_is_sent(
    api: ScriptedApi, caplog: pytest.LogCaptureFixture
) -> None:
    connected("btc=")
    fan_out.handler(a_delivery('{"market":"BTC-PERP","note":"\ud800"}', DEPTH), Context())
    assert api.posts == [("btc=", DEPTH)]
    assert caplog.messages == [
        "message m0 is skipped: 'utf-8' codec can't encode character '\\ud800' in position 29: "
        "surrogates not allowed"
    ]


def test_a_row_that_cannot_be_deleted_is_logged(
    api: ScriptedApi, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    connected("gone=")
    api.gone = ["gone="]

    def throttled(*_: object, **__: object) -> bool:
        raise ClientError({"Error": {"Code": "ThrottlingException", "Message": "slow down"}}, "DeleteItem")

    monkeypatch.setattr(ConnectionsTable, "delete", throttled)
    fan_out.handler(a_delivery(DEPTH), Context())
    assert caplog.messages == [
        "row of gone= is not deleted: An error occurred (ThrottlingException) when calling the DeleteItem "
        "operation: slow down"
    ]


def test_posting_leaves_a_part_of_the_functions_time(api: ScriptedApi) -> None:
    connected("btc=")
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


def test_a_condition_that_fails_for_another_reason_is_raised() -> None:
    _client().delete_table(TableName="WSConnections")
    channel = parse_channel("market.X")
    assert isinstance(channel, Channel)
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        open_table().subscribe(ONE, channel)


# --- the environment --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("WS_API_ENDPOINT", "WS_API_ENDPOINT is not set; set it to https://"),
        ("TABLE_NAME", "TABLE_NAME is not set; set it to the name of the connections table"),
    ],
)
def test_a_variable_that_is_not_set_fails_the_fan_out_and_is_named(
    name: str, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, "")
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
