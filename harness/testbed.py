"""A stack deployed to a backend, ready for clients: what scenarios, fixtures and `harness up` all stand on."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, cast

from harness.backends.backend import Backend
from harness.backends.embedded import EmbeddedBackend
from harness.connection_rows import ConnectionRows
from harness.emulator.lambda_runtime.debugging import PATIENCE, Debugging
from harness.stack.model import Function, Stack
from harness.stack.provision import Deployment, provision

if TYPE_CHECKING:
    from harness.clients.publisher import SnsClient


OPEN_TIMEOUT = 10.0


@dataclass(frozen=True, slots=True)
class Testbed:
    """A running backend and what is deployed on it; clients wait `open_timeout` seconds for their handshakes."""

    __test__ = False  # not a test class, whatever its name tells pytest

    stack: Stack
    backend: Backend
    deployment: Deployment
    rows: ConnectionRows | None
    open_timeout: float = OPEN_TIMEOUT

    @property
    def topic_arn(self) -> str:
        """The topic that the matchers publish to."""
        return self.deployment.topic_arn(self.stack.events_topic())

    def sns_client(self) -> "SnsClient":
        """A client for one publishing thread."""
        return cast("SnsClient", self.backend.client("sns"))


@asynccontextmanager
async def embedded_testbed(stack: Stack, debugging: Debugging | None = None) -> AsyncIterator[Testbed]:
    """The stack on an emulator of its own, which ends with the context.

    Every function has started before the first client connects, so a handler that does not import is known at
    once: DeploymentFailed. BackendError when the emulator or a deployment call fails.
    """
    async with EmbeddedBackend(
        region=stack.region, execution=stack.execution.model_dump(), debugging=debugging
    ) as backend:
        testbed = await deploy(stack, backend)
        yield testbed if debugging is None else replace(testbed, open_timeout=PATIENCE)


async def deploy(stack: Stack, backend: Backend) -> Testbed:
    """Provisions the stack and starts the environments that each function asks for."""
    deployment = await asyncio.to_thread(
        provision, stack, client=backend.client, urls=backend.urls, code=hot_reload_code
    )
    await _try_functions(stack, backend)
    await backend.set_gateway(stack.api.gateway_configuration())
    await backend.set_dynamodb(stack.dynamodb.over())
    return Testbed(stack, backend, deployment, _rows(stack, backend, deployment))


async def _try_functions(stack: Stack, backend: Backend) -> None:
    """Waits for all, so that nothing is under way when the first one that cannot start is told."""
    tried = await asyncio.gather(
        *(backend.prewarm(stack.function_name(name), stack.prewarm(name)) for name in stack.functions),
        return_exceptions=True,
    )
    for failure in tried:
        if failure is not None:
            raise failure


def _rows(stack: Stack, backend: Backend, deployment: Deployment) -> ConnectionRows | None:
    """The connections table, where stack.yaml says how a row names its connection."""
    if stack.connections is None:
        return None
    return ConnectionRows(
        backend.client("dynamodb"),
        deployment.table_name(stack.connections.table),
        attribute=stack.connections.connection_id.attribute,
        prefix=stack.connections.connection_id.prefix,
    )


def hot_reload_code(function: Function) -> Mapping[str, object]:
    """The handlers from where they lie: LocalStack's convention for code that is never packed."""
    return {"S3Bucket": "hot-reload", "S3Key": str(Path(function.code).resolve())}
