"""Every claim of `harness parity`, on every backend that is there; each proven to be able to fail.

The embedded emulator, and the hybrid of two; tests/localstack has the hybrid with LocalStack.
"""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from docs.parity import read_rows
from harness.backends.choice import BackendChoice, Kind
from harness.backends.embedded import EmbeddedBackend, emulator_urls
from harness.backends.opening import open_backend
from harness.errors import BackendError, ExitCode
from harness.parity.catalogue import AREAS, CLAIMS, claims_named
from harness.parity.claim import Claim, ClaimResult, Mark, found
from harness.parity.comparison import Comparison
from harness.parity.doors import Doors
from harness.parity.measuring import measured, result_of
from harness.parity.shapes import KINDS
from harness.parity.subject import NO_STACK, Subject, subject_of
from tests.contract.conftest import REGION, Clients
from tests.contract.wrong_peer import PLAIN, UNCHECKED, Changes, wrong_peer

each_claim = pytest.mark.parametrize(
    "claim", [pytest.param(claim, id=claim.says, marks=pytest.mark.aws(*claim.rows)) for claim in CLAIMS]
)
"""One case for each claim, which shows the claim's rows."""


@contextmanager
def doors_of(choice: BackendChoice) -> Iterator[Doors]:
    with asyncio.Runner() as runner:
        backend = open_backend(choice, NO_STACK)
        subject = subject_of(runner.run(backend.__aenter__()), choice.kind)
        doors = Doors(subject)
        try:
            yield doors
            assert doors.close() == ""
        finally:
            runner.run(backend.__aexit__(None, None, None))


@pytest.fixture(scope="module")
def embedded(endpoint: str) -> Iterator[Doors]:
    with doors_of(BackendChoice()) as doors:
        yield doors


@pytest.fixture(scope="module")
def hybrid(endpoint: str) -> Iterator[Doors]:
    """Tables and topics at the emulator of the other contract tests, API and functions at one of its own."""
    with doors_of(BackendChoice(Kind.ENDPOINT, endpoint, named=True, hybrid=True)) as doors:
        yield doors


@each_claim
def test_the_embedded_emulator_does_as_aws(claim: Claim, embedded: Doors) -> None:
    assert_as_aws(result_of(claim, embedded))


@each_claim
def test_the_hybrid_does_as_aws(claim: Claim, hybrid: Doors) -> None:
    assert_as_aws(result_of(claim, hybrid))


def assert_as_aws(result: ClaimResult) -> None:
    assert result.mark is Mark.AS_AWS, result.text


# --- each claim can fail ----------------------------------------------------------------------------------


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: claim.says)
def test_a_claim_fails_on_any_other_value_anywhere(claim: Claim) -> None:
    for wrong in altered(claim.aws):
        assert found(claim, wrong).mark is Mark.DIFFERS, wrong


def altered(value: object) -> Iterator[object]:
    """The value with one part of it otherwise, for each part; each key missing; and one key more."""
    match value:
        case dict():
            for name, part in value.items():
                yield from ({**value, name: other} for other in altered(part))
                yield {key: kept for key, kept in value.items() if key != name}
            yield {**value, "another": None}
        case list():
            for number, part in enumerate(value):
                yield from ([*value[:number], other, *value[number + 1 :]] for other in altered(part))
            yield [*value, "another"]
        case bool() | None:
            yield from (not value, str(value))
        case int():
            yield from (value + 1, str(value))
        case _:
            assert isinstance(value, str)
            yield from (None, "" if value in KINDS else f"{value}!")


WRONG = {
    "an API without routes cannot be deployed": Changes({}, {b"At least one": b"At least two"}),
    "a $connect that answers anything else refuses with that status": Changes(
        {}, {b"HTTP/1.1 401": b"HTTP/1.1 403"}
    ),
    "the MESSAGE event has exactly AWS's keys and kinds of values": Changes(
        {}, {b"messageDirection": b"massageDirection"}
    ),
    "a function that raises is an error message, and the connection stays": Changes(
        PLAIN, {b"Internal server error": b"Internal server Error"}
    ),
    "a message that no route takes is answered with Forbidden, and the connection stays": Changes(
        PLAIN, {b'"Forbidden", "connectionId"': b'"Forbidden","connectionId" '}
    ),
    "an id that is none is 400 BadRequestException": Changes({}, {b"HTTP/1.1 400": b"HTTP/1.1 410"}),
    "a post to a closed connection is 410 GoneException": Changes(
        {}, {b"x-amzn-ErrorType": b"x-amzn-ErrorTipe"}
    ),
    "a client that leaves without a code is 1005": Changes({}, {b" 1005": b" 1006", b":1005": b":1006"}),
    "without subject and attributes the envelope has null and {}": Changes(
        {}, {b"SigningCertUrl": b"SigningCertURL"}
    ),
    "a batch of three is three invocations with one record each": Changes({b"Message=m2": b"Message=m1"}, {}),
    "a filter policy without operators takes its values exactly, case and all": Changes(
        {b"StringValue=Depth": b"StringValue=depth"}, {}
    ),
    "the attribute that says when rows expire is one attribute of the table": Changes(
        {}, UNCHECKED | {b'"AttributeName":"expireAt"': b'"AttributeName":"expireat"'}
    ),
    "a consistent read of an index is refused": Changes(
        {}, UNCHECKED | {b"Consistent reads": b"consistent reads"}
    ),
}
"""For each area a claim at least, and what a peer does that is wrong about it."""


@pytest.mark.parametrize("says", WRONG)
def test_a_claim_tells_a_wrong_peer(says: str, endpoint: str) -> None:
    (claim,) = (one for one in CLAIMS if one.says == says)
    with wrong_peer(endpoint, WRONG[says]) as peer:
        doors = Doors(peer)
        result = result_of(claim, doors)
        doors.close()

    assert result.mark is Mark.DIFFERS
    assert "NoAnswer" not in result.text


def test_there_is_a_wrong_peer_for_every_area() -> None:
    assert {claim.area for claim in CLAIMS if claim.says in WRONG} == {area.name for area in AREAS}


# --- the catalogue, and how it is measured ----------------------------------------------------------------


def test_every_claim_is_said_once_and_stands_on_a_row_that_is_recorded() -> None:
    recorded = {row.id: row.is_recorded for row in read_rows()}

    assert len({claim.says for claim in CLAIMS}) == len(CLAIMS)
    assert [row for claim in CLAIMS for row in claim.rows if row not in recorded] == []
    assert [claim.says for claim in CLAIMS if not any(recorded[row] for row in claim.rows)] == []


def test_what_was_made_is_deleted_and_nothing_else(endpoint: str, client: Clients) -> None:
    doors = Doors(Subject("here", endpoint, partial(emulator_urls, endpoint), answers))
    mine = doors.name("")[: len("parity-12345678")]
    others = sorted(resources(client, ""))

    results = [result_of(claim, doors) for claim in claims_named(["R-10", "S-2", "D-10", "R-2"])]
    made = resources(client, mine)
    assert doors.close() == ""

    assert {result.mark for result in results} == {Mark.AS_AWS}
    assert {one.partition(":")[0] for one in made} == set(LISTS)
    assert sorted(resources(client, "")) == others


LISTS = {
    "apigatewayv2": ("get_apis", "Items"),
    "lambda": ("list_functions", "Functions"),
    "sns": ("list_topics", "Topics"),
    "dynamodb": ("list_tables", "TableNames"),
    "sqs": ("list_queues", "QueueUrls"),
}


def resources(client: Clients, name: str) -> list[str]:
    """Whatever has the name in its description, by service; other tests have made more than a page holds."""
    return [
        f"{service}: {one}"
        for service, (call, key) in LISTS.items()
        for page in client(service).get_paginator(call).paginate()
        for one in page.get(key, [])
        if name in str(one)
    ]


def test_a_backend_that_has_nothing_carries_nothing_and_nobody_knows_how_it_stands() -> None:
    with refusing_everything() as endpoint:
        subject = Subject("empty", endpoint, partial(emulator_urls, endpoint), answers)
        column = asyncio.run(measured(subject, CLAIMS, lambda: None))

    assert column.summary == f"empty: 0 of 0 claims as AWS, {len(CLAIMS)} not carried"
    assert Comparison(CLAIMS, (column,)).exit_code is ExitCode.UNKNOWN


@contextmanager
def refusing_everything() -> Iterator[str]:
    """The endpoint of a server that has none of AWS's services."""

    class Refusal(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_error(501)

        def log_message(self, *_: object) -> None:
            return None

    with ThreadingHTTPServer(("127.0.0.1", 0), Refusal) as server:
        serving = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        serving.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        serving.join()


def test_a_backend_that_ends_in_the_middle_is_an_error_and_no_result(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def end_after_the_first() -> None:
        async with EmbeddedBackend(region=REGION) as backend:
            ended = threading.Event()

            def end() -> None:
                if not ended.is_set():
                    ended.set()
                    assert backend._process is not None
                    backend._process.kill()

            await measured(subject_of(backend, "mortal"), CLAIMS, end)

    with pytest.raises(BackendError, match=r"ended unexpectedly, with signal 9|does not answer any more"):
        asyncio.run(end_after_the_first())


def test_who_is_interrupted_leaves_nothing_behind(endpoint: str, client: Clients) -> None:
    others = sorted(resources(client, ""))
    subject = Subject("here", endpoint, partial(emulator_urls, endpoint), answers)

    async def interrupt_after_the_first() -> None:
        measuring = asyncio.create_task(measured(subject, CLAIMS, lambda: measuring.cancel()))
        await measuring

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(interrupt_after_the_first())
    assert sorted(resources(client, "")) == others


async def answers() -> None:
    """Nothing: it is there."""
