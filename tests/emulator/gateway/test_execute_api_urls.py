"""Hosts and paths of API Gateway's data plane (U-1 to U-6, I-4, M-14)."""

import pytest

from harness.emulator.gateway.apis import Api, ApiMapping
from harness.emulator.gateway.urls import (
    ExecuteApiTarget,
    connection_id_of,
    custom_domain_target,
    domain_name,
    execute_api_target,
    host_name,
)

REGION = "eu-west-1"
AWS = f"a1b2.execute-api.{REGION}.amazonaws.com"


@pytest.mark.parametrize(
    ("host", "path", "target"),
    [
        pytest.param(
            AWS, "/prod", ExecuteApiTarget("a1b2", "prod", "", REGION), id="U-1", marks=pytest.mark.aws("U-1")
        ),
        pytest.param(
            AWS,
            "/prod/",
            ExecuteApiTarget("a1b2", "prod", "", REGION),
            id="U-1 trailing slash",
            marks=pytest.mark.aws("U-1"),
        ),
        pytest.param(f"{AWS}:4566", "/prod", ExecuteApiTarget("a1b2", "prod", "", REGION), id="any port"),
        pytest.param(
            AWS,
            "/prod/@connections/L0SM9cOFvHcCIhw%3D",
            ExecuteApiTarget("a1b2", "prod", "@connections/L0SM9cOFvHcCIhw%3D", REGION),
            id="U-2",
            marks=pytest.mark.aws("U-2"),
        ),
        pytest.param(
            AWS,
            "/%24default",
            ExecuteApiTarget("a1b2", "$default", "", REGION),
            id="U-6 encoded",
            marks=pytest.mark.aws("U-6"),
        ),
        pytest.param(
            AWS,
            "/$default",
            ExecuteApiTarget("a1b2", "$default", "", REGION),
            id="U-6",
            marks=pytest.mark.aws("U-6"),
        ),
        pytest.param(
            AWS,
            "/$default/@connections/x",
            ExecuteApiTarget("a1b2", "$default", "@connections/x", REGION),
            id="U-6 @connections",
            marks=pytest.mark.aws("U-6"),
        ),
        pytest.param(AWS, "/", ExecuteApiTarget("a1b2", "", "", REGION), id="no stage"),
        pytest.param(
            AWS.upper(),
            "/@connections/x",
            ExecuteApiTarget("a1b2", "@connections", "x", REGION),
            id="K-13 no stage",
            marks=(),
        ),
        pytest.param(
            "a1b2.execute-api.localhost.localstack.cloud:4566",
            "/dev",
            ExecuteApiTarget("a1b2", "dev", ""),
            id="localstack's host",
        ),
        pytest.param(
            "a1b2.execute-api.localhost", "/dev", ExecuteApiTarget("a1b2", "dev", ""), id="localhost"
        ),
        pytest.param(
            "127.0.0.1:4566",
            "/_aws/execute-api/a1b2/dev/@connections/x",
            ExecuteApiTarget("a1b2", "dev", "@connections/x"),
            id="by path",
        ),
        pytest.param("127.0.0.1:4566", "/dev", None, id="another host"),
        pytest.param("evil.example/a.execute-api.localhost", "/dev", None, id="not quite the host"),
    ],
)
def test_request_means(host: str, path: str, target: ExecuteApiTarget | None) -> None:
    assert execute_api_target(host, path) == target


@pytest.mark.parametrize(
    ("rest", "connection_id"),
    [
        pytest.param(
            "@connections/L0SM9cOFvHcCIhw%3D", "L0SM9cOFvHcCIhw=", id="I-4", marks=pytest.mark.aws("I-4")
        ),
        pytest.param("@connections/L0SM9cOFvHcCIhw=", "L0SM9cOFvHcCIhw=", id="not encoded"),
        pytest.param(
            "%40connections/L0SM9cOFvHcCIhw%3D", "L0SM9cOFvHcCIhw=", id="M-14", marks=pytest.mark.aws("M-14")
        ),
        pytest.param("@connections/a%253D", "a%3D", id="K-12 encoded twice", marks=pytest.mark.aws("K-12")),
        pytest.param("@connections/", None, id="no id"),
        pytest.param("@connections/a/b", None, id="more after the id"),
        pytest.param("connections/a", None, id="another path"),
        pytest.param("@connections", None, id="nothing behind it"),
    ],
)
def test_connection_id_in_the_path(rest: str, connection_id: str | None) -> None:
    assert connection_id_of(rest) == connection_id
    assert ExecuteApiTarget("a", "s", rest).is_connections == (rest != "connections/a")


ROOT = {"": ApiMapping("a1", "prod")}
KEYS = {"ws": ApiMapping("a1", "prod"), "ws/beta": ApiMapping("b2", "dev")}


@pytest.mark.parametrize(
    ("domain", "path", "target"),
    [
        pytest.param(
            ROOT, "/", ExecuteApiTarget("a1", "prod", ""), id="U-3 the root", marks=pytest.mark.aws("U-3")
        ),
        pytest.param(
            ROOT,
            "/@connections/x",
            ExecuteApiTarget("a1", "prod", "@connections/x"),
            id="U-3 @connections without a stage",
            marks=pytest.mark.aws("U-3"),
        ),
        pytest.param(
            ROOT,
            "/prod/@connections/x",
            ExecuteApiTarget("a1", "prod", "prod/@connections/x"),
            id="U-4 a stage by mistake is no stage",
            marks=pytest.mark.aws("U-4"),
        ),
        pytest.param(
            KEYS,
            "/ws/@connections/x",
            ExecuteApiTarget("a1", "prod", "@connections/x"),
            id="U-3 a mapping key",
            marks=pytest.mark.aws("U-3"),
        ),
        pytest.param(
            KEYS,
            "/ws",
            ExecuteApiTarget("a1", "prod", ""),
            id="U-3 a key without its slash",
            marks=(pytest.mark.aws("U-3"), pytest.mark.aws("U-5", assumed=True)),
        ),
        pytest.param(KEYS, "/ws/", ExecuteApiTarget("a1", "prod", ""), id="a key with its slash"),
        pytest.param(KEYS, "/ws/beta", ExecuteApiTarget("b2", "dev", ""), id="the longest key counts"),
        pytest.param(KEYS, "/wsx", None, id="not quite a key"),
        pytest.param(KEYS, "/", None, id="U-5 no mapping", marks=pytest.mark.aws("U-5", assumed=True)),
        pytest.param({}, "/prod", None, id="no mapping at all"),
    ],
)
def test_path_of_a_custom_domain_means(
    domain: dict[str, ApiMapping], path: str, target: ExecuteApiTarget | None
) -> None:
    assert custom_domain_target(domain, path) == target


@pytest.mark.parametrize("host", ["ws.example.com", "WS.Example.com:4566", "ws.example.com."])
def test_name_of_a_host_has_neither_port_nor_case(host: str) -> None:
    assert host_name(host) == "ws.example.com"


@pytest.mark.aws("U-8")
@pytest.mark.parametrize(
    ("host", "path", "region", "name"),
    [
        pytest.param(AWS, "/prod", "eu-west-1", AWS, id="AWS's name"),
        pytest.param("ws.example.com", "/chat", "eu-west-1", "ws.example.com", id="custom domain"),
        pytest.param(
            "a1b2.execute-api.localhost:4566",
            "/prod",
            "eu-west-1",
            "a1b2.execute-api.localhost:4566",
            id="port",
        ),
        pytest.param("127.0.0.1:4566", "/_aws/execute-api/a1b2/prod", "eu-west-1", AWS, id="path form"),
        pytest.param(
            "127.0.0.1:4566",
            "/_aws/execute-api/a1b2/prod",
            "cn-north-1",
            "a1b2.execute-api.cn-north-1.amazonaws.com.cn",
            id="path form in China",
        ),
    ],
)
def test_events_name_the_host_that_the_client_used(host: str, path: str, region: str, name: str) -> None:
    api = Api(api_id="a1b2", name="chat", region=region, account="000000000000", stages={}, routes={})
    assert domain_name(host, path, api) == name
