"""Templates through every door: the command, pytest, Python; deployed, and not only read."""

import json
import re
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from harness.live import live_stack
from tests.end_to_end.command import HERE, ROOT, Command, Ended
from tests.end_to_end.test_readme import write_the_readmes_files

QUICK = str(HERE / "order.yaml")
KEEPER = """
import json, os
import boto3

table = boto3.resource("dynamodb").Table(os.environ["TABLE"])

def keep(event, context):
    for record in event["Records"]:
        table.put_item(Item={"id": json.loads(record["Sns"]["Message"])["eventId"]})
"""

TELLER = """
import json, os
import boto3

table = boto3.resource("dynamodb").Table(os.environ["TABLE"])
queue = boto3.client("sqs")

def ruled(event, context):
    queue.send_message(QueueUrl=os.environ["JOBS"], MessageBody=json.dumps({"ruled": event["market"]}))

def work(event, context):
    for record in event["Records"]:
        body = json.loads(record["body"])
        table.put_item(Item={"id": f"ruled: {body['ruled']}" if "ruled" in body else f"queued: {body['type']}"})

def follow(event, context):
    for record in event["Records"]:
        table.put_item(Item={"id": "changed: " + record["dynamodb"]["Keys"]["id"]["S"]})
"""
TELLING = """
Transform: AWS::Serverless-2016-10-31
Globals:
  Function:
    CodeUri: .
    Runtime: python3.11
    Environment: {Variables: {TABLE: !Ref Told, JOBS: !Ref Jobs}}
Resources:
  Told:
    Type: AWS::DynamoDB::Table
    Properties:
      TableName: Told
      KeySchema: [{AttributeName: id, KeyType: HASH}]
      AttributeDefinitions: [{AttributeName: id, AttributeType: S}]
      StreamSpecification: {StreamViewType: KEYS_ONLY}
  News: {Type: AWS::SNS::Topic}
  Jobs: {Type: AWS::SQS::Queue}
  Trades:
    Type: AWS::SNS::Subscription
    Properties:
      TopicArn: !Ref News
      Protocol: sqs
      Endpoint: !GetAtt Jobs.Arn
      RawMessageDelivery: true
      FilterPolicy: {type: [trade]}
      FilterPolicyScope: MessageBody
  Ruled:
    Type: AWS::Serverless::Function
    Properties:
      Handler: app.ruled
      Events:
        Halt: {Type: EventBridgeRule, Properties: {Pattern: {source: [matcher]}, InputPath: $.detail}}
  Work:
    Type: AWS::Serverless::Function
    Properties:
      Handler: app.work
      Events:
        Job: {Type: SQS, Properties: {Queue: !GetAtt Jobs.Arn}}
  Follow:
    Type: AWS::Serverless::Function
    Properties:
      Handler: app.follow
      Events:
        Change:
          Type: DynamoDB
          Properties:
            Stream: !GetAtt Told.StreamArn
            StartingPosition: TRIM_HORIZON
            FilterCriteria:
              Filters: [{Pattern: '{"dynamodb":{"Keys":{"id":{"S":[{"anything-but":{"prefix":"changed"}}]}}}}'}]
  Chat:
    Type: AWS::Serverless::WebSocketApi
    Properties:
      RouteSelectionExpression: $request.body.action
      StageName: live
      Routes: {$connect: {FunctionArn: !GetAtt Ruled.Arn}}
"""


def test_the_projects_template_carries_a_scenario(harness: Callable[..., Ended], tmp_path: Path) -> None:
    ended = harness("run", "--stack", "template.yaml", "--runs", str(tmp_path / "runs"), QUICK)
    assert (ended.exit_code, ended.stderr) == (0, "")
    assert "1 passed, 0 failed, 0 unknown" in ended.stdout


def test_the_pages_example_passes(harness: Callable[..., Ended], tmp_path: Path) -> None:
    write_the_readmes_files(tmp_path)
    (tmp_path / "stack.yaml").unlink()
    page = (ROOT / "docs/templates.md").read_text()
    (example,) = re.findall(r"^`template.yaml`:\n\n```yaml\n(.*?)```", page, re.DOTALL | re.MULTILINE)
    (tmp_path / "template.yaml").write_text(example)
    scenario = tmp_path / "scenarios/rooms-are-apart.yaml"
    scenario.write_text(scenario.read_text().replace("p99 < 10s", "p99 < 60s"))  # routing is the point here

    ended = harness("run", "--stack", "template.yaml", cwd=tmp_path)

    assert (ended.exit_code, ended.stderr) == (0, ""), ended.stdout
    assert "1 passed, 0 failed, 0 unknown" in ended.stdout


def test_what_is_left_out_is_told_beside_the_output(harness: Callable[..., Ended], tmp_path: Path) -> None:
    template = _keepers_template()
    template["Resources"]["Assets"] = {"Type": "AWS::S3::Bucket"}
    file = _written(template, tmp_path)
    ended = harness("list", "--json", "--stack", str(file), QUICK)
    assert ended.exit_code == 0
    assert json.loads(ended.stdout)[0]["file"] == QUICK
    (notice,) = ended.stderr.splitlines()
    assert re.fullmatch(rf"harness: {file}:\d+: Assets: is not deployed here \(AWS::S3::Bucket\)", notice)


@pytest.mark.parametrize(
    ("parameters", "told"),
    [
        pytest.param(
            ["StageNam=dev"], "the template has no parameter 'StageNam'; did you mean", id="stranger"
        ),
        pytest.param(
            ["ConnectionLookup=guess"],
            "parameter 'ConnectionLookup' must be one of query, scan, not 'guess'",
            id="not allowed",
        ),
        pytest.param(["StageName"], "--parameter StageName: write KEY=VALUE", id="no value"),
    ],
)
def test_a_wrong_parameter_is_one_message(
    harness: Callable[..., Ended], parameters: list[str], told: str
) -> None:
    words = [word for one in parameters for word in ("--parameter", one)]
    ended = harness("run", "--stack", "template.yaml", *words, QUICK)
    assert ended.exit_code == 2
    assert re.fullmatch(r"(summary\.json, junit\.xml: \S+\n)?", ended.stdout), ended.stdout
    (message,) = ended.stderr.splitlines()
    assert told in message


def test_up_deploys_a_template(start: Callable[..., Command]) -> None:
    command = start("up", "--stack", "template.yaml", "--parameter", "StageName=dev", "--port", "0")
    said = command.wait_for("Ctrl-C stops it")
    command.send(signal.SIGTERM)
    assert command.end().exit_code == 0
    assert re.search(r"ws://127\.0\.0\.1:\d+/_aws/execute-api/\w+/dev\b", said)


def test_a_deployed_template_keeps_to_its_filter_policy(tmp_path: Path) -> None:
    file = _written(_keepers_template(), tmp_path)
    with live_stack(file) as stack:
        kept = stack.publish({"type": "trade", "market": "BTC-PERP"})
        stack.publish({"type": "depth", "market": "BTC-PERP"})
        stack.settle()
        rows: Any = stack.aws("dynamodb").scan(TableName="Kept")  # type: ignore[attr-defined]
        names = stack.aws("lambda").list_functions()["Functions"]  # type: ignore[attr-defined]
    assert rows["Items"] == [{"id": {"S": kept}}]
    assert [one["FunctionName"] for one in names] == ["keeper-Keeper0A1B-RKH5ARABIVGW"]


def test_a_deployed_template_carries_what_queues_streams_and_rules_bring(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(TELLER)
    file = tmp_path / "template.yaml"
    file.write_text(TELLING)
    with live_stack(file) as stack:
        events: Any = stack.aws("events")
        stack.publish({"type": "trade", "market": "BTC-PERP"})
        stack.publish({"type": "depth", "market": "BTC-PERP"})
        events.put_events(Entries=[{"Source": "matcher", "DetailType": "halt", "Detail": '{"market":"x"}'}])
        stack.settle()
        rows: Any = stack.aws("dynamodb").scan(TableName="Told")  # type: ignore[attr-defined]
    assert sorted(row["id"]["S"] for row in rows["Items"]) == [
        "changed: queued: trade",
        "changed: ruled: x",
        "queued: trade",
        "ruled: x",
    ]


def _written(template: dict[str, Any], folder: Path) -> Path:
    asset = folder / "asset.1f"
    asset.mkdir()
    (asset / "index.py").write_text(KEEPER)
    file = folder / "keeper.template.json"
    file.write_text(json.dumps(template, indent=1))
    return file


def _keepers_template() -> dict[str, Any]:
    """As CDK would write it: a function that keeps the trades of a topic, and an API that it is connected to."""
    functions = "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions"
    uri = {"Fn::Sub": f"{functions}/${{Keeper0A1B.Arn}}/invocations"}
    api = {"Ref": "Api"}
    resources = {
        "Kept": (
            "AWS::DynamoDB::Table",
            {
                "TableName": "Kept",
                "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
                "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
            },
        ),
        "Events": ("AWS::SNS::Topic", {}),
        "Trades": (
            "AWS::SNS::Subscription",
            {
                "Protocol": "lambda",
                "TopicArn": {"Ref": "Events"},
                "Endpoint": {"Fn::GetAtt": ["Keeper0A1B", "Arn"]},
                "FilterPolicy": {"type": ["trade"]},
                "FilterPolicyScope": "MessageBody",
            },
        ),
        "Keeper0A1B": (
            "AWS::Lambda::Function",
            {
                "Code": {"S3Bucket": "assets", "S3Key": "1f.zip"},
                "Handler": "index.keep",
                "Runtime": "python3.11",
                "Timeout": 20,
                "Environment": {"Variables": {"TABLE": {"Ref": "Kept"}}},
            },
        ),
        "Api": ("AWS::ApiGatewayV2::Api", {"Name": "keeper", "ProtocolType": "WEBSOCKET"}),
        "Stage": ("AWS::ApiGatewayV2::Stage", {"ApiId": api, "StageName": "live", "AutoDeploy": True}),
        "Route": (
            "AWS::ApiGatewayV2::Route",
            {"ApiId": api, "RouteKey": "$default", "Target": {"Fn::Sub": "integrations/${Integration}"}},
        ),
        "Integration": (
            "AWS::ApiGatewayV2::Integration",
            {"ApiId": api, "IntegrationType": "AWS_PROXY", "IntegrationUri": uri},
        ),
    }
    template: dict[str, Any] = {
        "Resources": {
            logical_id: {"Type": kind, "Properties": properties}
            for logical_id, (kind, properties) in resources.items()
        }
    }
    template["Resources"]["Keeper0A1B"]["Metadata"] = {"aws:asset:path": "asset.1f"}
    return template
