"""Functions in Node with AWS's own SDKs for JavaScript, deployed and invoked through boto3."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config

from harness.stack.model import Api, Function, Route, Stack
from harness.testbed import deploy
from tests.small_api import an_emulator

PACKAGES = Path(__file__).parents[2] / "contract/sdk/node_modules"
NOBODY = "L0SM9cOFvHcCIhw="

pytestmark = [
    pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed"),
    pytest.mark.skipif(not (PACKAGES / "aws-sdk").is_dir(), reason="run `npm ci` in tests/contract/sdk"),
]

# Both post to a connection that is gone, and return what code under test looks at.
V3 = """
import { ApiGatewayManagementApi, GoneException } from '@aws-sdk/client-apigatewaymanagementapi';
const api = new ApiGatewayManagementApi({ endpoint: process.env.WS_API_ENDPOINT });
export const handler = async ({ connection }) => {
  try {
    await api.postToConnection({ ConnectionId: connection, Data: 'x' });
  } catch (error) {
    return {
      statusCode: error.statusCode, name: error.name, status: error.$metadata.httpStatusCode,
      gone: error instanceof GoneException, fault: error.$fault,
    };
  }
};
"""
V2 = """
const { ApiGatewayManagementApi } = require('aws-sdk');
const api = new ApiGatewayManagementApi({ endpoint: process.env.WS_API_ENDPOINT });
exports.handler = ({ connection }, context, callback) => {
  api.postToConnection({ ConnectionId: connection, Data: 'x' }, (error) => {
    callback(null, { statusCode: error.statusCode, code: error.code });
  });
};
"""
LINKED = """
const api = JSON.parse(process.env.SST_RESOURCE_Ws);
export const handler = async () => [api.url === process.env.WS_URL, JSON.parse(process.env.SST_RESOURCE_App)];
"""
TYPESCRIPT = V3.replace("{ connection }", "{ connection }: { connection: string }")


@pytest.fixture(scope="module")
def functions(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """boto3's Lambda client, with the functions above deployed."""
    folder = tmp_path_factory.mktemp("code")
    for name, source in {"v3.mjs": V3, "v2.js": V2, "typed.ts": TYPESCRIPT, "linked.mjs": LINKED}.items():
        (folder / name).write_text(source)
    environment = {"WS_API_ENDPOINT": "${api.management_endpoint}", "WS_URL": "${api.url}"}
    stack = Stack(
        name="node",
        functions={
            name: Function(
                handler=f"{name}.handler",
                runtime="nodejs22.x",
                code=folder,
                name=name,
                timeout=20,
                environment=environment,
                links={"Ws": "api"} if name == "linked" else {},
            )
            for name in ("v3", "v2", "typed", "linked")
        },
        api=Api(name="node", routes={"$default": Route(function="v3")}),
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FANOUT_HARNESS_NODE_MODULES", str(PACKAGES))
        with an_emulator() as (backend, runner):
            runner.run(deploy(stack, backend))
            yield boto3.client(
                "lambda",
                endpoint_url=backend.endpoint,
                region_name=stack.region,
                aws_access_key_id="k",
                aws_secret_access_key="s",
                config=Config(retries={"total_max_attempts": 1}, read_timeout=30),
            )


def invoke(functions: Any, name: str) -> object:
    answer = functions.invoke(FunctionName=name, Payload=json.dumps({"connection": NOBODY}))
    payload = json.load(answer["Payload"])
    assert "FunctionError" not in answer, payload
    return payload


@pytest.mark.aws("K-6", "K-7")
@pytest.mark.parametrize("name", ["v3", "typed"])
def test_sdk_v3_in_a_function_has_no_status_code_on_the_error(functions: Any, name: str) -> None:
    assert invoke(functions, name) == {
        "name": "GoneException",
        "status": 410,
        "gone": True,
        "fault": "client",
    }


@pytest.mark.aws("K-10")
def test_sdk_v2_in_a_function_has_one(functions: Any) -> None:
    assert invoke(functions, "v2") == {"statusCode": 410, "code": "GoneException"}


@pytest.mark.aws("T3-1", "T3-9")
def test_function_finds_its_links(functions: Any) -> None:
    assert invoke(functions, "linked") == [True, {"name": "node", "stage": "dev"}]
