"""A small template, and what comes of loading it."""

from collections.abc import Callable
from pathlib import Path
from textwrap import dedent

import pytest

from harness.errors import UsageError
from harness.stack.loader import load_stack
from harness.stack.model import Stack

API = """\
  Api:
    Type: AWS::ApiGatewayV2::Api
    Properties: {ProtocolType: WEBSOCKET, Name: chat, RouteSelectionExpression: $request.body.do}
  Live:
    Type: AWS::ApiGatewayV2::Stage
    Properties: {ApiId: !Ref Api, StageName: live, AutoDeploy: true}
  OnConnect:
    Type: AWS::ApiGatewayV2::Route
    Properties: {ApiId: !Ref Api, RouteKey: $connect, Target: !Sub "integrations/${ToHello}"}
  ToHello:
    Type: AWS::ApiGatewayV2::Integration
    Properties:
      ApiId: !Ref Api
      IntegrationType: AWS_PROXY
      IntegrationUri: !Sub arn:aws:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/${Hello.Arn}/invocations
"""
SERVERLESS = """\
AWSTemplateFormatVersion: "2010-09-09"
Transform: AWS::Serverless-2016-10-31
Globals:
  Function:
    Runtime: nodejs22.x
    Environment: {Variables: {TABLE: !Ref Rooms}}
Resources:
  Chat:
    Type: AWS::Serverless::WebSocketApi
    Properties:
      RouteSelectionExpression: $request.body.action
      StageName: live
      Routes:
        $connect: {FunctionArn: !GetAtt Join.Arn}
        say: {FunctionArn: !GetAtt Say.Arn}
  Rooms:
    Type: AWS::Serverless::SimpleTable
    Properties: {PrimaryKey: {Name: room, Type: String}}
  Messages:
    Type: AWS::SNS::Topic
  Join:
    Type: AWS::Serverless::Function
    Properties: {CodeUri: src/, Handler: join.handler, MemorySize: 1024}
  Say:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: src/
      Handler: say.handler
      Policies: [AmazonDynamoDBReadOnlyAccess, {DynamoDBCrudPolicy: {TableName: !Ref Rooms}}]
      Environment: {Variables: {API: !Sub "https://${Chat}.execute-api.${AWS::Region}.amazonaws.com/live"}}
      Events:
        Messages:
          Type: SNS
          Properties: {Topic: !Ref Messages, FilterPolicy: {kind: [chat]}, FilterPolicyScope: MessageBody}
        Page:
          Type: HttpApi
        Nightly:
          Type: Schedule
          Properties: {Schedule: rate(1 day)}
  Assets:
    Type: AWS::S3::Bucket
  Pages:
    Type: AWS::Serverless::HttpApi
"""

SMALL = f"""\
Resources:
  Hello:
    Type: AWS::Lambda::Function
    Properties:
      FunctionName: hello
      Runtime: python3.12
      Handler: hello.handler
      Code: .
{API}"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The folder `chat`, with a handler in it."""
    folder = tmp_path / "chat"
    folder.mkdir()
    (folder / "hello.py").touch()
    return folder


@pytest.fixture
def load(folder: Path) -> Callable[..., tuple[Stack, list[str]]]:
    """Loads a template, and what was said of it."""

    def load(text: str, file: str = "template.yaml", **parameters: str) -> tuple[Stack, list[str]]:
        notices: list[str] = []
        (folder / file).write_text(text, encoding="utf-8")
        stack = load_stack(folder / file, parameters=parameters, notice=notices.append)
        return stack, [one.replace(f"{folder}/", "") for one in notices]

    return load


@pytest.fixture
def mistakes(folder: Path, load: Callable[..., tuple[Stack, list[str]]]) -> Callable[..., list[str]]:
    """What is wrong with a template, a line each."""

    def mistakes(text: str, **parameters: str) -> list[str]:
        with pytest.raises(UsageError) as caught:
            load(text, **parameters)
        return str(caught.value).replace(f"{folder}/", "").splitlines()

    return mistakes


def small(*resources: str, variables: str = "") -> str:
    """The small template with more resources, and with variables of `Hello`."""
    text = SMALL + "".join(
        dedent(one).replace("\n", "\n  ").rstrip(" ").join(("  ", "")) for one in resources
    )
    if variables:
        text = text.replace(
            "      Code: .\n", f"      Code: .\n      Environment: {{Variables: {{{variables}}}}}\n"
        )
    return text
