"""Functions that name AWS as they would there, unedited, and what they reach."""

import json
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from websockets.sync.client import connect

from harness.backends.embedded import EmbeddedBackend
from harness.emulator.lambda_runtime.bootstrap.aws_names import is_aws_name
from harness.stack.model import Api, Function, Route, Stack
from harness.testbed import deploy
from tests.patience import WAIT
from tests.small_api import an_emulator

DEAD_PROXY = "http://127.0.0.1:9"

# What is found at an address; every emulator says that it is one.
PROBE = """
import asyncio, http.client, json, os, socket, ssl, urllib.error, urllib.request
import boto3

HEALTH = b"GET /_harness/health HTTP/1.1\\r\\nHost: h\\r\\nConnection: close\\r\\n\\r\\n"

def management_endpoint(way, told):
    return {
        "domainName": f"https://{told['domainName']}/{told['stage']}",
        "by hand": f"https://{told['apiId']}.execute-api.{os.environ['AWS_REGION']}.amazonaws.com/{told['stage']}",
        "environment": os.environ["WS_API_ENDPOINT"],
    }[way]

def post(event, context):
    told = event["requestContext"]
    if told["eventType"] == "MESSAGE":
        url = management_endpoint(event["body"], told)
        api = boto3.client("apigatewaymanagementapi", endpoint_url=url)
        api.post_to_connection(ConnectionId=told["connectionId"], Data=url.encode())
    return {"statusCode": 200}

def by_urllib(url):
    try:
        with urllib.request.urlopen(url, timeout=10) as answer:
            return json.load(answer)["status"]
    except urllib.error.HTTPError as error:
        return [error.code, error.headers["x-amzn-errortype"]]

def by_boto3(service, operation, arguments):
    os.environ.pop("AWS_ENDPOINT_URL", None)
    client = boto3.client(service)
    answer = getattr(client, operation)(**arguments)
    answer.pop("ResponseMetadata")
    return [client.meta.endpoint_url, json.loads(json.dumps(answer, default=str))]

def by_bucket(name):
    os.environ.pop("AWS_ENDPOINT_URL", None)
    client = boto3.client("s3")
    client.create_bucket(Bucket=name)
    client.put_object(Bucket=name, Key="k", Body=b"stored")
    return client.get_object(Bucket=name, Key="k")["Body"].read().decode()

def by_asyncio(host):
    async def ask():
        reader, writer = await asyncio.open_connection(host, 443, ssl=True)
        writer.write(HEALTH)
        answer = await reader.read()
        writer.close()
        await writer.wait_closed()
        return json.loads(answer.partition(b"\\r\\n\\r\\n")[2])["status"]
    return asyncio.run(ask())

def by_address(name, how):
    address = {
        "getaddrinfo": lambda: socket.getaddrinfo(name, "https", type=socket.SOCK_STREAM)[0][4],
        "gethostbyname": lambda: (socket.gethostbyname(name), 443),
        "bytes": lambda: socket.getaddrinfo(name.encode(), 443, type=socket.SOCK_STREAM)[0][4],
        "no resolution": lambda: (name, 443),
    }[how]()
    with socket.socket() as raw:
        raw.settimeout(10)
        assert raw.connect_ex(address) == 0
        with ssl.create_default_context().wrap_socket(raw, server_hostname=name) as connection:
            connection.sendall(HEALTH)
            answer = http.client.HTTPResponse(connection)
            answer.begin()
            return json.load(answer)["status"]

def by_port(host, port):
    with socket.socket() as raw:
        code = raw.connect_ex((host, port))
    try:
        socket.create_connection((host, port), timeout=10).close()
    except OSError as error:
        return [type(error).__name__, error.errno == code, str(error)]

def probe(event, context):
    return globals()[event["how"]](*event["of"])
"""


@dataclass(frozen=True, slots=True)
class Deployed:
    """The probe, deployed, and the API whose messages it answers with posts."""

    backend: EmbeddedBackend
    url: str
    api_id: str

    def probe(self, how: str, *of: object, function: str = "small-probe") -> Any:
        """What the probe returns inside a function."""
        payload = json.dumps({"how": how, "of": of})
        functions: Any = self.backend.client("lambda")
        answer = functions.invoke(FunctionName=function, Payload=payload)
        found = json.load(answer["Payload"])
        assert "FunctionError" not in answer, found
        return found


@pytest.fixture(scope="module")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployed]:
    folder: Path = tmp_path_factory.mktemp("functions")
    (folder / "app.py").write_text(PROBE)
    proxies = {"HTTPS_PROXY": DEAD_PROXY, "https_proxy": DEAD_PROXY, "HTTP_PROXY": DEAD_PROXY}
    endpoint = {"WS_API_ENDPOINT": "${api.management_endpoint}"}
    stack = Stack(
        name="small",
        functions={
            "post": Function(handler="app.post", code=folder, environment=endpoint, timeout=20),
            "probe": Function(handler="app.probe", code=folder, timeout=20),
            "proxied": Function(handler="app.probe", code=folder, environment=proxies, timeout=20),
        },
        api=Api(
            name="small",
            stage="dev",
            routes={"$default": Route(function="post"), "$connect": Route(function="post")},
        ),
    )
    with an_emulator() as (backend, runner):
        deployment = runner.run(deploy(stack, backend)).deployment
        yield Deployed(backend, deployment.url, deployment.api_id)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        pytest.param("s3.us-west-2.amazonaws.com", True, id="a service"),
        pytest.param("DynamoDB.US-East-1.AmazonAWS.com.", True, id="any case, final dot"),
        pytest.param("sns.cn-north-1.amazonaws.com.cn", True, id="China"),
        pytest.param("lambda.us-east-1.api.aws", True, id="dual stack"),
        pytest.param("x.lambda-url.us-east-1.on.aws", True, id="function URL"),
        pytest.param("amazonaws.com", True, id="the domain itself"),
        pytest.param("169.254.169.254", True, id="instance metadata"),
        pytest.param("169.254.170.2", True, id="container credentials"),
        pytest.param("notamazonaws.com", False, id="another domain"),
        pytest.param("amazonaws.com.evil.example", False, id="AWS's domain inside another"),
        pytest.param("127.0.0.1", False, id="loopback"),
        pytest.param("", False, id="nothing"),
    ],
)
def test_what_is_a_name_of_aws(name: str, expected: bool) -> None:
    assert is_aws_name(name) is expected


@pytest.mark.aws("U-2", "U-8")
@pytest.mark.parametrize("way", ["domainName", "by hand", "environment"])
def test_a_function_posts_to_its_client(deployed: Deployed, way: str) -> None:
    by_name = f"https://{deployed.api_id}.execute-api.us-east-1.amazonaws.com/dev"
    by_path = f"{deployed.backend.endpoint}/_aws/execute-api/{deployed.api_id}/dev"
    with connect(deployed.url, open_timeout=WAIT, close_timeout=WAIT) as client:
        client.send(way)
        assert client.recv(timeout=WAIT) == (by_path if way == "environment" else by_name)


@pytest.mark.aws("U-8")
def test_a_function_posts_by_the_local_name_that_its_client_used(deployed: Deployed) -> None:
    address, _, port = deployed.backend.endpoint.removeprefix("http://").rpartition(":")
    host = f"{deployed.api_id}.execute-api.localhost:{port}"
    with (
        socket.create_connection((address, int(port))) as raw,
        connect(f"ws://{host}/dev", sock=raw, open_timeout=WAIT, close_timeout=WAIT) as client,
    ):
        client.send("domainName")
        assert client.recv(timeout=WAIT) == f"https://{host}/dev"


@pytest.mark.parametrize(
    ("service", "operation", "arguments", "answer"),
    [
        ("dynamodb", "list_tables", {}, {"TableNames": []}),
        ("sqs", "list_queues", {}, {}),
        ("sns", "list_topics", {}, {"Topics": []}),
        ("apigatewayv2", "get_vpc_links", {}, {"Items": []}),
    ],
)
def test_sdks_default_endpoints_lead_to_the_emulator(
    deployed: Deployed, service: str, operation: str, arguments: dict[str, str], answer: object
) -> None:
    host = "apigateway" if service == "apigatewayv2" else service
    expected = [f"https://{host}.us-east-1.amazonaws.com", answer]
    assert deployed.probe("by_boto3", service, operation, arguments) == expected


def test_a_bucket_in_a_host_name_is_found(deployed: Deployed) -> None:
    assert deployed.probe("by_bucket", "a-bucket") == "stored"


def test_a_region_that_nobody_deployed_to_ends_at_the_emulator_too(deployed: Deployed) -> None:
    told = [403, "MissingAuthenticationTokenException"]
    assert deployed.probe("by_urllib", "https://s3.us-west-2.amazonaws.com/") == told


@pytest.mark.parametrize(
    "origin",
    [
        "https://s3.us-west-2.amazonaws.com",
        "http://s3.us-west-2.amazonaws.com",
        "https://sts.amazonaws.com",
        "https://sns.cn-north-1.amazonaws.com.cn",
        "https://lambda.us-east-1.api.aws",
        "http://169.254.169.254",
        "http://169.254.170.2",
    ],
)
@pytest.mark.parametrize("function", ["small-probe", "small-proxied"])
def test_all_of_aws_is_the_emulator(deployed: Deployed, origin: str, function: str) -> None:
    assert deployed.probe("by_urllib", f"{origin}/_harness/health", function=function) == "running"


def test_boto3_asks_no_proxy_for_aws(deployed: Deployed) -> None:
    found = deployed.probe("by_boto3", "dynamodb", "list_tables", {}, function="small-proxied")
    assert found == ["https://dynamodb.us-east-1.amazonaws.com", {"TableNames": []}]


def test_asyncio_connects_to_the_emulator(deployed: Deployed) -> None:
    assert deployed.probe("by_asyncio", "sqs.eu-west-1.amazonaws.com") == "running"


@pytest.mark.parametrize("how", ["getaddrinfo", "gethostbyname", "bytes", "no resolution"])
def test_every_way_to_an_address_leads_to_the_emulator(deployed: Deployed, how: str) -> None:
    assert deployed.probe("by_address", "sqs.eu-west-1.amazonaws.com", how) == "running"


def test_other_ports_of_aws_are_refused(deployed: Deployed) -> None:
    assert deployed.probe("by_port", "x.cache.amazonaws.com", 6379) == [
        "ConnectionRefusedError",
        True,
        "[Errno 111] 127.0.53.1:6379 is AWS, which answers here on ports 80 and 443 only",
    ]


def test_a_function_may_have_a_module_of_the_same_name(deployed: Deployed, tmp_path: Path) -> None:
    (tmp_path / "aws_names.py").write_text("def handler(event, context):\n    return 'the function itself'\n")
    functions: Any = deployed.backend.client("lambda")
    functions.create_function(
        FunctionName="named",
        Runtime="python3.11",
        Role="arn:aws:iam::000000000000:role/r",
        Handler="aws_names.handler",
        Code={"S3Bucket": "hot-reload", "S3Key": str(tmp_path)},
    )
    assert deployed.probe("", function="named") == "the function itself"
