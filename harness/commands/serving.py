"""Serving AWS alone on one port, with a stack deployed to it, until it is told to stop: what `harness up` does."""

import asyncio
import secrets
import signal
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, asynccontextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TypeVar

from rich.console import Console

from harness.backends.capabilities import refuse_sources_elsewhere
from harness.backends.choice import EMBEDDED, BackendChoice, Kind
from harness.backends.embedded import does_not_start, emulator_client, emulator_urls, hot_reload_code
from harness.backends.hybrid import PASSING
from harness.backends.opening import placed
from harness.commands.printing import say
from harness.debugging import AskedToDebug, debugging_of, patient_stack
from harness.emulator.dynamodb.settings import read_settings
from harness.emulator.gateway.configuration import read_configuration
from harness.emulator.port.certificates import Authority
from harness.emulator.wiring import Emulator
from harness.stack.apart import apart
from harness.stack.loader import load_stack, placed_in
from harness.stack.model import Execution, Stack
from harness.stack.provision import Deployment, provision
from harness.stack.removal import Made
from harness.testbed import refuse_to_start, to_its_end, undone_at_the_end

REGION = "us-east-1"
T = TypeVar("T")


async def serve(
    stack_file: Path | None,
    *,
    host: str,
    port: int,
    console: Console,
    credentials: Mapping[str, str] | None = None,
    backend: BackendChoice = EMBEDDED,
    parameters: Mapping[str, str] | None = None,
    debug: AskedToDebug | None = None,
) -> None:
    """Listens, deploys, says how to connect, and returns on SIGINT or SIGTERM with everything ended.

    With another `backend`, tables and topics are there, under names of their own until the end. UsageError for a
    mistake in the stack file, BackendError when the port is taken, DeploymentFailed when a handler cannot start.
    With `credentials` (secret access keys by access key id) signatures are verified. `parameters` are for a stack
    that is a template. With `debug` a function stops at its breakpoints, and the gateway waits.
    """
    stop = _stop_of_signals()
    stack = (
        load_stack(stack_file, parameters=parameters, notice=partial(say, console)) if stack_file else None
    )
    debugging = debugging_of(debug, stack)
    stack = patient_stack(stack) if stack and debugging else stack
    region = stack.region if stack else REGION
    execution = stack.execution if stack else Execution()
    async with (
        _apart(backend, region, stack) as elsewhere,
        Emulator(
            region=region,
            credentials=credentials,
            account_concurrency=execution.account_concurrency,
            max_environments=execution.max_environments,
            debugging=debugging,
            announce=partial(say, console),
            elsewhere=elsewhere,
            callback_host=backend.callback_host,
        ) as emulator,
    ):
        endpoint = await emulator.listen(host, port)
        say(console, f"AWS is listening on {endpoint} and {_secure(endpoint)}", *_elsewhere(elsewhere))
        await _serve_until(
            stop,
            stack,
            emulator,
            located=partial(placed_in, stack_file, parameters=parameters),
            elsewhere=bool(elsewhere),
            region=region,
            console=console,
        )


async def _serve_until(
    stop: asyncio.Event,
    stack: Stack | None,
    emulator: Emulator,
    *,
    located: Callable[[], AbstractContextManager[None]],
    elsewhere: bool,
    region: str,
    console: Console,
) -> None:
    """Deploys, and returns when it shall stop; `elsewhere` says whether some services are.

    `located` tells functions that do not start with their lines in the stack's file.

    What is here ends with the emulator; what is elsewhere has names of its own, and is deleted.
    """
    client = partial(emulator_client, endpoint=emulator.endpoint, region=region)
    async with undone_at_the_end(client, passing=PASSING) as made:
        deploying = _deploy(stack, emulator, made if elsewhere else None)
        with located():
            said = await _unless(stop, deploying)
        say(console, *said or ())
        if not stop.is_set():
            say(console, *_how_to_connect(emulator.endpoint, region), *_how_to_trust(emulator.authority))
            say(console, "Ctrl-C stops it.")
        await stop.wait()
        say(console, "stopping")


def _stop_of_signals() -> asyncio.Event:
    """Set on SIGINT or SIGTERM."""
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    return stop


@asynccontextmanager
async def _apart(
    backend: BackendChoice, region: str, stack: Stack | None
) -> AsyncIterator[Mapping[str, str]]:
    """The endpoints of the services that are elsewhere; API and functions are always here.

    UsageError when the stack has functions that could not read what is there.
    """
    if backend.kind is Kind.EMBEDDED:
        yield {}
        return
    async with placed(replace(backend, hybrid=True), region=region) as placement:
        if stack is not None:
            refuse_sources_elsewhere(stack, placement.parts)
        yield placement.elsewhere


async def _unless(stop: asyncio.Event, work: Coroutine[object, object, T]) -> T | None:
    """What the work returns, or None when it was given up because of the stop."""
    working, stopping = asyncio.create_task(work), asyncio.create_task(stop.wait())
    await asyncio.wait((working, stopping), return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    if working.done():
        return working.result()
    working.cancel()
    await asyncio.wait((working,))
    return None


async def _deploy(
    stack: Stack | None, emulator: Emulator, made: Callable[[Made], None] | None
) -> Iterable[str]:
    """Deploys the stack, if there is one, and returns what is to be said of it.

    With `made`, which hears of everything that is to be deleted again, under names of its own.
    """
    if stack is None:
        return ["No stack is deployed: there is no stack.yaml here, and --stack names none."]
    own = stack if made is None else apart(stack, secrets.token_hex(3), passing=PASSING)
    deployment = await _provision(own, emulator.endpoint, made or _forgotten)
    await _prewarm(own, emulator)
    wanted = read_configuration(own.api.gateway_configuration())
    emulator.gateway.configure(settings=wanted.settings, quotas=wanted.quotas)
    emulator.dynamodb.configure(read_settings(own.dynamodb.over()))
    return _deployed(own, deployment)


async def _provision(stack: Stack, endpoint: str, made: Callable[[Made], None]) -> Deployment:
    return await to_its_end(
        lambda: provision(
            stack,
            client=partial(emulator_client, endpoint=endpoint, region=stack.region),
            urls=partial(emulator_urls, endpoint),
            code=hot_reload_code,
            made=made,
        )
    )


async def _prewarm(stack: Stack, emulator: Emulator) -> None:
    """DeploymentFailed when handlers cannot start."""
    failures: dict[str, BaseException | None] = {}
    for name in stack.functions:
        error = await emulator.functions.prewarm(stack.function_name(name), stack.prewarm(name))
        if isinstance(error, bytes):
            failures[name] = does_not_start(stack.function_name(name), error)
    refuse_to_start(stack, failures)


def _forgotten(_: Made) -> None:
    return None


def _elsewhere(services: Mapping[str, str]) -> Iterator[str]:
    yield from (
        f"  {service:<14} {endpoint}, for as long as this runs" for service, endpoint in services.items()
    )


def _deployed(stack: Stack, deployment: Deployment) -> Iterator[str]:
    """A line per resource, never folded, so that each can be copied."""
    yield f"  WebSocket      {deployment.url}"
    yield f"  with TLS       {_secure(deployment.url)}"
    yield f"  @connections   {deployment.management_endpoint}"
    yield from (f"  topic          {deployment.topic_arn(name)}" for name in stack.topics)
    yield from (f"  table          {deployment.table_name(name)}" for name in stack.tables)
    yield from (f"  function       {stack.function_name(name)}" for name in stack.functions)
    yield ""
    yield f"Connect a client:      python -m websockets {deployment.url}"


def _how_to_connect(endpoint: str, region: str) -> Iterator[str]:
    yield "Point any AWS tool here:"
    yield (
        f"  export AWS_ENDPOINT_URL={endpoint} AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test"
        f" AWS_DEFAULT_REGION={region}"
    )


def _how_to_trust(authority: Authority) -> Iterator[str]:
    yield f"Clients of https:// and wss:// have to trust {authority.ca_file} (GET /_harness/ca.pem too):"
    yield (
        f"  export NODE_EXTRA_CA_CERTS={authority.ca_file} AWS_CA_BUNDLE={authority.bundle_file}"
        f" SSL_CERT_FILE={authority.bundle_file}"
    )


def _secure(url: str) -> str:
    """The same address by TLS: `https` for `http`, `wss` for `ws`."""
    scheme, _, rest = url.partition("://")
    return f"{scheme}s://{rest}"
