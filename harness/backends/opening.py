"""Opening a backend: the one place where the kinds are told apart."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import assert_never

from harness.backends.aws.backend import open_aws
from harness.backends.backend import Backend
from harness.backends.capabilities import Full, Hybrid, Placement, place
from harness.backends.choice import BackendChoice, Kind
from harness.backends.embedded import EmbeddedBackend
from harness.backends.endpoint import EndpointBackend
from harness.backends.hybrid import HybridBackend
from harness.backends.localstack import running_localstack
from harness.backends.probing import probe
from harness.emulator.lambda_runtime.debugging import Debugging
from harness.errors import UsageError
from harness.stack.model import Stack


@asynccontextmanager
async def open_backend(
    choice: BackendChoice, stack: Stack, *, debugging: Debugging | None = None
) -> AsyncIterator[Backend]:
    """A running backend of the chosen kind, for the stack; what was started for it ends with the context.

    `debugging` is of functions that run here, as for EmbeddedBackend; others cannot be debugged. BackendError when
    it does not answer, cannot be started, or can carry nothing of a stack; UsageError where what was said of the
    stack on AWS does not hold.
    """
    region, execution = stack.region, stack.execution.model_dump()
    if choice.kind is Kind.EMBEDDED:
        async with EmbeddedBackend(region=region, execution=execution, debugging=debugging) as embedded:
            yield embedded
        return
    if choice.aws is not None and debugging is not None:
        raise UsageError("--debug: the functions run on AWS, where nothing can stop them")
    if choice.aws is not None:
        yield await asyncio.to_thread(open_aws, choice.aws, stack)
        return
    async with placed(choice, region=region) as placement:
        match placement:
            case Full() if debugging is not None:
                raise UsageError(
                    f"--debug: the functions would run in {placement.answers.where}; with --hybrid they run here"
                )
            case Full():
                yield EndpointBackend(placement, name=choice.kind, region=region)
            case Hybrid():
                there = HybridBackend(
                    placement,
                    name=choice.kind,
                    region=region,
                    execution=execution,
                    debugging=debugging,
                    callback_host=choice.callback_host,
                )
                async with there as hybrid:
                    yield hybrid
            case _:
                assert_never(placement)


@asynccontextmanager
async def placed(choice: BackendChoice, *, region: str) -> AsyncIterator[Placement]:
    """What of a stack goes to the chosen endpoint, while it runs; errors as for `open_backend`."""
    match choice.kind:
        case Kind.LOCALSTACK:
            async with running_localstack(choice) as url:
                yield place(await probe(url, region=region), hybrid=choice.hybrid)
        case Kind.ENDPOINT:
            yield place(await probe(choice.url, region=region), hybrid=choice.hybrid)
        case Kind.AWS:
            raise UsageError(
                "the backend aws is for `harness run` alone, which tells beforehand what a run may cost"
            )
        case Kind.EMBEDDED:
            raise UsageError(f"the backend {choice.kind} is no endpoint; choose localstack or endpoint")
        case _:
            assert_never(choice.kind)
