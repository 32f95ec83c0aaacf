"""What holds of the gateway's rules for whatever comes: generated requests, messages, policies and bytes."""

import json
from base64 import urlsafe_b64decode
from collections.abc import Callable
from itertools import pairwise
from random import Random
from typing import Any, TypeAlias
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from websockets.frames import Close, Frame, Opcode

from harness.emulator.gateway.apis import Api, ApiMapping, Route, RouteKey, Stage
from harness.emulator.gateway.authorizers import Allowed, read_authorizer_answer
from harness.emulator.gateway.ids import is_well_formed, new_connection_id, new_message_id, new_request_id
from harness.emulator.gateway.integration_responses import Refuse, read_connect_answer, read_message_answer
from harness.emulator.gateway.lenient_json import with_quoted_names
from harness.emulator.gateway.opening_handshake import (
    OpeningHandshake,
    read_opening_handshake,
    switching_protocols,
)
from harness.emulator.gateway.proxy_response import Malformed, ProxyResponse, parse_proxy_response
from harness.emulator.gateway.quotas import Quotas, TokenBucket
from harness.emulator.gateway.request_models import is_acceptable, unsupported
from harness.emulator.gateway.routes import (
    InvalidSelectionExpressionError,
    choose_route,
    evaluate,
    parse_selection_expression,
)
from harness.emulator.gateway.session import Closed, Session
from harness.emulator.gateway.signatures import fault_of_signature, read_signature
from harness.emulator.gateway.urls import (
    connection_id_of,
    custom_domain_target,
    execute_api_target,
)
from harness.emulator.lambda_runtime.outcome import RequestId, Returned
from harness.emulator.port.http import Headers, Request

SHORT = settings(max_examples=60, deadline=None, derandomize=True)
Test: TypeAlias = Callable[..., None]


def for_all(*values: st.SearchStrategy[Any]) -> Callable[[Test], Test]:
    """The test runs with some dozen draws from the strategies."""
    return lambda test: SHORT(given(*values)(test))


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
KEYS = st.text("abc", min_size=1, max_size=3)
ARN = "arn:aws:execute-api:us-east-1:0:a1/dev/$connect"


def an_api(*keys: str) -> Api:
    routes = {RouteKey(key): Route(RouteKey(key)) for key in keys}
    return Api("a1", "ws", "us-east-1", "0", {"dev": Stage("dev")}, routes)


# --- routes --------------------------------------------------------------------------------------------------


@pytest.mark.aws("R-5", "R-6")
@for_all(KEYS, st.lists(KEYS, unique=True))
def test_a_message_takes_the_route_that_it_names_or_the_default_one(named: str, others: list[str]) -> None:
    route = choose_route(an_api("$default", *others), json.dumps({"action": named}))
    assert route is not None
    assert route.route_key == (named if named in others else "$default")


@pytest.mark.aws("R-6")
@for_all(st.text())
def test_any_text_takes_some_route_where_there_is_a_default_one(body: str) -> None:
    assert choose_route(an_api("$default", "a"), body) is not None


@for_all(JSON, JSON)
def test_a_reserved_route_is_out_of_reach_for_any_message(action: object, other: object) -> None:
    route = choose_route(an_api("$connect", "$disconnect"), json.dumps({"action": action, "other": other}))
    assert route is None


@for_all(st.text())
def test_an_expression_is_read_or_refused_by_name(expression: str) -> None:
    try:
        parse_selection_expression(expression)
    except InvalidSelectionExpressionError as error:
        assert repr(expression) in str(error)


@pytest.mark.aws("R-1", "R-2")
@for_all(JSON, st.dictionaries(KEYS, JSON))
def test_composed_values_stand_between_their_literals(value: object, body: dict[str, object]) -> None:
    whole = evaluate("<${request.body.x}|${request.body.y}>", {**body, "x": "1", "y": value})
    assert (whole[:3], whole[-1]) == ("<1|", ">")


# --- ids, urls -----------------------------------------------------------------------------------------------


@pytest.mark.aws("I-1", "I-2", "I-3")
@for_all(st.floats(0, 4e9), st.integers())
def test_ids_are_eleven_bytes_that_tell_their_kind(time: float, seed: int) -> None:
    random = Random(seed)
    connection = new_connection_id(time, random)
    message, request = new_message_id(connection, time, random), new_request_id(time, random)
    decoded = [urlsafe_b64decode(each) for each in (connection, message, request)]
    assert [(len(each), each[8]) for each in decoded] == [(11, 2), (11, 2), (11, 5)]
    assert decoded[1][8:] == decoded[0][8:]
    assert all(map(is_well_formed, (connection, message, request)))


@pytest.mark.aws("I-4", "M-14")
@for_all(st.text(min_size=1), st.sampled_from(["@", "%40"]))
def test_an_id_comes_out_of_the_path_as_it_went_in(connection_id: str, at: str) -> None:
    assert connection_id_of(f"{at}connections/{quote(connection_id, safe='')}") == connection_id


@for_all(st.text(), st.text())
def test_any_host_and_path_mean_something_or_nothing(host: str, path: str) -> None:
    target = execute_api_target(host, f"/{path}")
    assert target is None or f"/{path}".endswith(target.rest)


@pytest.mark.aws("U-3")
@for_all(st.lists(KEYS, unique=True, min_size=1), st.text("abc@/", max_size=8))
def test_a_custom_domain_maps_a_path_by_the_longest_key(keys: list[str], path: str) -> None:
    target = custom_domain_target({key: ApiMapping(key, "dev") for key in keys}, f"/{path}")
    fitting = [key for key in keys if path == key or path.startswith(f"{key}/")]
    assert (target.api_id if target else None) == max(fitting, key=len, default=None)


# --- what functions answer -----------------------------------------------------------------------------------


@pytest.mark.aws("R-15", "R-16")
@for_all(JSON)
def test_whatever_a_function_returns_is_a_response_or_malformed(returned: object) -> None:
    read = parse_proxy_response(json.dumps(returned).encode())
    if not isinstance(returned, dict):
        assert read is None if returned is None else isinstance(read, Malformed)
    elif set(returned) - {"statusCode", "headers", "multiValueHeaders", "body", "isBase64Encoded"}:
        assert isinstance(read, Malformed)


@for_all(JSON)
def test_whatever_connect_returns_the_handshake_is_answered(returned: object) -> None:
    answer = read_connect_answer(Returned(RequestId("r"), json.dumps(returned).encode()))
    assert not isinstance(answer, Refuse) or 300 <= answer.status < 600


@pytest.mark.aws("T-1")
@for_all(st.text(), st.integers(100, 999))
def test_a_one_way_route_sends_nothing_and_a_two_way_one_its_body(body: str, status: int) -> None:
    returned = Returned(RequestId("r"), json.dumps({"statusCode": status, "body": body}).encode())
    assert isinstance(parse_proxy_response(returned.payload), ProxyResponse)
    assert read_message_answer(returned, two_way=False) is None
    assert read_message_answer(returned, two_way=True, sends_empty=True) == body


@for_all(JSON, JSON)
def test_no_policy_lets_anybody_in_by_accident(statement: object, context: object) -> None:
    returned = {"principalId": "u", "policyDocument": {"Statement": statement}, "context": context}
    assert isinstance(
        read_authorizer_answer(Returned(RequestId("r"), json.dumps(returned).encode()), ARN), Refuse
    )


@pytest.mark.aws("A-7")
@for_all(st.lists(st.sampled_from(["Allow", "Deny"]), min_size=1), st.text("a1dev/$connect*?", max_size=12))
def test_one_deny_is_enough_to_refuse(effects: list[str], pattern: str) -> None:
    statements = [
        {"Effect": effect, "Action": "execute-api:Invoke", "Resource": [ARN, pattern]} for effect in effects
    ]
    returned = {"principalId": "u", "policyDocument": {"Statement": statements}}
    answer = read_authorizer_answer(Returned(RequestId("r"), json.dumps(returned).encode()), ARN)
    assert isinstance(answer, Allowed) is ("Deny" not in effects)


# --- requests ------------------------------------------------------------------------------------------------

NAMES = st.sampled_from(
    [
        "Connection",
        "Upgrade",
        "Sec-WebSocket-Key",
        "Sec-WebSocket-Version",
        "Sec-WebSocket-Extensions",
        "Host",
    ]
)
VALUES = st.text(st.characters(max_codepoint=255, exclude_characters="\r\n")) | st.sampled_from(
    [
        "Upgrade",
        "websocket",
        "13",
        "dGhlIHNhbXBsZSBub25jZQ==",
        "permessage-deflate",
        "permessage-deflate; x=1,",
    ]
)


@for_all(st.lists(st.tuples(NAMES, VALUES), max_size=8), st.sampled_from(["GET", "POST"]))
def test_any_request_is_a_handshake_or_refused(fields: list[tuple[str, str]], method: str) -> None:
    request = Request(method, "/dev", headers=Headers(tuple(fields)))
    read = read_opening_handshake(request, url_length=4096)
    if isinstance(read, Refuse):
        assert 400 <= read.status < 500
    else:
        assert isinstance(read, OpeningHandshake)
        head, _ = switching_protocols(read, subprotocol=None, time=0.0)
        assert head.startswith(b"HTTP/1.1 101 ")
        assert head.endswith(b"\r\n\r\n")


@pytest.mark.aws("M-8")
@for_all(st.text(), st.text(), st.binary(max_size=20))
def test_no_made_up_signature_holds(authorization: str, query: str, body: bytes) -> None:
    signed = f"AWS4-HMAC-SHA256 Credential=K/20231114/r/execute-api/aws4_request, Signature={authorization}"
    for header in (authorization, signed):
        request = Request("POST", "/x", query, Headers((("Authorization", header),)), body)
        signature = read_signature(request)
        assert fault_of_signature(request, signature, "r", secret_of=lambda _: "s", now=0.0) is not None


# --- messages ------------------------------------------------------------------------------------------------


@pytest.mark.aws("R-9")
@for_all(JSON)
def test_json_stays_json_when_it_is_read_leniently(value: object) -> None:
    text = json.dumps(value)
    assert with_quoted_names(text) == text


@for_all(JSON, st.text())
def test_any_message_passes_any_model_or_does_not(schema: object, body: str) -> None:
    if isinstance(schema, dict) and unsupported(schema) is None:
        assert is_acceptable(schema, body) in (True, False)


# --- sessions ------------------------------------------------------------------------------------------------

TEXTS = st.text(max_size=200).map(lambda text: Frame(Opcode.TEXT, text.encode()).serialize(mask=True))
FRAMES = TEXTS | st.sampled_from(
    [
        Frame(Opcode.PING, b"p").serialize(mask=True),
        Frame(Opcode.TEXT, b"a", fin=False).serialize(mask=True),
        Frame(Opcode.CONT, b"b").serialize(mask=True),
        Frame(Opcode.BINARY, b"b").serialize(mask=True),
        Frame(Opcode.CLOSE, Close(4000, "bye").serialize()).serialize(mask=True),
        b"\xff\xff",
    ]
)

# The first byte of a frame holds its opcode.
NOT_CLOSING = FRAMES.filter(lambda frame: frame[0] & 0x0F != Opcode.CLOSE)


def lived(pieces: list[bytes]) -> tuple[list[object], bytes]:
    """What happens when the bytes come in these pieces, and everything that is sent."""
    session, happened, sent = Session(quotas=Quotas(), now=0.0), list[object](), b""
    for piece in pieces:
        happened += session.receive(piece, 1.0)
        sent += b"".join(session.data_to_send())
    return happened, sent


@pytest.mark.aws("Q-12")
@for_all(st.lists(FRAMES, max_size=6), st.lists(st.integers(0, 600), max_size=8))
def test_any_split_of_the_bytes_gives_the_same_events(frames: list[bytes], cuts: list[int]) -> None:
    stream = b"".join(frames)
    bounds = [0, *sorted(min(cut, len(stream)) for cut in cuts), len(stream)]
    pieces = [stream[start:end] for start, end in pairwise(bounds)]
    assert lived(pieces) == lived([stream])


@for_all(st.lists(st.binary(max_size=50), max_size=5))
def test_any_bytes_end_a_session_once_at_most(pieces: list[bytes]) -> None:
    happened, _ = lived(pieces)
    ends = [index for index, each in enumerate(happened) if isinstance(each, Closed)]
    assert ends in ([], [len(happened) - 1])


@pytest.mark.aws("Q-17", assumed=True)
@for_all(st.lists(NOT_CLOSING, max_size=6))
def test_the_gateway_ends_a_session_with_few_codes_of_its_own(pieces: list[bytes]) -> None:
    session = Session(quotas=Quotas(), now=0.0)
    ends = [each for piece in pieces for each in session.receive(piece, 1.0) if isinstance(each, Closed)]
    assert {each.code for each in ends} <= {1002, 1003, 1007, 1009}


@pytest.mark.aws("Q-8", "Q-9")
@for_all(st.floats(0.1, 100), st.integers(0, 20), st.lists(st.floats(0, 10), max_size=50))
def test_a_bucket_never_gives_more_than_its_burst_and_rate(
    rate: float, burst: int, waits: list[float]
) -> None:
    bucket, now, taken = TokenBucket(rate=rate, burst=burst, now=0.0), 0.0, 0
    for wait in waits:
        now += wait
        taken += bucket.take(now)
    assert taken <= burst + rate * now + 1e-6
