"""`harness up`: AWS alone on one port, with a stack deployed to it, until it is told to stop."""

import asyncio
import signal
from pathlib import Path

from rich.console import Console
from rich.table import Table

from harness.backends.embedded import does_not_start, emulator_client, emulator_urls
from harness.emulator.stack import Emulator
from harness.stack.loader import load_stack
from harness.stack.model import Stack
from harness.stack.provision import Deployment, provision
from harness.testbed import hot_reload_code


async def up(stack_file: Path | None, *, host: str, port: int, console: Console) -> None:
    """Listens, deploys, says how to connect, and returns on SIGINT or SIGTERM with everything ended.

    UsageError for a mistake in the stack file, BackendError when the port is taken, DeploymentFailed when a
    handler cannot start.
    """
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    stack = load_stack(stack_file) if stack_file else None
    async with Emulator(region=stack.region if stack else "us-east-1") as emulator:
        endpoint = await emulator.listen(host, port)
        console.print(f"[bold]AWS[/] is listening on {endpoint}")
        if stack is not None:
            deployment = await _deploy(stack, emulator, endpoint)
            console.print(_deployed(stack, deployment))
        console.print(_how_to_connect(endpoint), markup=False, soft_wrap=True)
        await stop.wait()
        console.print("stopping")


async def _deploy(stack: Stack, emulator: Emulator, endpoint: str) -> Deployment:
    deployment = await asyncio.to_thread(
        provision,
        stack,
        client=lambda service: emulator_client(service, endpoint, stack.region),
        urls=lambda api_id, stage: emulator_urls(endpoint, api_id, stage),
        code=hot_reload_code,
    )
    for name, function in stack.functions.items():
        error = await emulator.functions.prewarm(stack.function_name(name), function.prewarm)
        if isinstance(error, bytes):
            raise does_not_start(name, error)
    return deployment


def _deployed(stack: Stack, deployment: Deployment) -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_row("WebSocket", deployment.url)
    table.add_row("@connections", deployment.management_endpoint)
    for name in stack.topics:
        table.add_row(f"topic {name}", deployment.topic_arn(name))
    for name in stack.tables:
        table.add_row(f"table {name}", deployment.table_name(name))
    table.add_row("functions", ", ".join(stack.function_name(name) for name in stack.functions))
    return table


def _how_to_connect(endpoint: str) -> str:
    return (
        f"\nexport AWS_ENDPOINT_URL={endpoint} AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test"
        " AWS_DEFAULT_REGION=us-east-1\nCtrl-C stops it."
    )
