"""Templates as a source of the stack: what is read."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

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
from tests.stack.template.conftest import SERVERLESS, SMALL, small

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
