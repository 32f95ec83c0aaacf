import asyncio
import socket
from collections.abc import Callable, Mapping

import pytest

from harness.backends.capabilities import Answers
from harness.backends.probing import probe
from harness.errors import BackendError
from tests.backends.fake_http import Answer, Asked, fake_http

LISTS: Mapping[str, object] = {
    "dynamodb": {"TableNames": []},
    "sns": b"<ListTopicsResponse><ListTopicsResult><Topics/></ListTopicsResult></ListTopicsResponse>",
    "sqs": {"QueueUrls": []},
    "apigateway": {"items": []},
    "lambda": {"Functions": []},
}


def an_endpoint(pages: Mapping[str, object], without: Mapping[str, Answer]) -> Callable[[Asked], Answer]:
    def answer(asked: Asked) -> Answer:
        if asked.path in pages:
            return 200, pages[asked.path]
        if asked.service in without:
            return without[asked.service]
        return (200, LISTS[asked.service]) if asked.service else (404, {})

    return answer


def test_the_open_core_of_localstack_has_no_api_gateway() -> None:
    refusal = {"message": "API for service 'apigatewayv2' not yet implemented or pro feature"}
    pages = {"/_localstack/info": {"version": "4.3.0:abcdef", "edition": "community"}}

    with fake_http(an_endpoint(pages, {"apigateway": (501, refusal)})) as (url, asked):
        found = asyncio.run(probe(url, region="us-east-1"))

    assert found == Answers(
        url,
        "LocalStack 4.3.0",
        frozenset(("dynamodb", "sns", "sqs", "lambda")),
        {"apigatewayv2": f"501 {refusal['message']}"},
        is_localstack=True,
    )
    credentials = {
        one.headers["authorization"].split("Credential=")[1].split("/")[0] for one in asked if one.service
    }
    assert credentials == {"test"}


@pytest.mark.parametrize(
    ("pages", "name"),
    [
        pytest.param({"/_harness/health": {"version": "0.1.0"}}, "fanout-harness 0.1.0", id="ours"),
        pytest.param({"/_ministack/health": {"version": "1.5.33"}}, "ministack 1.5.33", id="ministack"),
        pytest.param({}, "an endpoint", id="it does not say"),
        pytest.param(
            {"/_localstack/info": ["?"], "/_harness/health": b"<html>"}, "an endpoint", id="other pages"
        ),
    ],
)
def test_an_endpoint_is_called_what_it_calls_itself(pages: Mapping[str, object], name: str) -> None:
    with fake_http(an_endpoint(pages, {})) as (url, _):
        found = asyncio.run(probe(url, region="us-east-1"))

    assert found == Answers(url, name, frozenset(("dynamodb", "sns", "sqs", "apigatewayv2", "lambda")), {})


def test_a_server_that_is_no_aws_has_nothing() -> None:
    with fake_http(lambda _: (404, b"<h1>Not found</h1>")) as (url, _):
        found = asyncio.run(probe(url, region="us-east-1"))

    assert (found.there, set(found.missing)) == (
        frozenset(),
        {"dynamodb", "sns", "sqs", "apigatewayv2", "lambda"},
    )
    assert found.missing["lambda"].startswith("404")


def test_where_nothing_listens_nothing_answers() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]

    with pytest.raises(BackendError, match=f"^the endpoint at http://127.0.0.1:{port} does not answer: "):
        asyncio.run(probe(f"http://127.0.0.1:{port}", region="us-east-1"))
