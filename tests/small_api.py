"""Emulator processes, and a small WebSocket API on one of its own: what tests with real clients talk to.

Its functions are one Python file each. The loop that owns the emulator is run only to start and to end it.
"""

import asyncio
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import urlopen

from harness.backends.embedded import AS_ON_AWS, EmbeddedBackend
from harness.stack.model import Api, Execution, Function, Route, Stack
from harness.testbed import deploy
from tests.patience import WAIT

STAGE = "dev"

# Says what it was sent behind a `>`, and whose connection it is; `$connect` does what the query asks for.
ECHO = """
def handler(event, context):
    if event["requestContext"]["eventType"] == "CONNECT":
        asked = event.get("queryStringParameters") or {}
        headers = {"Sec-WebSocket-Protocol": asked["agree"]} if "agree" in asked else {}
        return {"statusCode": int(asked.get("status", 200)), "headers": headers}
    if event.get("body") == "who am I":
        return {"statusCode": 200, "body": event["requestContext"]["connectionId"]}
    return {"statusCode": 200, "body": ">" + event.get("body", "")}
"""


@dataclass(frozen=True, slots=True)
class SmallApi:
    """A deployed API: where clients connect, where @connections is, and the emulator's own address and process."""

    endpoint: str
    api_id: str
    url: str
    management_endpoint: str
    backend: EmbeddedBackend
    pid: int

    @property
    def address(self) -> tuple[str, int]:
        """Host and port for clients that bring their own HTTP."""
        parts = urlsplit(self.endpoint)
        assert parts.hostname is not None
        assert parts.port is not None
        return parts.hostname, parts.port

    @property
    def path(self) -> str:
        """The path of the stage."""
        return urlsplit(self.url).path

    def page(self, name: str, timeout: float = WAIT) -> Any:
        """One of the emulator's own pages, decoded."""
        with urlopen(f"{self.endpoint}/_harness/{name}", timeout=timeout) as answer:
            return json.load(answer)


@contextmanager
def an_emulator(
    *, observations: int | None = None, execution: Mapping[str, int] = AS_ON_AWS
) -> Iterator[tuple[EmbeddedBackend, asyncio.Runner]]:
    """A started emulator, and the loop that owns it."""
    backend = EmbeddedBackend(region="us-east-1", observations=observations, execution=execution)
    with asyncio.Runner() as runner:
        try:
            runner.run(backend.start())
            yield backend, runner
        finally:
            runner.run(backend.close())


@contextmanager
def small_api(
    folder: Path,
    routes: Mapping[str, Route | str],
    functions: Mapping[str, str],
    *,
    environment: Mapping[str, str] | None = None,
    prewarm: int = 1,
    observations: int | None = None,
    execution: Execution | None = None,
) -> Iterator[SmallApi]:
    """The API with these routes; `functions` are Python sources by name, each with a `handler`.

    `prewarm` is how many environments each function has before the first invocation, `observations` how many of
    these the emulator keeps; `execution` limits concurrency.
    """
    for name, source in functions.items():
        (folder / f"{name}.py").write_text(source)
    stack = Stack(
        name="small",
        functions={
            name: Function(
                handler=f"{name}.handler",
                code=folder,
                timeout=20,
                environment=environment or {},
                prewarm=prewarm,
            )
            for name in functions
        },
        api=Api(
            name="small",
            stage=STAGE,
            routes={
                key: Route(function=route) if isinstance(route, str) else route
                for key, route in routes.items()
            },
        ),
    )
    limits = (execution or Execution()).model_dump()
    with an_emulator(observations=observations, execution=limits) as (backend, runner):
        deployment = runner.run(deploy(stack, backend)).deployment
        process = backend._process
        assert process is not None
        yield SmallApi(
            backend.endpoint,
            deployment.api_id,
            deployment.url,
            deployment.management_endpoint,
            backend,
            process.pid,
        )


@contextmanager
def echo_api(folder: Path) -> Iterator[SmallApi]:
    """An API that answers every message with `>` and the message."""
    routes = {"$connect": Route(function="echo"), "$default": Route(function="echo", two_way=True)}
    with small_api(folder, routes, {"echo": ECHO}) as api:
        yield api
