"""Templates as a source of the stack: what is read, what is left out, what is wrong."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from harness.errors import UsageError
from harness.scenario.behaviour import Quotas
from harness.scenario.feed import Feed
from harness.stack.loader import load_stack
from harness.stack.model import (
    Api,
    ConnectionId,
    Connections,
    Function,
    Index,
    Route,
    Rule,
    Stack,
    Subscription,
    Table,
    Topic,
)
from harness.stack.template.names import generated_name
from tests.stack.template.conftest import SMALL, small

PROJECT = Path(__file__).parents[3]


# --- what is read -------------------------------------------------------------------------------------------


def test_the_projects_own_template_is_its_stack_file() -> None:
    notices: list[str] = []
    template = load_stack(PROJECT / "template.yaml", notice=notices.append)
    stack = load_stack(PROJECT / "stack.yaml")

    assert notices == []
    logical = {
        "connect": "ConnectFunction",
        "subscribe": "SubscribeFunction",
        "disconnect": "DisconnectFunction",
        "default": "DefaultFunction",
        "fan_out": "FanOutFunction",
    }
    assert template.tables == {"WSConnections": stack.tables["connections"]}
    assert template.topics == {"MarketUpdatesTopic": stack.topics["market_updates"]}
    assert template.api == stack.api.model_copy(
        update={
            "routes": {key: Route(function=logical[one.function]) for key, one in stack.api.routes.items()}
        }
    )
    assert template.functions == {
        logical[name]: function.model_copy(
            update={
                "name": generated_name("dex", logical[name], longest=64),
                "environment": {**function.environment, "TABLE_NAME": "${tables.WSConnections.name}"},
                "subscribed_to": tuple(
                    Subscription(topic="MarketUpdatesTopic") for _ in function.subscribed_to
                ),
            }
        )
        for name, function in stack.functions.items()
    }
    assert template.connections is not None
    assert stack.connections is not None
    assert template.connections.connection_id == stack.connections.connection_id
    assert (template.name, template.feed, template.region) == (stack.name, stack.feed, stack.region)


def test_a_plain_template(load: Callable[..., tuple[Stack, list[str]]], folder: Path) -> None:
    stack, notices = load(SMALL)
    function = Function(
        name="hello", runtime="python3.12", handler="hello.handler", code=folder, timeout=3, memory=128
    )
    assert notices == []
    assert stack == Stack(
        name="chat",
        functions={"Hello": function},
        api=Api(
            name="chat",
            stage="live",
            route_selection_expression="$request.body.do",
            routes={"$connect": Route(function="Hello")},
        ),
    )


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


def test_a_serverless_template(load: Callable[..., tuple[Stack, list[str]]], folder: Path) -> None:
    source = folder / "src"
    source.mkdir()
    (source / "join.mjs").touch()
    (source / "say.mjs").touch()

    stack, notices = load(SERVERLESS)

    def function(**fields: object) -> Function:
        return Function.model_validate(
            {"runtime": "nodejs22.x", "code": source, "timeout": 3, "memory": 128, **fields}
        )

    subscription = Subscription(
        topic="Messages", filter_policy={"kind": ["chat"]}, filter_policy_scope="MessageBody"
    )
    assert stack.functions == {
        "Join": function(
            name=generated_name("chat", "Join", longest=64),
            handler="join.handler",
            memory=1024,
            environment={"TABLE": "${tables.Rooms.name}"},
        ),
        "Say": function(
            name=generated_name("chat", "Say", longest=64),
            handler="say.handler",
            environment={"TABLE": "${tables.Rooms.name}", "API": "${api.management_endpoint}"},
            subscribed_to=[subscription],
        ),
    }
    assert stack.tables == {
        "Rooms": Table(name=generated_name("chat", "Rooms", longest=255), hash_key="room")
    }
    assert stack.topics == {"Messages": Topic(name=generated_name("chat", "Messages", longest=256))}
    assert stack.events == "Messages"
    nightly = generated_name("chat", "SayNightly", longest=64)
    assert stack.rules == {"SayNightly": Rule(name=nightly, schedule="rate(1 day)", functions=("Say",))}
    routes = {"$connect": Route(function="Join"), "say": Route(function="Say")}
    assert stack.api == Api(name="Chat", stage="live", routes=routes)
    assert notices == [
        "template.yaml:35: Say: event 'Page' is not read",
        "template.yaml:42: Pages: is not deployed here (AWS::Serverless::HttpApi)",
        "template.yaml:40: Assets: is not deployed here (AWS::S3::Bucket)",
    ]


def cdk_like() -> dict[str, object]:
    """What `cdk synth` writes, in small: generated ids, Fn::Join everywhere, code in assets, an alias."""
    uri = [
        "arn:", {"Ref": "AWS::Partition"}, ":apigateway:", {"Ref": "AWS::Region"},
        ":lambda:path/2015-03-31/functions/", {"Ref": "FnAlias7A1B"}, "/invocations",
    ]  # fmt: skip
    endpoint = [
        "https://", {"Ref": "ApiF70053CD"}, ".execute-api.", {"Ref": "AWS::Region"}, ".",
        {"Ref": "AWS::URLSuffix"}, "/", {"Ref": "ApiStage1234"},
    ]  # fmt: skip
    return {
        "Resources": {
            "FnServiceRole3D2C": {"Type": "AWS::IAM::Role", "Properties": {}},
            "Fn9270CBC0": {
                "Type": "AWS::Lambda::Function",
                "Properties": {
                    "Code": {"S3Bucket": {"Fn::Sub": "cdk-assets-${AWS::AccountId}"}, "S3Key": "0f1e2d.zip"},
                    "Handler": "index.handler",
                    "Role": {"Fn::GetAtt": ["FnServiceRole3D2C", "Arn"]},
                    "Runtime": "nodejs20.x",
                    "Timeout": 30,
                    "ReservedConcurrentExecutions": 5,
                    "Environment": {"Variables": {"ENDPOINT": {"Fn::Join": ["", endpoint]}}},
                },
                "Metadata": {"aws:cdk:path": "S/Fn/Resource", "aws:asset:path": "asset.0f1e2d"},
            },
            "FnAlias7A1B": {
                "Type": "AWS::Lambda::Alias",
                "Properties": {"FunctionName": {"Ref": "Fn9270CBC0"}, "Name": "live"},
            },
            "Topic0A9F": {"Type": "AWS::SNS::Topic"},
            "FnTopic7C3E": {
                "Type": "AWS::SNS::Subscription",
                "Properties": {
                    "Endpoint": {"Ref": "FnAlias7A1B"},
                    "Protocol": "lambda",
                    "TopicArn": {"Ref": "Topic0A9F"},
                },
            },
            "Rows5E6F": {
                "Type": "AWS::DynamoDB::GlobalTable",
                "Properties": {
                    "KeySchema": [
                        {"AttributeName": "id", "KeyType": "HASH"},
                        {"AttributeName": "at", "KeyType": "RANGE"},
                    ],
                    "AttributeDefinitions": [
                        {"AttributeName": "id", "AttributeType": "S"},
                        {"AttributeName": "at", "AttributeType": "N"},
                        {"AttributeName": "room", "AttributeType": "S"},
                    ],
                    "GlobalSecondaryIndexes": [
                        {
                            "IndexName": "ByRoom",
                            "KeySchema": [{"AttributeName": "room", "KeyType": "HASH"}],
                            "Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["name"]},
                        }
                    ],
                    "TimeToLiveSpecification": {"AttributeName": "ttl", "Enabled": True},
                    "Replicas": [{"Region": {"Ref": "AWS::Region"}}],
                },
            },
            "ApiF70053CD": {
                "Type": "AWS::ApiGatewayV2::Api",
                "Properties": {
                    "Name": "Api",
                    "ProtocolType": "WEBSOCKET",
                    "RouteSelectionExpression": "$request.body.action",
                },
            },
            "ApiStage1234": {
                "Type": "AWS::ApiGatewayV2::Stage",
                "Properties": {"ApiId": {"Ref": "ApiF70053CD"}, "AutoDeploy": True, "StageName": "dev"},
            },
            "ApiaskRoute55": {
                "Type": "AWS::ApiGatewayV2::Route",
                "Properties": {
                    "ApiId": {"Ref": "ApiF70053CD"},
                    "AuthorizationType": "NONE",
                    "RouteKey": "ask",
                    "RouteResponseSelectionExpression": "$default",
                    "Target": {"Fn::Join": ["", ["integrations/", {"Ref": "ApiaskInteg66"}]]},
                },
            },
            "ApiaskRouteResponse77": {
                "Type": "AWS::ApiGatewayV2::RouteResponse",
                "Properties": {
                    "ApiId": {"Ref": "ApiF70053CD"},
                    "RouteId": {"Ref": "ApiaskRoute55"},
                    "RouteResponseKey": "$default",
                },
            },
            "ApiaskInteg66": {
                "Type": "AWS::ApiGatewayV2::Integration",
                "Properties": {
                    "ApiId": {"Ref": "ApiF70053CD"},
                    "IntegrationType": "AWS_PROXY",
                    "IntegrationUri": {"Fn::Join": ["", uri]},
                },
            },
            "CDKMetadata": {
                "Type": "AWS::CDK::Metadata",
                "Properties": {"Analytics": "v2:deflate64:H4"},
                "Condition": "CDKMetadataAvailable",
            },
        },
        "Conditions": {"CDKMetadataAvailable": {"Fn::Equals": [{"Ref": "AWS::Region"}, "eu-west-1"]}},
        "Parameters": {
            "BootstrapVersion": {
                "Type": "AWS::SSM::Parameter::Value<String>",
                "Default": "/cdk-bootstrap/hnb659fds/version",
            }
        },
        "Rules": {"CheckBootstrapVersion": {"Assertions": []}},
    }


def test_what_cdk_synth_writes(load: Callable[..., tuple[Stack, list[str]]], folder: Path) -> None:
    asset = folder / "asset.0f1e2d"
    asset.mkdir()
    (asset / "index.js").touch()

    stack, notices = load(json.dumps(cdk_like(), indent=1), "ChatStack.template.json")

    assert notices == []
    assert stack == Stack(
        name="ChatStack",
        events="Topic0A9F",
        tables={
            "Rows5E6F": Table(
                name=generated_name("ChatStack", "Rows5E6F", longest=255),
                hash_key="id",
                range_key="at",
                ttl="ttl",
                types={"at": "N"},
                indexes={"ByRoom": Index(hash_key="room", projection="INCLUDE", include=("name",))},
            )
        },
        topics={"Topic0A9F": Topic(name=generated_name("ChatStack", "Topic0A9F", longest=256))},
        functions={
            "Fn9270CBC0": Function(
                name=generated_name("ChatStack", "Fn9270CBC0", longest=64),
                handler="index.handler",
                runtime="nodejs20.x",
                code=asset,
                timeout=30,
                memory=128,
                reserved_concurrency=5,
                environment={"ENDPOINT": "${api.management_endpoint}"},
                subscribed_to=(Subscription(topic="Topic0A9F"),),
            )
        },
        api=Api(name="Api", stage="dev", routes={"ask": Route(function="Fn9270CBC0", two_way=True)}),
    )


@pytest.mark.parametrize(
    ("expression", "response", "two_way"),
    [
        pytest.param("$default", True, True, id="both"),
        pytest.param("$default", False, False, id="no response"),
        pytest.param("", True, False, id="no expression"),
    ],
)
def test_a_route_is_two_way_by_its_expression_and_its_response(
    load: Callable[..., tuple[Stack, list[str]]], expression: str, response: bool, two_way: bool
) -> None:
    ask = f"""
    Ask:
      Type: AWS::ApiGatewayV2::Route
      Properties:
        ApiId: !Ref Api
        RouteKey: ask
        RouteResponseSelectionExpression: "{expression}"
        Target: !Sub "integrations/${{ToHello}}"
    """
    answer = """
    Answer:
      Type: AWS::ApiGatewayV2::RouteResponse
      Properties: {ApiId: !Ref Api, RouteId: !Ref Ask, RouteResponseKey: $default}
    """
    stack, _ = load(small(ask, *([answer] if response else [])))
    assert stack.api.routes["ask"] == Route(function="Hello", two_way=two_way)


@pytest.mark.parametrize(
    ("variable", "expected"),
    [
        pytest.param("!Ref Rows", "${tables.Rows.name}", id="table"),
        pytest.param(
            "!GetAtt Rows.Arn",
            "arn:aws:dynamodb:us-east-1:000000000000:table/${tables.Rows.name}",
            id="table's ARN",
        ),
        pytest.param("!Ref News", "${topics.News.arn}", id="topic"),
        pytest.param("!GetAtt News.TopicName", "${topics.News.name}", id="topic's name"),
        pytest.param("!GetAtt Rows.StreamArn", "${tables.Rows.stream_arn}", id="table's stream"),
        pytest.param("!Ref Jobs", "${queues.Jobs.url}", id="queue"),
        pytest.param("!GetAtt Jobs.QueueUrl", "${queues.Jobs.url}", id="queue's URL"),
        pytest.param("!GetAtt Jobs.Arn", "${queues.Jobs.arn}", id="queue's ARN"),
        pytest.param("!GetAtt Jobs.QueueName", "${queues.Jobs.name}", id="queue's name"),
        pytest.param("!Ref Markets", "markets", id="event bus"),
        pytest.param("!GetAtt Markets.Name", "markets", id="event bus's name"),
        pytest.param(
            "!GetAtt Markets.Arn",
            "arn:aws:events:us-east-1:000000000000:event-bus/markets",
            id="event bus's ARN",
        ),
        pytest.param("!Ref Other", "${functions.Other.name}", id="function"),
        pytest.param("!GetAtt Other.Arn", "${functions.Other.arn}", id="function's ARN"),
        pytest.param("!Ref Api", "${api.id}", id="API"),
        pytest.param("!Ref Live", "${api.stage}", id="stage"),
        pytest.param(
            "!GetAtt Api.ApiEndpoint",
            "wss://${api.id}.execute-api.us-east-1.amazonaws.com",
            id="API's endpoint",
        ),
        pytest.param('!Sub "${Api.ApiEndpoint}/${Live}"', "${api.url}", id="URL"),
        pytest.param(
            '!Sub "https://${Api}.execute-api.${AWS::Region}.amazonaws.com/live/@connections"',
            "${api.management_endpoint}/@connections",
            id="management endpoint",
        ),
        pytest.param(
            '!Sub "https://${Api}.execute-api.${AWS::Region}.amazonaws.com/live2"',
            "https://${api.id}.execute-api.us-east-1.amazonaws.com/live2",
            id="another stage",
        ),
        pytest.param("!Ref Size", "3", id="parameter"),
        pytest.param("1.5", "1.5", id="number"),
        pytest.param("true", "true", id="flag"),
    ],
)
def test_a_variable_refers_to(
    load: Callable[..., tuple[Stack, list[str]]], variable: str, expected: str
) -> None:
    template = small(
        """
        Rows:
          Type: AWS::DynamoDB::Table
          Properties:
            TableName: Rows
            KeySchema: [{AttributeName: pk, KeyType: HASH}]
            StreamSpecification: {StreamViewType: KEYS_ONLY}
        News: {Type: AWS::SNS::Topic}
        Jobs: {Type: AWS::SQS::Queue}
        Markets: {Type: AWS::Events::EventBus, Properties: {Name: markets}}
        Trades:
          Type: AWS::Events::Rule
          Properties:
            EventBusName: !Ref Markets
            EventPattern: {source: [matcher]}
            Targets: [{Id: "1", Arn: !GetAtt Jobs.Arn}]
        Other:
          Type: AWS::Lambda::Function
          Properties: {Runtime: python3.12, Handler: hello.handler, Code: .}
        """,
        variables=f"VALUE: {variable}",
    )
    stack, notices = load(f"Parameters: {{Size: {{Type: Number, Default: 3}}}}\n{template}")
    assert (dict(stack.functions["Hello"].environment), notices) == ({"VALUE": expected}, [])


def test_a_function_comes_after_those_it_refers_to(load: Callable[..., tuple[Stack, list[str]]]) -> None:
    other = "\nOther: {Type: AWS::Lambda::Function, Properties: {Runtime: python3.12, Handler: hello.h, Code: .}}\n"
    stack, _ = load(small(other, variables="OTHER: !GetAtt Other.Arn"))
    assert list(stack.functions) == ["Other", "Hello"]


def test_a_topic_can_hold_its_subscriptions(load: Callable[..., tuple[Stack, list[str]]]) -> None:
    stack, notices = load(
        small(
            """
            News:
              Type: AWS::SNS::Topic
              Properties: {Subscription: [{Protocol: lambda, Endpoint: !GetAtt Hello.Arn}]}
            Trades:
              Type: AWS::SNS::Subscription
              Properties:
                Protocol: lambda
                TopicArn: !Ref Prices
                Endpoint: !GetAtt Hello.Arn
                FilterPolicy: '{"type": ["trade"]}'
            Prices: {Type: AWS::SNS::Topic}
            """
        ).replace("Resources:", "Metadata: {FanoutHarness: {events: News}}\nResources:")
    )
    assert notices == []
    assert stack.functions["Hello"].subscribed_to == (
        Subscription(topic="Prices", filter_policy={"type": ["trade"]}),
        Subscription(topic="News"),
    )


def test_conditions_and_parameters_choose(load: Callable[..., tuple[Stack, list[str]]]) -> None:
    template = """\
Parameters: {Stage: {Type: String, Default: dev}}
Conditions: {IsProd: !Equals [!Ref Stage, prod]}
""" + small(
        """
        News: {Type: AWS::SNS::Topic, Condition: IsProd}
        """,
        variables='LOG: !If [IsProd, "", debug], GONE: !If [IsProd, x, !Ref AWS::NoValue]',
    ).replace("StageName: live", "StageName: !Ref Stage")

    by_default, _ = load(template)
    prod, _ = load(template, Stage="prod")

    assert (by_default.api.stage, dict(by_default.topics)) == ("dev", {})
    assert by_default.functions["Hello"].environment == {"LOG": "debug"}
    assert (prod.api.stage, list(prod.topics)) == ("prod", ["News"])
    assert prod.functions["Hello"].environment == {"LOG": "", "GONE": "x"}


def test_pseudo_parameters_can_be_given(load: Callable[..., tuple[Stack, list[str]]]) -> None:
    text = small(variables="VALUE: !Sub '${AWS::StackName} ${AWS::Region} ${AWS::AccountId}'")
    given = {"AWS::StackName": "mine", "AWS::Region": "eu-west-1", "AWS::AccountId": "123456789012"}
    stack, _ = load(text, **given)
    assert (stack.name, stack.region) == ("mine", "eu-west-1")
    assert stack.functions["Hello"].environment == {"VALUE": "mine eu-west-1 123456789012"}


def test_metadata_says_what_only_a_stack_file_can(load: Callable[..., tuple[Stack, list[str]]]) -> None:
    section = """\
Metadata:
  FanoutHarness:
    name: mine
    api: Api
    events: News
    prewarm: {Hello: 4}
    quotas: {idle_timeout: 60s}
    values: {Pool.Arn: "arn:pool"}
    connections: {table: Rows, connection_id: {attribute: pk}}
    feed: {type_field: kind}
"""
    template = small(
        """
        Rows:
          Type: AWS::DynamoDB::Table
          Properties: {TableName: Rows, KeySchema: [{AttributeName: pk, KeyType: HASH}]}
        News: {Type: AWS::SNS::Topic}
        Old: {Type: AWS::SNS::Topic}
        Pool: {Type: AWS::Cognito::UserPool}
        """,
        variables="POOL: !GetAtt Pool.Arn",
    )
    stack, notices = load(section + template)
    assert (stack.name, stack.events, stack.functions["Hello"].prewarm) == ("mine", "News", 4)
    assert stack.functions["Hello"].environment == {"POOL": "arn:pool"}
    assert stack.connections == Connections(table="Rows", connection_id=ConnectionId(attribute="pk"))
    assert stack.feed == Feed(type_field="kind")
    assert stack.api.quotas == Quotas(idle_timeout=60.0)
    assert notices == ["template.yaml:41: Pool: is not deployed here (AWS::Cognito::UserPool)"]


def test_api_keys_of_the_apis_usage_plan(load: Callable[..., tuple[Stack, list[str]]]) -> None:
    stack, notices = load(
        small(
            """
            Plan:
              Type: AWS::ApiGateway::UsagePlan
              Properties: {ApiStages: [{ApiId: !Ref Api, Stage: live}]}
            Member:
              Type: AWS::ApiGateway::UsagePlanKey
              Properties: {UsagePlanId: !Ref Plan, KeyId: !Ref Key, KeyType: API_KEY}
            Key: {Type: AWS::ApiGateway::ApiKey, Properties: {Value: a-key-of-twenty-letters}}
            Stray: {Type: AWS::ApiGateway::ApiKey, Properties: {Value: another-key-of-some-length}}
            """
        ).replace("RouteKey: $connect", "RouteKey: $connect, ApiKeyRequired: true")
    )
    assert stack.api.api_keys == ("a-key-of-twenty-letters",)
    assert stack.api.routes == {"$connect": Route(function="Hello", api_key_required=True)}
    (notice,) = notices
    assert notice.endswith("Stray: is in no usage plan of the WebSocket API, so it is not deployed here")


# --- what is left out ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("resource", "notice"),
    [
        pytest.param(
            "B: {Type: AWS::S3::Bucket}", "25: B: is not deployed here (AWS::S3::Bucket)", id="bucket"
        ),
        pytest.param(
            "T: {Type: AWS::SNS::Topic, Properties: {FifoTopic: true}}",
            "25: T: a FIFO topic is not read; it cannot reach a function anyway",
            id="FIFO topic",
        ),
        pytest.param(
            "S: {Type: AWS::SNS::Subscription, Properties: {Protocol: email, TopicArn: x, Endpoint: a@b}}",
            "25: S: a subscription by email is not read",
            id="subscription by mail",
        ),
        pytest.param(
            "S: {Type: AWS::SNS::Subscription, Properties: {Protocol: lambda, TopicArn: 'arn:x', Endpoint: 'arn:y'}}",
            "25: S: 'arn:x' is no topic that is deployed here, so nothing is subscribed to it",
            id="topic of another stack",
        ),
        pytest.param(
            "H: {Type: AWS::ApiGatewayV2::Api, Properties: {ProtocolType: HTTP}}",
            "25: H: is no WebSocket API, so it is not deployed here",
            id="HTTP API",
        ),
        pytest.param(
            "L: {Type: AWS::ApiGatewayV2::Stage, Properties: {ApiId: !Ref Api, StageName: x}}",
            "25: L: is not deployed here; Live is, the first stage",
            id="second stage",
        ),
        pytest.param(
            "F: {Type: AWS::Lambda::Function, Properties: {Code: {ZipFile: x}}}",
            "25: F: is not deployed here: its code stands in the template; put it into a file",
            id="code in the template",
        ),
        pytest.param(
            "F: {Type: AWS::Lambda::Function, Properties: {Code: {ImageUri: x}}}",
            "25: F: is not deployed here: it is a container image; only code in a folder is run",
            id="image",
        ),
        pytest.param(
            "F: {Type: AWS::Lambda::Function, Properties: {Code: dist.zip}}",
            "25: F: is not deployed here: dist.zip is an archive; only code in a folder is run",
            id="archive",
        ),
        pytest.param(
            "F: {Type: AWS::Lambda::Function, Properties: {Code: {S3Bucket: b, S3Key: k}}}",
            "25: F: is not deployed here: its code is not in a folder; "
            "name the folder in its Metadata: {'aws:asset:path': ...}",
            id="code in S3",
        ),
        pytest.param(
            "R: {Type: AWS::ApiGatewayV2::Route, Properties: {ApiId: !Ref Api, RouteKey: ping, Target: !Sub 'integrations/${I}'}}\n"  # noqa: E501
            "I: {Type: AWS::ApiGatewayV2::Integration, Properties: {ApiId: !Ref Api, IntegrationType: MOCK}}",
            "26: I: its type MOCK is not read, so route 'ping' is not there",
            id="integration that is no function",
        ),
    ],
)
def test_what_is_left_out_is_named(
    load: Callable[..., tuple[Stack, list[str]]], resource: str, notice: str
) -> None:
    assert load(small(f"\n{resource}\n"))[1] == [f"template.yaml:{notice}"]


@pytest.mark.parametrize(
    ("old", "new", "notice"),
    [
        pytest.param("Code: .", "Code: .\n      Layers: [x]", "9: Hello: Layers is not read", id="layers"),
        pytest.param(
            "StageName: live",
            "StageName: live, StageVariables: {a: b}",
            "14: Live: StageVariables is not read",
            id="stage variables",
        ),
        pytest.param(
            "StageName: live",
            "StageName: live, DefaultRouteSettings: {ThrottlingBurstLimit: 5}",
            "14: Live: throttling is not read; give the API's quotas in Metadata: FanoutHarness",
            id="throttling",
        ),
        pytest.param(
            "RouteKey: $connect",
            "RouteKey: $connect, AuthorizationType: CUSTOM, AuthorizerId: x",
            "17: OnConnect: the authorizer is not read: route '$connect' lets everybody in",
            id="authorizer",
        ),
    ],
)
def test_what_of_a_resource_is_not_read_is_named(
    load: Callable[..., tuple[Stack, list[str]]], old: str, new: str, notice: str
) -> None:
    stack, notices = load(SMALL.replace(old, new))
    assert (list(stack.api.routes), notices) == (["$connect"], [f"template.yaml:{notice}"])


# --- what is wrong ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        pytest.param(
            "WEBSOCKET",
            "HTTP",
            "1: the template has no WebSocket API (AWS::ApiGatewayV2::Api with ProtocolType: WEBSOCKET), "
            "so there is nothing to run",
            id="no WebSocket API",
        ),
        pytest.param(
            "AWS::ApiGatewayV2::Stage",
            "AWS::ApiGatewayV2::Deployment",
            "9: Api: has no stage (AWS::ApiGatewayV2::Stage), so nobody can reach it",
            id="no stage",
        ),
        pytest.param(
            "integrations/${ToHello}",
            "integrations/${Hello}",
            "17: OnConnect: leads to 'integrations/${Hello}', which is no integration of this template",
            id="route without integration",
        ),
        pytest.param(
            "functions/${Hello.Arn}/invocations",
            "functions/arn:x/invocations",
            "23: ToHello: route '$connect' leads to "
            "'arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/arn:x/invocations', "
            "which is no function of this template",
            id="unknown target",
        ),
        pytest.param(
            "Code: .",
            "Code: {ZipFile: x}",
            "2: Hello: route '$connect' needs it, but its code stands in the template; put it into a file",
            id="route to code that is not here",
        ),
        pytest.param(
            "Code: .",
            "Code: src",
            "8: Hello: there is no folder 'src' beside the stack's file",
            id="no folder",
        ),
        pytest.param(
            "hello.handler",
            "helo.handler",
            "7: Hello: there is no helo.py for 'helo.handler' in '.'",
            id="no handler",
        ),
        pytest.param(
            "python3.12",
            "java21",
            "6: Hello: 'runtime': 'java21' is no such name; "
            "it takes python3.11 and the like, or nodejs22.x and the like",
            id="runtime",
        ),
        pytest.param(
            "Code: .",
            "Code: .\n      Timeout: 1000",
            "9: Hello: 'timeout' must be at most 900.0, not 1000.0",
            id="time out",
        ),
        pytest.param(
            "FunctionName: hello",
            "FunctionName: !Ref Api",
            "5: Hello: '${Api}' is known only once it is deployed; write a text",
            id="name",
        ),
        pytest.param(
            "!Ref Api, StageName",
            "!Ref Apis, StageName",
            "14: Live: nothing is called 'Apis'; did you mean 'Api'?",
            id="stranger",
        ),
        pytest.param(
            "Type: AWS::Lambda::Function", "Kind: x", "2: Hello: must be a mapping with a Type", id="type"
        ),
        pytest.param(
            "  Hello:\n",
            "  Fn::ForEach::Each: []\n  Hello:\n",
            "2: Fn::ForEach::Each: is not read; give the template as it is after its transform",
            id="loop",
        ),
        pytest.param(
            "Code: .", "Code: .\n      Code: .", "9: 'Code' is here twice; the first is on line 8", id="twice"
        ),
    ],
)
def test_a_template_that_makes_no_stack(
    mistakes: Callable[..., list[str]], old: str, new: str, expected: str
) -> None:
    assert old in SMALL
    assert mistakes(SMALL.replace(old, new)) == [f"template.yaml:{expected}"]


@pytest.mark.parametrize(
    ("variable", "text"),
    [
        pytest.param("!Ref Row", "nothing is called 'Row'", id="stranger"),
        pytest.param(
            "!Ref Role",
            "a AWS::IAM::Role is not known here; "
            "say what stands for it in Metadata: {FanoutHarness: {values: {Role: ...}}}",
            id="what is not deployed",
        ),
        pytest.param(
            "!GetAtt Role.Arn",
            "'Role.Arn' of a AWS::IAM::Role is not known here; "
            "say what stands for it in Metadata: {FanoutHarness: {values: {Role.Arn: ...}}}",
            id="attribute of what is not deployed",
        ),
        pytest.param(
            '"${Api}"', "'${' is not text that a variable can hold here; write it with !Sub", id="no Fn::Sub"
        ),
        pytest.param("[a]", "must come to text", id="list"),
        pytest.param("!ImportValue x", "the export 'x' is another stack's; ", id="import"),
        pytest.param(
            "!GetAtt Still.StreamArn",
            "'Still.StreamArn' of a AWS::DynamoDB::Table is not known here",
            id="stream that is none",
        ),
        pytest.param("!GetAtt Hello.Arn", "depends on itself: Hello -> Hello", id="function of itself"),
    ],
)
def test_a_variable_that_cannot_be_known(
    mistakes: Callable[..., list[str]], variable: str, text: str
) -> None:
    others = "\nRole: {Type: AWS::IAM::Role}\nStill: {Type: AWS::DynamoDB::Table}\n"
    found = mistakes(small(others, variables=f"VALUE: {variable}"))
    assert any(text in one and "Hello: " in one for one in found), found


def test_all_mistakes_are_told_at_once(mistakes: Callable[..., list[str]]) -> None:
    text = small(variables="A: !Ref No, B: !Ref Never").replace("hello.handler", "helo.handler")
    assert mistakes(text) == [
        "template.yaml:9: Hello: nothing is called 'No'",
        "template.yaml:9: Hello: nothing is called 'Never'",
    ]


@pytest.mark.parametrize(
    ("section", "expected"),
    [
        pytest.param(
            "conections: {}",
            "3: unknown field 'conections' in FanoutHarness; did you mean 'connections'?",
            id="field",
        ),
        pytest.param("api: Apo", "3: no WebSocket API is called 'Apo'; there is Api", id="API"),
        pytest.param(
            "prewarm: {Helo: 2}", "3: no function is called 'Helo'; did you mean 'Hello'?", id="prewarm"
        ),
        pytest.param("events: News", "3: no topic is called 'News'", id="topic"),
        pytest.param(
            "feed: {chanels: []}", "3: unknown field 'chanels'; did you mean 'channels'?", id="feed"
        ),
        pytest.param(
            "connections: {table: Rows, connection_id: {attribute: pk}}",
            "3: no table is called 'Rows'",
            id="table",
        ),
    ],
)
def test_a_mistake_in_the_metadata(mistakes: Callable[..., list[str]], section: str, expected: str) -> None:
    assert mistakes(f"Metadata:\n  FanoutHarness:\n    {section}\n{SMALL}") == [f"template.yaml:{expected}"]


def test_a_filter_policy_that_is_no_json(mistakes: Callable[..., list[str]]) -> None:
    news = """
    News:
      Type: AWS::SNS::Topic
    Trades:
      Type: AWS::SNS::Subscription
      Properties: {Protocol: lambda, TopicArn: !Ref News, Endpoint: !GetAtt Hello.Arn, FilterPolicy: "{"}
    """
    (mistake,) = mistakes(small(news))
    assert mistake.startswith("template.yaml:27: Trades: FilterPolicy is no JSON: ")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("Resources: []", "1: Resources must be a mapping", id="resources"),
        pytest.param("Resources: {}\nGlobals: x", "2: Globals must be a mapping", id="globals"),
        pytest.param(
            "Resources:\n  A: {Type: x, Properties: []}",
            "2: A: Properties must be a mapping",
            id="properties",
        ),
        pytest.param(
            "Resources: {}\nParameters: {A: x}", "2: 'A' must be a mapping with a Type", id="parameter"
        ),
        pytest.param(
            "Resources:\n  F:\n    Type: AWS::Serverless::WebSocketApi\n"
            "    Properties: {RouteSelectionExpression: x, Routes: {a: 7}}",
            "1: SAM's translator cannot take the template: AttributeError: 'int' object has no attribute 'get'",
            id="what the translator takes on trust",
        ),
    ],
)
def test_a_misshapen_template(mistakes: Callable[..., list[str]], text: str, expected: str) -> None:
    assert mistakes(text) == [f"template.yaml:{expected}"]


def test_what_sam_itself_refuses(mistakes: Callable[..., list[str]]) -> None:
    text = SERVERLESS.replace(
        "Type: SNS\n          Properties: {Topic: !Ref Messages,", "Type: SNS\n          Properties: {"
    )
    assert mistakes(text) == ["template.yaml:24: SayMessages: Missing required property 'Topic'."]


def test_a_parameter_that_is_none(mistakes: Callable[..., list[str]]) -> None:
    assert mistakes(f"Parameters: {{Stage: {{Type: String}}}}\n{SMALL}", Stag="x") == [
        "template.yaml:1: the template has no parameter 'Stag'; did you mean 'Stage'?"
    ]


def test_a_stack_file_has_no_parameters() -> None:
    with pytest.raises(UsageError, match=r"stack.yaml: is a stack file and has no parameters"):
        load_stack(PROJECT / "stack.yaml", parameters={"Stage": "x"})
