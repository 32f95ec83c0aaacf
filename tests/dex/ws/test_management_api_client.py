"""Posting to many connections, against an HTTP server that answers each connection id as scripted."""

import ssl
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest
import trustme
from botocore.credentials import ReadOnlyCredentials

from dex.ws.management_api import ManagementApi
from dex.ws.post_outcomes import PostReport, RetryPolicy
from tests.dex.ws.post_server import CLOSE, CLOSE_AFTER, HANG, Server, ids, running

AT_ONCE = RetryPolicy(attempts=4, first=0.001, longest=0.002)


@pytest.fixture
def server() -> Iterator[Server]:
    with running(Server()) as server:
        yield server


@contextmanager
def an_api(
    server: Server,
    *,
    connections: int = 4,
    time_out: float = 5.0,
    retry_policy: RetryPolicy = AT_ONCE,
    tls: ssl.SSLContext | None = None,
) -> Iterator[ManagementApi]:
    api = ManagementApi(
        f"{server.scheme}://127.0.0.1:{server.port}/_aws/execute-api/abc/prod",
        "us-east-1",
        lambda: ReadOnlyCredentials("AKID", "secret", "token"),
        connections=connections,
        time_out=time_out,
        retry_policy=retry_policy,
        tls=tls,
    )
    try:
        yield api
    finally:
        api.close()


def test_every_connection_gets_the_message_once_and_verbatim(server: Server) -> None:
    with an_api(server) as api:
        assert api.post_to_connections(ids(100), b'{"a":1}') == PostReport(delivered=100)
    assert sorted(server.posts) == [(connection_id, b'{"a":1}') for connection_id in ids(100)]
    assert server.methods == {"POST"}


def test_an_id_named_twice_is_posted_to_once(server: Server) -> None:
    with an_api(server) as api:
        assert api.post_to_connections(["a=", "b=", "a="], b"{}") == PostReport(delivered=2)
    assert server.posts_by_id() == {"a=": 1, "b=": 1}


def test_no_connections_are_no_posts(server: Server) -> None:
    with an_api(server) as api:
        assert api.post_to_connections([], b"{}") == PostReport(delivered=0)
    assert server.opened == 0


def test_many_posts_are_in_flight_but_never_more_than_connections(server: Server) -> None:
    server.awaited_in_flight = 2
    with an_api(server, connections=4) as api:
        api.post_to_connections(ids(200), b"{}")
    assert server.opened == 4
    assert 2 <= server.most_in_flight <= 4


def test_connections_are_kept_for_the_next_message(server: Server) -> None:
    with an_api(server, connections=4) as api:
        for _ in range(3):
            api.post_to_connections(ids(20), b"{}")
    assert server.opened == 4


def test_connections_that_died_meanwhile_are_replaced_without_a_failure(server: Server) -> None:
    with an_api(server, connections=4, retry_policy=RetryPolicy(attempts=1)) as api:
        api.post_to_connections(ids(20), b"{}")
        server.forget_peers()
        assert api.post_to_connections(ids(20), b"{}") == PostReport(delivered=20)


def test_a_peer_that_closes_after_each_answer_costs_new_connections_only(server: Server) -> None:
    for connection_id in ids(10):
        server.answers(connection_id, CLOSE_AFTER)
    with an_api(server, connections=1, retry_policy=RetryPolicy(attempts=1)) as api:
        assert api.post_to_connections(ids(10), b"{}") == PostReport(delivered=10)
    assert server.posts_by_id() == dict.fromkeys(ids(10), 1)


def test_each_answer_hits_only_its_own_connection(server: Server) -> None:
    server.answers("gone=", 410)
    server.answers("malformed", 400)
    server.answers("long=", 413)
    with an_api(server) as api:
        report = api.post_to_connections(["a=", "gone=", "malformed", "long=", "b="], b"{}")
    assert report == PostReport(
        delivered=2,
        gone=("gone=",),
        failed={"malformed": "400 BadRequestException {}", "long=": "413 PayloadTooLargeException"},
    )
    assert server.posts_by_id() == {"a=": 1, "gone=": 1, "malformed": 1, "long=": 1, "b=": 1}


@pytest.mark.parametrize(
    "answers",
    [
        pytest.param((429, 200), id="throttled once"),
        pytest.param((500, 500, 200), id="a server error twice"),
        pytest.param((CLOSE, CLOSE, 200), id="closed before the answer"),
        pytest.param((429, CLOSE, 500, 200), id="at the last attempt"),
    ],
)
def test_a_transient_failure_is_tried_again(server: Server, answers: tuple[int | str, ...]) -> None:
    server.answers("slow=", *answers)
    with an_api(server) as api:
        assert api.post_to_connections(["slow=", "a="], b"{}") == PostReport(delivered=2)
    assert server.posts_by_id() == {"slow=": len(answers), "a=": 1}


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (429, "429 LimitExceededException"),
        (500, "500 sorry"),
        (CLOSE, "ConnectionResetError: the peer closed the connection before it answered"),
    ],
)
def test_a_failure_that_lasts_is_given_up_after_the_last_attempt(
    server: Server, answer: int | str, reason: str
) -> None:
    server.answers("slow=", answer)
    with an_api(server) as api:
        report = api.post_to_connections(["slow="], b"{}")
    assert report == PostReport(delivered=0, failed={"slow=": reason})
    assert server.posts_by_id() == {"slow=": AT_ONCE.attempts}


def test_a_transient_failure_that_turns_into_410_is_gone(server: Server) -> None:
    server.answers("leaving=", 429, 410)
    with an_api(server) as api:
        assert api.post_to_connections(["leaving="], b"{}") == PostReport(delivered=0, gone=("leaving=",))


def test_a_retry_holds_up_nobody(server: Server) -> None:
    server.answers("slow=", 429, 200)
    with an_api(server, connections=1) as api:
        assert api.post_to_connections(["slow=", *ids(20)], b"{}") == PostReport(delivered=21)
    assert [connection_id for connection_id, _ in server.posts] == ["slow=", *ids(20), "slow="]


def test_no_answer_in_time_is_a_failure(server: Server) -> None:
    server.answers("stuck=", HANG)
    with an_api(server, time_out=0.2, retry_policy=RetryPolicy(attempts=1)) as api:
        report = api.post_to_connections(["stuck="], b"{}")
    assert report == PostReport(delivered=0, failed={"stuck=": "TimeoutError: no answer within 0.2 s"})


def test_a_connection_whose_answer_did_not_come_is_not_used_again(server: Server) -> None:
    server.answers("stuck=", HANG, 200)
    with an_api(
        server, connections=1, time_out=0.1, retry_policy=RetryPolicy(attempts=50, first=0.001)
    ) as api:
        assert api.post_to_connections(["stuck=", "a="], b"{}") == PostReport(delivered=2)
    assert server.opened >= 2


def test_what_is_not_done_when_the_time_is_up_is_told(server: Server) -> None:
    server.answers("stuck=", HANG)
    with an_api(server, connections=1, time_out=3600.0) as api:
        report = api.post_to_connections(["stuck=", "never="], b"{}", within=0.05)
        assert report == PostReport(delivered=0, failed={"stuck=": "out of time", "never=": "out of time"})
        assert api.post_to_connections(["a="], b"{}") == PostReport(delivered=1)


def test_the_gone_of_some_connections_are_found_without_a_message(server: Server) -> None:
    server.answers("gone=", 410)
    server.answers("slow=", 429)
    server.answers("malformed", 400)
    with an_api(server) as api:
        assert api.gone_of(["a=", "gone=", "slow=", "malformed"]) == ("gone=",)
    assert server.methods == {"GET"}


def test_an_endpoint_where_nobody_listens_is_a_failure_of_each_connection() -> None:
    with running(Server()) as server:
        pass
    with an_api(server) as api:
        report = api.post_to_connections(["a="], b"{}")
    assert (report.delivered, report.gone, list(report.failed)) == (0, (), ["a="])
    assert report.failed["a="].startswith("ConnectionRefusedError: ")


def test_posts_go_over_tls_to_an_https_endpoint() -> None:
    authority = trustme.CA()
    server_side, client_side = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.create_default_context()
    authority.issue_cert("127.0.0.1").configure_cert(server_side)
    authority.configure_trust(client_side)
    server = Server()
    server.scheme = "https"
    with ExitStack() as stack:
        stack.enter_context(running(server, server_side))
        api = stack.enter_context(an_api(server, tls=client_side))
        assert api.post_to_connections(ids(20), b"x" * 131_072) == PostReport(delivered=20)
        server.forget_peers()
        assert api.post_to_connections(ids(20), b"{}") == PostReport(delivered=20)


def test_a_certificate_that_nobody_trusts_is_a_failure() -> None:
    server_side, server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), Server()
    trustme.CA().issue_cert("127.0.0.1").configure_cert(server_side)
    server.scheme = "https"
    with running(server, server_side), an_api(server, retry_policy=RetryPolicy(attempts=1)) as api:
        report = api.post_to_connections(["a="], b"{}")
    assert report.failed["a="].startswith("SSLCertVerificationError: ")
    assert server.posts == []
