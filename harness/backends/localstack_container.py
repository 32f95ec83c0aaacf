"""LocalStack in a container of its own: how it is started, and whether it can be on this machine."""

import os
import socket
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.errors import BackendError

if TYPE_CHECKING:
    from testcontainers.community.localstack import LocalStackContainer

IMAGE = "localstack/localstack:4.3.0"
"""HARNESS_LOCALSTACK_IMAGE names another."""

START_TIMEOUT = 180.0
DOCKER_SOCKET = "/var/run/docker.sock"


def obstacle() -> str:
    """Why no container can be started, in a clause; empty when one can."""
    try:
        import docker
        import testcontainers.community.localstack  # noqa: F401 - whether it is there
    except ImportError:
        return "testcontainers is not installed"
    try:
        with closing(docker.from_env()) as engine:
            engine.ping()
    except docker.errors.DockerException as error:
        return f"Docker does not answer ({' '.join(str(error).split())[:100]})"
    return ""


@dataclass(frozen=True, slots=True)
class ContainerPlan:
    """What a container is made of: its image, the port it listens on, its environment, what it sees of the host."""

    image: str
    port: int
    environment: Mapping[str, str]
    volumes: tuple[str, ...]


def plan(port: int, given: Mapping[str, str]) -> ContainerPlan:
    """The container for these variables of the environment.

    It shares the host's network, because its SNS has to reach the functions' address on the loopback interface.
    With a token (LOCALSTACK_AUTH_TOKEN) it may run functions too, in containers that it starts by itself.
    """
    token = given.get("LOCALSTACK_AUTH_TOKEN", "")
    environment = {"GATEWAY_LISTEN": f"127.0.0.1:{port}"}
    if not token:
        return ContainerPlan(given.get("HARNESS_LOCALSTACK_IMAGE") or IMAGE, port, environment, ())
    return ContainerPlan(
        given.get("HARNESS_LOCALSTACK_IMAGE") or IMAGE,
        port,
        environment | {"LOCALSTACK_AUTH_TOKEN": token},
        (DOCKER_SOCKET,),
    )


class StartedLocalStack:
    """A LocalStack in a container. testcontainers ends it too, should this process die."""

    def __init__(self) -> None:
        self._container: LocalStackContainer | None = None

    def start(self) -> str:
        """Its URL, once it is ready; BackendError when it does not get there."""
        import docker

        planned = plan(_free_port(), os.environ)
        self._container = container(planned)
        try:
            self._container.start(START_TIMEOUT)
        except (docker.errors.DockerException, TimeoutError, RuntimeError) as error:
            said = " ".join(str(error).split())[:300]
            raise BackendError(
                f"LocalStack ({planned.image}) did not start in a container: {said}"
            ) from error
        return f"http://127.0.0.1:{planned.port}"

    def stop(self) -> None:
        """Removes the container, if there is one."""
        if self._container is not None:
            with closing(self._container.get_docker_client().client):
                self._container.stop()


def container(planned: ContainerPlan) -> "LocalStackContainer":
    """The container as planned, not started yet."""
    from testcontainers.community.localstack import LocalStackContainer

    made = LocalStackContainer(planned.image, edge_port=planned.port)
    made.ports.clear()  # on the host's network nothing is published
    made.with_kwargs(network_mode="host")
    for name, value in planned.environment.items():
        made.with_env(name, value)
    for path in planned.volumes:
        made.with_volume_mapping(path, path, "rw")
    return made


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
