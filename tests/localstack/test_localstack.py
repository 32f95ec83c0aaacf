"""What only a real LocalStack shows: its own notifications, and its death in the middle."""

import asyncio
import json
import subprocess
from pathlib import Path

import pytest
from websockets.sync.client import connect

from harness.backends.embedded import EmbeddedBackend
from harness.errors import BackendError
from harness.testbed import deploy
from localstack_host.host import processes_of, running
from localstack_host.installation import Installation
from tests.hybrid.conftest import REGION, Hybrid, a_stack
from tests.patience import WAIT


@pytest.mark.aws("S-3", "S-4")
def test_message_attributes_and_subject_reach_a_function_as_from_aws(hybrid: Hybrid) -> None:
    with connect(hybrid.testbed.deployment.url, open_timeout=WAIT) as client:
        hybrid.client("sns").publish(
            TopicArn=hybrid.topic_arn,
            Message="hello",
            Subject="depth",
            MessageAttributes={
                "kind": {"DataType": "String", "StringValue": "depth"},
                "size": {"DataType": "Number", "StringValue": "12.5"},
                "tags": {"DataType": "String.Array", "StringValue": '["a"]'},
                "raw": {"DataType": "Binary", "BinaryValue": b"\x00\x01"},
            },
        )
        sns = json.loads(client.recv(timeout=WAIT))["Records"][0]["Sns"]
    assert sns["Subject"] == "depth"
    assert sns["MessageAttributes"] == {
        "kind": {"Type": "String", "Value": "depth"},
        "size": {"Type": "String", "Value": "12.5"},
        "tags": {"Type": "String", "Value": '["a"]'},
        "raw": {"Type": "Binary", "Value": "AAE="},
    }


def test_a_localstack_that_is_killed_is_told_and_leaves_no_process(
    installation: Installation, tmp_path: Path
) -> None:
    async def scenario(endpoint: str, process: "subprocess.Popen[bytes]") -> str:
        async with EmbeddedBackend(
            region=REGION, elsewhere={"dynamodb": endpoint, "sns": endpoint}
        ) as backend:
            await deploy(a_stack(tmp_path), backend)
            assert await backend.quiet(WAIT)
            process.kill()
            await asyncio.to_thread(process.wait, WAIT)
            with pytest.raises(BackendError) as broken:
                await backend.quiet(WAIT)
            with pytest.raises(BackendError, match="cannot be reached"):
                await backend.seen()
            return str(broken.value)

    with running(installation) as localstack:
        told = asyncio.run(scenario(localstack.endpoint, localstack.process))
    assert told == f"dynamodb and sns at {localstack.endpoint} cannot be reached: Connection refused"
    assert processes_of(localstack.root) == []
    assert not localstack.root.exists()
