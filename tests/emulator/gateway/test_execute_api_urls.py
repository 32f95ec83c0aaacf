"""Hosts and paths of API Gateway's data plane (U-1, U-2, U-6, I-4, M-14)."""

import pytest

from harness.emulator.gateway.urls import ExecuteApiTarget, connection_id_of, execute_api_target

AWS = "a1b2.execute-api.eu-west-1.amazonaws.com"


@pytest.mark.parametrize(
    ("host", "path", "target"),
    [
        pytest.param(AWS, "/prod", ExecuteApiTarget("a1b2", "prod", ""), id="U-1"),
        pytest.param(AWS, "/prod/", ExecuteApiTarget("a1b2", "prod", ""), id="U-1 trailing slash"),
        pytest.param(f"{AWS}:4566", "/prod", ExecuteApiTarget("a1b2", "prod", ""), id="any port"),
        pytest.param(
            AWS,
            "/prod/@connections/L0SM9cOFvHcCIhw%3D",
            ExecuteApiTarget("a1b2", "prod", "@connections/L0SM9cOFvHcCIhw%3D"),
            id="U-2",
        ),
        pytest.param(AWS, "/%24default", ExecuteApiTarget("a1b2", "$default", ""), id="U-6 encoded"),
        pytest.param(AWS, "/", ExecuteApiTarget("a1b2", "", ""), id="no stage"),
        pytest.param(
            AWS.upper(), "/@connections/x", ExecuteApiTarget("a1b2", "@connections", "x"), id="K-13 no stage"
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
        pytest.param("@connections/L0SM9cOFvHcCIhw%3D", "L0SM9cOFvHcCIhw=", id="I-4"),
        pytest.param("@connections/L0SM9cOFvHcCIhw=", "L0SM9cOFvHcCIhw=", id="not encoded"),
        pytest.param("%40connections/L0SM9cOFvHcCIhw%3D", "L0SM9cOFvHcCIhw=", id="M-14"),
        pytest.param("@connections/a%253D", "a%3D", id="K-12 encoded twice"),
        pytest.param("@connections/", None, id="no id"),
        pytest.param("@connections/a/b", None, id="more after the id"),
        pytest.param("connections/a", None, id="another path"),
    ],
)
def test_connection_id_in_the_path(rest: str, connection_id: str | None) -> None:
    assert connection_id_of(rest) == connection_id
    assert ExecuteApiTarget("a", "s", rest).is_connections == (rest != "connections/a")
