"""Testbed: a stack deployed to a backend, ready for clients; scenarios, fixtures and `harness up` stand on it."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeVar, cast

from harness.backends.backend import Backend
from harness.backends.capabilities import refuse_sources_elsewhere
from harness.backends.choice import EMBEDDED, BackendChoice
from harness.backends.opening import open_backend
from harness.backends.settings import reasons, unheard
from harness.clock import RealClock
from harness.emulator.lambda_runtime.debugging import PATIENCE, Debugging
from harness.errors import BackendError, DeploymentFailed, HarnessError
from harness.outside.calm import calm
from harness.outside.connection_rows import ConnectionRows
from harness.stack.apart import apart
from harness.stack.handlers import meant
from harness.stack.model import Stack
from harness.stack.provision import Deployment, provision
from harness.stack.removal import Made, remove

if TYPE_CHECKING:
    from botocore.client import BaseClient

    from harness.clients.publisher import SnsClient
    from harness.scenario.model import Scenario

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Outside:
    """What clients can tell: how many messages they received, and whether these are all that they must receive."""

    messages: Callable[[], int] = lambda: 0
    complete: Callable[[], bool] = lambda: True


NOTHING_OUTSIDE = Outside()


OPEN_TIMEOUT = 30.0


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
    def topic_arn(self) -> str | None:
        """The topic that the matchers publish to; None in a stack without topics."""
        topic = self.stack.events_topic()
        return None if topic is None else self.deployment.topic_arn(topic)

    def sns_client(self) -> "SnsClient":
        """A client for one publishing thread."""
        return cast("SnsClient", self.backend.client("sns"))

    @property
    def parts(self) -> Mapping[str, str]:
        """Where each part of AWS is, and which settings of the stack hold on our own emulator alone."""
        set_by_stack: dict[str, Mapping[str, object]] = {
            "gateway": self.stack.api.gateway_configuration(),
            "dynamodb": self.stack.dynamodb.over(),
            "sns": {name: topic.delivery.over() for name, topic in self.stack.topics.items()},
        }
        without = unheard(self.backend.traits.lacks, set_by_stack)
        return {**self.backend.traits.parts, **{f"{one} of the stack": "not in force" for one in without}}

    def lacking(self, scenario: "Scenario") -> str:
        """Why the scenario cannot be played here: what it sets and the backend does not have; empty if nothing."""
        set_by_scenario: dict[str, Mapping[str, object]] = {
            "gateway": scenario.gateway.written(),
            "dynamodb": scenario.dynamodb.over(),
            "sns": scenario.sns.over(),
        }
        return reasons(unheard(self.backend.traits.lacks, set_by_scenario))

    async def configure(self, scenario: "Scenario | None" = None) -> None:
        """Gateway, tables and topics behave as the stack says, and the scenario over it, where the backend can."""
        stack, lacks = self.stack, self.backend.traits.lacks
        if "gateway" not in lacks:
            over = None if scenario is None else scenario.gateway
            await self.backend.set_gateway(stack.api.gateway_configuration(over))
        if "dynamodb" not in lacks:
            below = stack.dynamodb
            await self.backend.set_dynamodb(
                below.over() if scenario is None else scenario.dynamodb.over(below)
            )
        if "sns" not in lacks:
            over_sns, seed = (None, None) if scenario is None else (scenario.sns, scenario.seed)
            await self.backend.set_sns(stack.sns_settings(over_sns, seed=seed))

    async def quiet(self, timeout: float, outside: Outside = NOTHING_OUTSIDE) -> bool:
        """Returns once nothing is in flight, False when `timeout` seconds ran out first.

        Where the inside is hidden, once the expected has arrived `outside`, and nothing changes any more there and in
        the rows of the connections.
        """
        if not self.backend.traits.hidden:
            return await self.backend.quiet(timeout)

        async def signs() -> object:
            rows = "" if self.rows is None else await asyncio.to_thread(self.rows.fingerprint)
            return outside.messages(), rows

        return await calm(timeout, signs=signs, complete=outside.complete, clock=RealClock())


@asynccontextmanager
async def open_testbed(
    stack: Stack, choice: BackendChoice = EMBEDDED, debugging: Debugging | None = None
) -> AsyncIterator[Testbed]:
    """The stack on a backend of the chosen kind; what was started or made for it ends with the context.

    Where it is deployed already, that is taken as it is. On a backend that others use too its resources have names
    of their own. Every function has started before the first client connects, so a handler that does not import is
    known at once: DeploymentFailed. BackendError when the backend or a deployment call fails.
    """
    async with open_backend(choice, stack, debugging=debugging) as backend:
        refuse_sources_elsewhere(stack, backend.traits.parts)
        patience = OPEN_TIMEOUT if debugging is None else PATIENCE
        if (there := backend.traits.deployed) is not None:
            yield Testbed(stack, backend, there.deployment, there.rows)
            return
        if not backend.traits.shared:
            yield replace(await deploy(stack, backend), open_timeout=patience)
            return
        traits = backend.traits
        own = apart(stack, secrets.token_hex(3), variables=traits.variables, passing=traits.passing)
        async with undone_at_the_end(backend.client, passing=traits.passing) as made:
            yield replace(await deploy(own, backend, made=made), open_timeout=patience)


async def deploy(stack: Stack, backend: Backend, *, made: Callable[[Made], None] = lambda _: None) -> Testbed:
    """Provisions the stack and starts the environments that each function asks for; `made` as for `provision`."""
    deployment = await to_its_end(
        lambda: provision(stack, client=backend.client, urls=backend.urls, code=backend.code, made=made)
    )
    await _try_functions(stack, backend)
    testbed = Testbed(stack, backend, deployment, _rows(stack, backend, deployment))
    await testbed.configure()
    return testbed


@asynccontextmanager
async def undone_at_the_end(
    client: Callable[[str], "BaseClient"], *, passing: frozenset[str] = frozenset()
) -> AsyncIterator[Callable[[Made], None]]:
    """Deletes at the end, however that comes, what it was told of, and nothing else.

    What is of the services that are `passing` ends by itself.
    BackendError when something cannot be deleted; after another error, which stays what it is, that is told with it.
    """
    made: list[Made] = []

    def note(one: Made) -> None:
        if one.service not in passing:
            made.append(one)

    try:
        yield note
    except HarnessError as error:
        if left := await _left(made, client):
            raise type(error)(f"{error}; {left}") from error
        raise
    except asyncio.CancelledError as error:
        if left := await _left(made, client):
            raise BackendError(f"interrupted; {left}") from error
        raise
    except BaseException as error:
        if left := await _left(made, client):
            error.add_note(left)
        raise
    if left := await _left(made, client):
        raise BackendError(left)


async def _left(made: Sequence[Made], client: Callable[[str], "BaseClient"]) -> str:
    """Deletes, and says what could not be deleted; empty when everything could."""
    try:
        await to_its_end(lambda: remove(made, client))
    except BackendError as error:
        return str(error)
    return ""


async def to_its_end(work: Callable[[], T]) -> T:
    """What the work returns that runs in a thread; nobody can stop it there, so who cancels waits for its end."""
    working = asyncio.ensure_future(asyncio.to_thread(work))
    try:
        return await asyncio.shield(working)
    except asyncio.CancelledError:
        await asyncio.wait((working,))
        raise


async def _try_functions(stack: Stack, backend: Backend) -> None:
    """Waits for all, so that nothing is under way when those that cannot start are told."""
    tried = await asyncio.gather(
        *(backend.prewarm(stack.function_name(name), stack.prewarm(name)) for name in stack.functions),
        return_exceptions=True,
    )
    refuse_to_start(stack, dict(zip(stack.functions, tried, strict=True)))


def refuse_to_start(stack: Stack, failures: Mapping[str, BaseException | None]) -> None:
    """Raises one DeploymentFailed for all functions that do not start, by their names in the stack.

    Any other failure goes before, as it is.
    """
    failed = {}
    for name, failure in failures.items():
        if isinstance(failure, DeploymentFailed):
            failed[name] = f"{failure}{meant(stack.functions[name])}"
        elif failure is not None:
            raise failure
    if failed:
        raise DeploymentFailed(*failed.values(), functions=tuple(failed))


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
