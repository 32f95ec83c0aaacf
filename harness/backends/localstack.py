"""LocalStack to run on: one that runs already, one in a container, or else a message that says how to start one."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from harness.backends.choice import BackendChoice
from harness.backends.localstack_container import StartedLocalStack, obstacle
from harness.backends.probing import assert_answers
from harness.errors import BackendError

HOW_TO_START = """\
start one and try again:
  make localstack-host                                  without Docker, in a checkout of fanout-harness
  docker compose -f docker-compose.localstack.yml up    with Docker, there too
  pip install 'fanout-harness[localstack]'              with Docker: then a run starts one for itself
or say where it is, with --endpoint-url http://HOST:PORT or LOCALSTACK_HOST=HOST:PORT"""


@asynccontextmanager
async def running_localstack(choice: BackendChoice) -> AsyncIterator[str]:
    """The URL of a LocalStack; one that was started for this ends with the context.

    Nothing is started in the place of one that was named. BackendError when there is none and none can be started.
    """
    if await _answers(choice):
        yield choice.url
        return
    container = StartedLocalStack()
    try:
        yield await asyncio.to_thread(container.start)
    finally:
        await asyncio.to_thread(container.stop)


async def _answers(choice: BackendChoice) -> bool:
    """Whether it runs; BackendError when it does not and nothing may or can be started in its place."""
    try:
        await assert_answers(choice.url, f"LocalStack at {choice.url}", ever=False)
    except BackendError as silent:
        why_not = "" if choice.named else await asyncio.to_thread(obstacle)
        if choice.named or why_not:
            reason = f", and none can be started: {why_not}" if why_not else ""
            raise BackendError(f"{silent}{reason}; {HOW_TO_START}") from silent
        return False
    return True
