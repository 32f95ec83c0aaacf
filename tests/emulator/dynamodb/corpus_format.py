"""What is a case of the corpus, how is it played against a DynamoDB, and when are two answers the same?

A case sets tables and items up, sends one operation, and states what comes back: `answer` or `error` as DynamoDB
Local gave it; `aws` instead where AWS is known to answer otherwise than Local, and `here` where we knowingly do, each
with `differs`, the reason.
"""

import http.client
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from pathlib import Path
from random import Random
from typing import Any, TypeAlias
from urllib.parse import urlsplit

from harness.clock import ManualClock
from harness.emulator.aws_api.requests import aws_call
from harness.emulator.dynamodb.wire import DynamoDbApi
from harness.emulator.port.http import Headers, Request
from tests.emulator.dynamodb.engines import ACCOUNT, REGION

Body: TypeAlias = dict[str, Any]
Call = Callable[[str, Body], Body]
"""Sends an operation and returns `{"answer": body}` or `{"error": {"code", "message", ...}}`."""

FOLDER = Path(__file__).parent / "corpus"
LONG = 100
"""Characters; a longer text of one character is written short."""

_SIGNED = (
    "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260101/us-east-1/dynamodb/aws4_request, "
    "SignedHeaders=host;x-amz-date, Signature=0000"
)
_VOLATILE = frozenset(
    (
        *("CreationDateTime", "TableId", "TableArn", "IndexArn", "LatestStreamArn", "LatestStreamLabel"),
        *("LastUpdateToPayPerRequestDateTime", "LastIncreaseDateTime", "LastDecreaseDateTime"),
    )
)
_STREAMS = frozenset(("ListStreams", "DescribeStream", "GetShardIterator", "GetRecords"))


@dataclass(frozen=True, slots=True)
class Case:
    """One operation, and what is there before it: items by table, and further requests, in that order."""

    name: str
    operation: str
    request: Body
    items: Mapping[str, Sequence[Body]] = field(default_factory=dict)
    before: Sequence[tuple[str, Body]] = ()
    aws: Body | None = None
    here: Body | None = None
    differs: str = ""


@dataclass(frozen=True, slots=True)
class Recorded:
    """A case with what DynamoDB Local said."""

    theme: str
    case: Case
    local: Body

    @property
    def expected(self) -> Body:
        """What we must answer."""
        return self.case.here or self.case.aws or self.local


def headers_of(operation: str) -> dict[str, str]:
    """The headers of a request, signed by nobody in particular."""
    api = "DynamoDBStreams_20120810" if operation in _STREAMS else "DynamoDB_20120810"
    return {
        "Content-Type": "application/x-amz-json-1.0",
        "X-Amz-Target": f"{api}.{operation}",
        "X-Amz-Date": "20260101T000000Z",
        "Authorization": _SIGNED,
    }


def over_http(endpoint: str) -> Call:
    """A DynamoDB at an endpoint, through one kept connection."""
    parts = urlsplit(endpoint)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=30)

    def call(operation: str, body: Body) -> Body:
        connection.request("POST", "/", json.dumps(body), headers_of(operation))
        response = connection.getresponse()
        return outcome(response.status, response.read())

    return call


def in_process(tables: Sequence[Body] = ()) -> Call:
    """A fresh engine of ours behind its wire protocol."""
    api = DynamoDbApi(account=ACCOUNT, clock=ManualClock(), random=Random(1))

    def call(operation: str, body: Body) -> Body:
        headers = Headers((("Host", f"dynamodb.{REGION}.amazonaws.com"), *headers_of(operation).items()))
        request = Request("POST", "/", headers=headers, body=json.dumps(body).encode())
        signed = aws_call(request)
        assert signed is not None
        response = api.answer(signed, request)
        return outcome(response.status, response.body)

    for table in tables:
        call("CreateTable", table)
    return call


def outcome(status: int, content: bytes) -> Body:
    """A response in the corpus's form."""
    body = json.loads(content)
    if status == 200:
        return {"answer": body}
    code = body.pop("__type").rpartition("#")[2]
    message = body.pop("message", None) or body.pop("Message", None)
    return {"error": {"code": code, "message": message} | body}


def play(case: Case, call: Call, tables: Mapping[str, Body]) -> Body:
    """Sets the case up in an empty DynamoDB and returns what its operation gives, comparable."""
    needed = dict.fromkeys((case.request.get("TableName", ""), *case.items, *_named_in(case.request)))
    for name in needed:
        if name in tables:
            _do(call, "CreateTable", tables[name])
    for name, items in case.items.items():
        for item in items:
            _do(call, "PutItem", {"TableName": name, "Item": item})
    for operation, request in case.before:
        _do(call, operation, request)
    return comparable(case.operation, call(case.operation, case.request))


def _do(call: Call, operation: str, request: Body) -> None:
    done = call(operation, request)
    assert "answer" in done, f"{operation} {request}: {done}"


def _named_in(request: Body) -> list[str]:
    named = list(request.get("RequestItems") or ())
    for entry in request.get("TransactItems") or ():
        named += [asked["TableName"] for asked in entry.values() if asked and "TableName" in asked]
    return named


# --- when two answers are the same ------------------------------------------------------------------------


def comparable(operation: str, told: Body) -> Body:
    """Without what differs by nature: ids and times, the order of sets and of a Scan, how a number is written."""
    plain: Body = _plain(told)
    answer = plain.get("answer")
    if answer is not None and operation == "Scan" and "LastEvaluatedKey" not in answer:
        answer.get("Items", []).sort(key=_text)
    for member in ("Responses", "UnprocessedKeys"):
        if answer is not None and operation == "BatchGetItem" and isinstance(answer.get(member), dict):
            for items in answer[member].values():
                if isinstance(items, list):
                    items.sort(key=_text)
    return plain


def _plain(value: Any) -> Any:
    match value:
        case {"N": str() as text, **rest} if not rest:
            return {"N": _number(text)}
        case {"NS": list() as members, **rest} if not rest:
            return {"NS": sorted(map(_number, members))}
        case {"SS": list() as members, **rest} if not rest:
            return {"SS": sorted(members)}
        case {"BS": list() as members, **rest} if not rest:
            return {"BS": sorted(members)}
        case dict():
            return {name: _plain(one) for name, one in value.items() if name not in _VOLATILE}
        case list():
            listed = [_plain(one) for one in value]
            return sorted(listed, key=_text) if _is_unordered(listed) else listed
    return value


def _is_unordered(listed: list[Any]) -> bool:
    """Descriptions of indexes and definitions of attributes come in any order."""
    return bool(listed) and all(
        isinstance(one, dict) and ("IndexName" in one or "AttributeType" in one or "TableName" in one)
        for one in listed
    )


def _number(text: str) -> str:
    try:
        number = Decimal(text)
    except InvalidOperation:
        return text
    return "0" if number == 0 else f"{number.normalize():E}"


def _text(value: Any) -> str:
    return json.dumps(value, sort_keys=True, default=repr)


# --- files ------------------------------------------------------------------------------------------------


def read_corpus() -> list[Recorded]:
    """Every recorded case."""
    return [one for path in sorted(FOLDER.glob("*.json")) for one in _read_theme(path)]


def _read_theme(path: Path) -> Iterator[Recorded]:
    theme = _long(json.loads(path.read_text(encoding="utf-8")))
    for entry in theme["cases"]:
        case = Case(
            entry["name"],
            entry["operation"],
            entry["request"],
            items=theme["items"][entry["items"]] if "items" in entry else {},
            before=[(operation, request) for operation, request in entry.get("before", ())],
            aws=entry.get("aws"),
            here=entry.get("here"),
            differs=entry.get("differs", ""),
        )
        yield Recorded(
            path.stem, case, {member: entry[member] for member in ("answer", "error") if member in entry}
        )


def write_theme(theme: str, recorded: Sequence[Recorded]) -> None:
    """Writes a theme's file: the items that cases begin with, each setup once, then one case a line."""
    setups = list(dict.fromkeys(_text(one.case.items) for one in recorded if one.case.items))
    items = [f"{json.dumps(str(n))}: {json.dumps(_short(json.loads(text)))}" for n, text in enumerate(setups)]
    cases = [json.dumps(_short(_entry(one, setups)), ensure_ascii=False) for one in recorded]
    begins, between = '{"items": {\n', '\n},\n"cases": [\n'
    text = begins + ",\n".join(items) + between + ",\n".join(cases) + "\n]}\n"
    FOLDER.mkdir(exist_ok=True)
    (FOLDER / f"{theme}.json").write_text(text, encoding="utf-8")


def _entry(one: Recorded, setups: Sequence[str]) -> Body:
    case = one.case
    entry: Body = {"name": case.name, "operation": case.operation, "request": case.request}
    if case.items:
        entry["items"] = str(setups.index(_text(case.items)))
    optional: Body = {"before": case.before, "aws": case.aws, "here": case.here, "differs": case.differs}
    entry |= {name: value for name, value in optional.items() if value}
    return entry | one.local


def _short(value: Any) -> Any:
    """With a long text of one character written as `{"repeat": [character, times]}`."""
    match value:
        case str() if len(value) > LONG and len(set(value)) == 1:
            return {"repeat": [value[0], len(value)]}
        case dict():
            return {name: _short(one) for name, one in value.items()}
        case list() | tuple():
            return [_short(one) for one in value]
    return value


def _long(value: Any) -> Any:
    match value:
        case {"repeat": [str() as character, int() as times]}:
            return character * times
        case dict():
            return {name: _long(one) for name, one in value.items()}
        case list():
            return [_long(one) for one in value]
    return value
