import re
from collections.abc import Mapping

import pytest

from harness.backends.choice import BackendChoice, Kind, choose
from harness.errors import UsageError

HERE = BackendChoice(Kind.EMBEDDED)


def localstack(url: str, *, named: bool = True) -> BackendChoice:
    return BackendChoice(Kind.LOCALSTACK, url, named)


def an_endpoint(url: str) -> BackendChoice:
    return BackendChoice(Kind.ENDPOINT, url, named=True)


@pytest.mark.parametrize(
    ("environment", "options", "chosen"),
    [
        pytest.param({}, {}, HERE, id="nothing is said"),
        pytest.param(
            {"AWS_ENDPOINT_URL": "http://x:1"}, {}, HERE, id="a URL for other tools chooses nothing"
        ),
        pytest.param(
            {"HARNESS_BACKEND": "localstack"}, {"backend": "embedded"}, HERE, id="options come first"
        ),
        pytest.param({"HARNESS_BACKEND": "aws"}, {}, BackendChoice(Kind.AWS), id="aws by variable"),
        pytest.param(
            {},
            {"backend": "localstack"},
            localstack("http://127.0.0.1:4566", named=False),
            id="LocalStack where it usually is",
        ),
        pytest.param(
            {"LOCALSTACK_HOST": "stack"},
            {"backend": "localstack"},
            localstack("http://stack:4566"),
            id="its host",
        ),
        pytest.param(
            {"LOCALSTACK_HOST": "stack:4599"},
            {"backend": "localstack"},
            localstack("http://stack:4599"),
            id="its host and port",
        ),
        pytest.param(
            {"EDGE_PORT": "4599"},
            {"backend": "localstack"},
            localstack("http://127.0.0.1:4599"),
            id="its port",
        ),
        pytest.param(
            {"AWS_ENDPOINT_URL": "http://a:1", "LOCALSTACK_HOST": "b:2"},
            {"backend": "localstack"},
            localstack("http://a:1"),
            id="a URL comes before a host",
        ),
        pytest.param(
            {"AWS_ENDPOINT_URL": "http://a:1"},
            {"backend": "localstack", "endpoint_url": "https://b:2/"},
            localstack("https://b:2"),
            id="an option comes before the URL",
        ),
        pytest.param(
            {}, {"endpoint_url": "http://[::1]:80"}, an_endpoint("http://[::1]:80"), id="a URL alone"
        ),
        pytest.param(
            {"HARNESS_BACKEND": "endpoint", "AWS_ENDPOINT_URL": "http://a"},
            {},
            an_endpoint("http://a"),
            id="all by variables",
        ),
        pytest.param(
            {},
            {"endpoint_url": "http://a:1", "hybrid": True, "callback_host": "me"},
            BackendChoice(Kind.ENDPOINT, "http://a:1", True, True, "me"),
            id="hybrid",
        ),
    ],
)
def test_options_and_environment_choose(
    environment: Mapping[str, str], options: Mapping[str, object], chosen: BackendChoice
) -> None:
    assert choose(environment, **options) == chosen  # type: ignore[arg-type]  # a table's row


@pytest.mark.parametrize(
    ("environment", "options", "told"),
    [
        pytest.param(
            {},
            {"backend": "locastack"},
            "--backend: there is no backend 'locastack'; there are embedded, localstack, endpoint, aws",
            id="a kind that is none",
        ),
        pytest.param(
            {"HARNESS_BACKEND": "x"}, {}, "HARNESS_BACKEND: there is no backend 'x'", id="a variable's too"
        ),
        pytest.param(
            {},
            {"backend": "endpoint"},
            "--backend endpoint needs a URL: --endpoint-url http://127.0.0.1:4566, or AWS_ENDPOINT_URL",
            id="an endpoint without URL",
        ),
        pytest.param(
            {},
            {"endpoint_url": "localhost:4566"},
            "'localhost:4566' is not the URL of an endpoint; write http://HOST:PORT",
            id="no scheme",
        ),
        pytest.param({}, {"endpoint_url": "http://a/x"}, "'http://a/x' is not the URL", id="a path"),
        pytest.param({}, {"endpoint_url": "http://a:70000"}, "'http://a:70000' is not the URL", id="no port"),
        pytest.param(
            {"LOCALSTACK_HOST": "a:b"},
            {"backend": "localstack"},
            "LOCALSTACK_HOST: 'b' is not a port",
            id="host",
        ),
        pytest.param(
            {"EDGE_PORT": "0"}, {"backend": "localstack"}, "EDGE_PORT: '0' is not a port", id="edge port"
        ),
        pytest.param(
            {},
            {"hybrid": True},
            "--hybrid is for the backends localstack and endpoint; the backend is embedded",
            id="hybrid with nothing",
        ),
        pytest.param(
            {},
            {"backend": "aws", "endpoint_url": "http://a"},
            "--endpoint-url is for the backends localstack and endpoint; the backend is aws",
            id="a URL of AWS",
        ),
        pytest.param(
            {}, {"callback_host": "me"}, "--callback-host is for the backends", id="a callback to nobody"
        ),
    ],
)
def test_what_makes_no_sense_is_told(
    environment: Mapping[str, str], options: Mapping[str, object], told: str
) -> None:
    with pytest.raises(UsageError, match=f"^{re.escape(told)}"):
        choose(environment, **options)  # type: ignore[arg-type]  # a table's row
