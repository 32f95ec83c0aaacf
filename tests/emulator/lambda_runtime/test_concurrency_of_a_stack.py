"""What a stack.yaml says of concurrency, as each caller of a function meets it."""

import asyncio
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import boto3
import pytest
from botocore.config import Config
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from harness.backends.embedded import EmbeddedBackend
from harness.errors import DeploymentFailed
from harness.stack.model import Api, Execution, Function, Route, Stack
from harness.testbed import deploy
from tests.patience import WAIT
from tests.small_api import ECHO, small_api


@pytest.mark.aws("L-8", "L-28", "L-29", assumed=True)
def test_an_account_without_concurrency_runs_nothing(tmp_path: Path) -> None:
    execution = Execution(account_concurrency=0)
    with small_api(tmp_path, {"$connect": "echo"}, {"echo": ECHO}, execution=execution) as api:
        client = an_impatient_client(api.endpoint)
        with pytest.raises(client.exceptions.TooManyRequestsException) as throttled:
            client.invoke(FunctionName="small-echo", Payload=b"{}")
        assert throttled.value.response["Reason"] == "ConcurrentInvocationLimitExceeded"
        accepted = client.invoke(FunctionName="small-echo", Payload=b"{}", InvocationType="Event")
        assert (accepted["StatusCode"], accepted["Payload"].read()) == (202, b""), "and tried again later"
        with pytest.raises(InvalidStatus) as refused, connect(api.url, open_timeout=WAIT):
            pass
        assert refused.value.response.status_code == 500
        with urlopen(f"{api.endpoint}/_harness/logs?function=small-echo", timeout=WAIT) as log:
            assert log.read() == b""
        client.close()


def an_impatient_client(endpoint: str) -> Any:
    """A client that does not try again what was throttled."""
    return boto3.client(
        "lambda",
        endpoint_url=endpoint,
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=Config(retries={"total_max_attempts": 1}),
    )


def a_stack(count: int, folder: Path, **members: Any) -> Stack:
    """A stack of so many functions; `members` are each function's."""
    functions = {f"f{n}": Function(handler=f"f{n}.handler", code=folder, **members) for n in range(count)}
    return Stack(name="s", functions=functions, api=Api(name="s", routes={"$connect": Route(function="f0")}))


@pytest.mark.parametrize(
    ("count", "members", "kept"),
    [
        pytest.param(16, {}, 1, id="few functions"),
        pytest.param(17, {}, 0, id="many functions"),
        pytest.param(17, {"prewarm": 2}, 2, id="many that ask for it"),
        pytest.param(1, {"prewarm": 0}, 0, id="one that wants none"),
    ],
)
def test_a_few_functions_keep_an_idle_environment(
    count: int, members: dict[str, int], kept: int, tmp_path: Path
) -> None:
    assert a_stack(count, tmp_path, **members).prewarm("f0") == kept


def test_one_of_many_functions_that_cannot_start_is_named(tmp_path: Path) -> None:
    for n in range(17):
        (tmp_path / f"f{n}.py").write_text("import nothing_of_this_name\n" if n == 11 else ECHO)

    async def test() -> None:
        async with EmbeddedBackend(region="us-east-1") as backend:
            with pytest.raises(DeploymentFailed, match=r"'s-f11' does not start: Runtime\.ImportModuleError"):
                await deploy(a_stack(17, tmp_path), backend)

    asyncio.run(test())
