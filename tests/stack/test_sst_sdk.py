"""Links as SST's own SDK reads them, in functions that run: `import { Resource } from "sst"`, unedited."""

import base64
import io
import json
import shutil
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from harness.stack.model import Api, Function, Route, Stack, Table, Topic
from harness.stack.provision import Deployment
from harness.testbed import deploy
from tests.patience import WAIT
from tests.small_api import an_emulator

PACKAGES = Path(__file__).parents[2] / "examples/typescript/node_modules"
ROLE = "arn:aws:iam::000000000000:role/lambda"
RUNTIME = "nodejs20.x"

pytestmark = [
    pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed"),
    pytest.mark.skipif(
        not (PACKAGES / "sst").is_dir(), reason="run `npm ci --omit=optional` in examples/typescript"
    ),
]

# What a function finds under a name, or what SST says of it.
RESOURCE = """
import { Resource } from 'sst';
export const handler = async (name) => {
  try {
    return Resource[name];
  } catch (error) {
    return error.message;
  }
};
"""
ENVIRONMENT = """
export const handler = async () =>
  Object.fromEntries(Object.entries(process.env).filter(([name]) => name.startsWith('SST_')));
"""
LATE = """
import { Resource } from 'sst';
process.env.SST_RESOURCE_Late = '{"name":"late"}';
export const handler = async (name) => {
  try {
    return Resource[name];
  } catch (error) {
    return error.message;
  }
};
"""
EARLY = """
process.env.SST_RESOURCE_Early = '{"name":"early"}';
globalThis.$SST_LINKS = { Rows: { name: 'global' }, Global: { name: 'global' } };
const { Resource } = await import('sst');
export const handler = async (name) => Resource[name];
"""
# Bundlers of SST put the decrypted file here; the file itself is not there then.
DATA = """
process.env.SST_KEY_FILE = 'there-is-no-such-file.enc';
process.env.SST_KEY = 'AAAA';
globalThis.SST_KEY_FILE_DATA = { Rows: { name: 'data' } };
const { Resource } = await import('sst');
export const handler = async (name) => Resource[name];
"""
SEEN = """
import os
import boto3

table = boto3.resource("dynamodb").Table(os.environ["TABLE"])

def handler(event, context):
    for record in event["Records"]:
        table.put_item(Item={"id": record["Sns"]["Message"]})
"""
SOURCES = {
    "resource.mjs": RESOURCE,
    "environment.mjs": ENVIRONMENT,
    "late.mjs": LATE,
    "early.mjs": EARLY,
    "data.mjs": DATA,
    "seen.py": SEEN,
}
ROWS = {"name": "Rows", "type": "sst:aws:Dynamo"}
NOT_LINKED = '"{}" is not linked in your sst.config.ts to sst-{}'
JSON = json.dumps({"Rows": {"name": "json"}, "OnlyJson": {"name": "json"}})


def a_function(code: Path, source: str, **fields: Any) -> Function:
    return Function(handler=f"{source}.handler", runtime=RUNTIME, code=code, timeout=20, **fields)


def functions(code: Path) -> dict[str, Function]:
    linked: dict[str, Any] = {"links": {"Rows": "tables.rows", "News": "topics.news", "Ws": "api"}}
    return {
        "variables": a_function(code, "resource", **linked),
        "dev": a_function(code, "environment", **linked, link_style="dev"),
        "file": a_function(code, "resource", **linked, link_style="file"),
        "deployed": a_function(code, "environment", **linked, link_style="file"),
        "unlinked": a_function(code, "resource"),
        "late": a_function(code, "late", **linked),
        "early": a_function(code, "early", **linked),
        "data": a_function(code, "data", **linked),
        "json": a_function(code, "resource", **linked, environment={"SST_RESOURCES_JSON": JSON}),
        "all": a_function(
            code,
            "resource",
            **linked,
            link_style="file",
            environment={"SST_RESOURCES_JSON": JSON, "SST_RESOURCE_Rows": '{"name":"variable"}'},
        ),
        "seen": Function(
            handler="seen.handler",
            code=code,
            environment={"TABLE": "${tables.rows.name}"},
            subscribed_to=("news",),
        ),
    }


@dataclass(frozen=True, slots=True)
class Deployed:
    """A stack as SST deploys it, and boto3's clients."""

    client: Callable[[str], Any]
    deployment: Deployment
    quiet: Callable[[], bool]

    def resource(self, function: str, name: str) -> object:
        """What a function finds under a name, or SST's message."""
        return self.invoke(f"sst-{function}", name)

    def invoke(self, function: str, payload: object = None) -> object:
        answer = self.client("lambda").invoke(FunctionName=function, Payload=json.dumps(payload))
        value = json.load(answer["Payload"])
        assert "FunctionError" not in answer, value
        return value


@pytest.fixture(scope="module")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployed]:
    code = tmp_path_factory.mktemp("code")
    for name, source in SOURCES.items():
        (code / name).write_text(source)
    stack = Stack(
        name="sst",
        tables={"rows": Table(name="Rows", hash_key="id")},
        topics={"news": Topic(name="News")},
        functions=functions(code),
        api=Api(
            name="sst",
            stage="$default",
            routes={
                "$connect": Route(function="seen", authorization="AWS_IAM"),
                "$default": Route(function="seen"),
            },
        ),
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FANOUT_HARNESS_NODE_MODULES", str(PACKAGES))
        with an_emulator() as (backend, runner):
            testbed = runner.run(deploy(stack, backend))
            yield Deployed(
                backend.client, testbed.deployment, lambda: runner.run(testbed.backend.quiet(WAIT))
            )


@pytest.mark.aws("T3-1", "T3-2", "T3-3", "T3-5", "T3-9", "T3-10", "T3-11")
@pytest.mark.parametrize("function", ["variables", "file"])
def test_resource_is_what_is_linked(deployed: Deployed, function: str) -> None:
    deployment = deployed.deployment
    assert deployed.resource(function, "App") == {"name": "sst", "stage": "dev"}
    assert deployed.resource(function, "Rows") == ROWS
    assert deployed.resource(function, "News") == {
        "arn": deployment.topic_arn("news"),
        "type": "sst:aws:SnsTopic",
    }
    assert deployed.resource(function, "Ws") == {
        "url": deployment.url,
        "managementEndpoint": deployment.management_endpoint,
        "type": "sst:aws:ApiGatewayWebSocket",
    }


@pytest.mark.aws("T3-3")
def test_a_deployed_function_has_links_in_no_variable(deployed: Deployed) -> None:
    variables = deployed.resource("deployed", "")
    assert isinstance(variables, dict)
    assert sorted(variables) == ["SST_KEY", "SST_KEY_FILE", "SST_RESOURCE_App"]
    assert json.loads(variables["SST_RESOURCE_App"]) == {"name": "sst", "stage": "dev"}


@pytest.mark.aws("T3-2", "T3-3", "T3-14")
def test_a_bundle_with_its_encrypted_file_runs_as_sst_packs_it(deployed: Deployed) -> None:
    """Zip, handler and variables are made here as SST makes them, by no code of the harness."""
    key = bytes(range(32))
    links = json.dumps({"Rows": {"name": "packed", "type": "sst:aws:Dynamo"}}).encode()
    packed = {
        "dist/bundle.mjs": RESOURCE.encode(),
        "resource.enc": AESGCM(key).encrypt(bytes(12), links, None),
    }
    variables = {
        "SST_RESOURCE_App": '{"name":"packed","stage":"prod"}',
        "SST_KEY": base64.b64encode(key).decode(),
        "SST_KEY_FILE": "resource.enc",
    }

    created = deployed.client("lambda").create_function(
        FunctionName="packed",
        Runtime=RUNTIME,
        Role=ROLE,
        Handler="dist/bundle.handler",
        Code={"ZipFile": zipped(packed)},
        Timeout=20,
        MemorySize=1024,
        Environment={"Variables": variables},
    )

    assert deployed.invoke("packed", "Rows") == {"name": "packed", "type": "sst:aws:Dynamo"}
    assert deployed.invoke("packed", "App") == {"name": "packed", "stage": "prod"}
    assert (created["Timeout"], created["MemorySize"], created["Architectures"]) == (20, 1024, ["x86_64"])


def zipped(files: Mapping[str, bytes]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return packed.getvalue()


@pytest.mark.aws("T3-2")
def test_decrypted_data_takes_the_place_of_the_file(deployed: Deployed) -> None:
    assert deployed.resource("data", "Rows") == {"name": "data"}


@pytest.mark.aws("T3-4")
def test_under_sst_dev_code_is_told_so(deployed: Deployed) -> None:
    variables = deployed.resource("dev", "")
    assert isinstance(variables, dict)
    assert (variables["SST_LIVE"], variables["SST_DEV"]) == ("true", "true")
    assert json.loads(variables["SST_RESOURCE_Rows"]) == ROWS


@pytest.mark.aws("T3-6")
@pytest.mark.parametrize("function", ["variables", "file"])
def test_what_is_not_linked_is_told_with_the_functions_name(deployed: Deployed, function: str) -> None:
    assert deployed.resource(function, "Nothing") == NOT_LINKED.format("Nothing", function)


@pytest.mark.aws("T3-6")
def test_a_function_without_links_is_told_that_none_are_active(deployed: Deployed) -> None:
    message = deployed.resource("unlinked", "Rows")
    assert str(message).startswith("It does not look like SST links are active. ")


@pytest.mark.aws("T3-7")
def test_links_are_read_once_when_the_sdk_is_imported(deployed: Deployed) -> None:
    assert deployed.resource("late", "Late") == NOT_LINKED.format("Late", "late")
    assert deployed.resource("late", "Rows") == ROWS
    assert deployed.resource("early", "Early") == {"name": "early"}


@pytest.mark.aws("T3-1", "T3-8")
@pytest.mark.parametrize(
    ("function", "name", "value"),
    [
        pytest.param("early", "Global", {"name": "global"}, id="a global is a link"),
        pytest.param("early", "Rows", ROWS, id="a variable wins over the global"),
        pytest.param("json", "OnlyJson", {"name": "json"}, id="one JSON of all links"),
        pytest.param("json", "Rows", ROWS, id="a variable wins over the JSON"),
        pytest.param("all", "OnlyJson", {"name": "json"}, id="the JSON beside a file"),
        pytest.param("all", "Rows", ROWS, id="the file wins over all"),
    ],
)
def test_which_of_several_sources_wins(
    deployed: Deployed, function: str, name: str, value: dict[str, str]
) -> None:
    assert deployed.resource(function, name) == value


@pytest.mark.aws("T3-13")
def test_the_api_is_as_ssts(deployed: Deployed) -> None:
    apis, api_id = deployed.client("apigatewayv2"), deployed.deployment.api_id
    routes = {route["RouteKey"]: route for route in apis.get_routes(ApiId=api_id)["Items"]}

    assert apis.get_api(ApiId=api_id)["RouteSelectionExpression"] == "$request.body.action"
    assert apis.get_stage(ApiId=api_id, StageName="$default")["AutoDeploy"] is True
    assert routes["$connect"]["AuthorizationType"] == "AWS_IAM"
    assert [key for key, route in routes.items() if "RouteResponseSelectionExpression" in route] == []
    assert deployed.deployment.url.endswith("/$default")
    with pytest.raises(InvalidStatus) as refused:
        connect(deployed.deployment.url, open_timeout=WAIT)
    assert refused.value.response.status_code == 403


@pytest.mark.aws("T3-15")
def test_a_subscriber_is_a_lambda_subscription_that_may_have_a_filter_policy(deployed: Deployed) -> None:
    sns, topic = deployed.client("sns"), deployed.deployment.topic_arn("news")
    (subscription,) = sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]
    assert subscription["Protocol"] == "lambda"
    assert subscription["Endpoint"] == deployed.deployment.outputs["functions.seen.arn"]

    sns.set_subscription_attributes(
        SubscriptionArn=subscription["SubscriptionArn"],
        AttributeName="FilterPolicy",
        AttributeValue='{"kind":["trade"]}',
    )
    for kind in ("depth", "trade"):
        attributes = {"kind": {"DataType": "String", "StringValue": kind}}
        sns.publish(TopicArn=topic, Message=kind, MessageAttributes=attributes)
    assert deployed.quiet()

    rows = deployed.client("dynamodb").scan(TableName="Rows")["Items"]
    assert rows == [{"id": {"S": "trade"}}]
