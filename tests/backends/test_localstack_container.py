"""A LocalStack in a container: what is asked of Docker, by a fake engine that keeps the orders."""

import json
import os
import re
import socket
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from harness.backends.localstack_container import (
    DOCKER_SOCKET,
    IMAGE,
    ContainerPlan,
    StartedLocalStack,
    obstacle,
    plan,
)
from harness.errors import BackendError
from tests.backends.fake_http import Answer, Asked, fake_http

pytest.importorskip("testcontainers.community.localstack")

pytestmark = pytest.mark.filterwarnings("ignore:The wait_for_logs function:DeprecationWarning")
"""LocalStackContainer calls it by itself."""

LOGS = b"\x01\x00\x00\x00\x00\x00\x00\x07Ready.\n"


ANSWERS: Mapping[tuple[str, str], Answer] = {
    ("GET", "/_ping"): (200, b"OK"),
    ("GET", "/version"): (200, {"ApiVersion": "1.45", "Version": "26.0", "MinAPIVersion": "1.24"}),
    ("GET", "/info"): (200, {}),
    ("POST", "/images/create"): (500, {"message": "the registry does not answer"}),
    ("GET", "/containers/c1/json"): (200, {"Id": "c1", "Name": "/c1", "Config": {"Tty": False}}),
    ("GET", "/containers/c1/logs"): (200, LOGS),
    ("POST", "/containers/c1/start"): (204, b""),
    ("DELETE", "/containers/c1"): (204, b""),
}


class Engine:
    """Docker's HTTP API, as far as one container needs it."""

    def __init__(self) -> None:
        self.created: list[dict[str, Any]] = []
        self.done: list[tuple[str, str]] = []
        self.lacks_image = False

    def answer(self, asked: Asked) -> Answer:
        path = re.sub(r"^/v[\d.]+", "", asked.path).partition("?")[0]
        self.done.append((asked.method, path))
        if path.startswith("/images/") and path.endswith("/json"):
            return (404, {"message": "No such image"}) if self.lacks_image else (200, {"Id": "i1"})
        if path == "/containers/create":
            self.created.append(json.loads(asked.body))
            return 201, {"Id": "c1", "Warnings": []}
        return ANSWERS.get((asked.method, path), (404, {"message": f"{asked.method} {path}?"}))


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> Iterator[Engine]:
    from testcontainers.core.config import testcontainers_config

    running = Engine()
    monkeypatch.setattr(testcontainers_config, "ryuk_disabled", True)
    monkeypatch.delenv("LOCALSTACK_AUTH_TOKEN", raising=False)
    monkeypatch.delenv("HARNESS_LOCALSTACK_IMAGE", raising=False)
    with fake_http(running.answer) as (url, _):
        monkeypatch.setenv("DOCKER_HOST", url.replace("http", "tcp", 1))
        yield running


def test_a_container_is_started_on_the_hosts_loopback_and_removed(engine: Engine) -> None:
    assert obstacle() == ""
    localstack = StartedLocalStack()

    url = localstack.start()
    localstack.stop()

    (created,) = engine.created
    assert created["Image"] == IMAGE
    assert f"GATEWAY_LISTEN={url.removeprefix('http://')}" in created["Env"]
    assert created["HostConfig"]["NetworkMode"] == "host"
    assert not created["HostConfig"].get("PortBindings")
    assert engine.done[-1] == ("DELETE", "/containers/c1")


def test_an_image_that_is_not_to_be_had_is_one_message(engine: Engine) -> None:
    engine.lacks_image = True
    localstack = StartedLocalStack()

    with pytest.raises(
        BackendError, match=rf"^LocalStack \({IMAGE}\) did not start in a container: .*registry"
    ):
        localstack.start()
    localstack.stop()


@pytest.mark.parametrize(
    ("given", "planned"),
    [
        pytest.param(
            {}, ContainerPlan(IMAGE, 4599, {"GATEWAY_LISTEN": "127.0.0.1:4599"}, ()), id="the open core"
        ),
        pytest.param(
            {"LOCALSTACK_AUTH_TOKEN": "t", "HARNESS_LOCALSTACK_IMAGE": "localstack/localstack-pro:4.3"},
            ContainerPlan(
                "localstack/localstack-pro:4.3",
                4599,
                {"GATEWAY_LISTEN": "127.0.0.1:4599", "LOCALSTACK_AUTH_TOKEN": "t"},
                ("/var/run/docker.sock",),
            ),
            id="with a token it may run functions",
        ),
    ],
)
def test_the_environment_plans_the_container(given: Mapping[str, str], planned: ContainerPlan) -> None:
    assert plan(4599, given) == planned


def test_without_an_engine_the_obstacle_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        monkeypatch.setenv("DOCKER_HOST", f"tcp://127.0.0.1:{closed.getsockname()[1]}")

    assert obstacle().startswith("Docker does not answer (")


def test_a_real_container_starts_and_ends() -> None:
    if "DOCKER_HOST" not in os.environ and not Path(DOCKER_SOCKET).exists():
        pytest.skip("there is no Docker engine on this machine")
    localstack = StartedLocalStack()
    try:
        assert localstack.start().startswith("http://127.0.0.1:")
    finally:
        localstack.stop()
