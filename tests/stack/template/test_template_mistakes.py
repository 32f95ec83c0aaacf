"""Templates as a source of the stack: what is left out, what is wrong."""

from collections.abc import Callable
from pathlib import Path

import pytest

from harness.errors import UsageError
from harness.stack.loader import load_stack
from harness.stack.model import (
    Stack,
)
from tests.stack.template.conftest import SERVERLESS, SMALL, small

PROJECT = Path(__file__).parents[3]


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
            "RouteKey: $connect",
            "RouteKey: $connect, AuthorizationType: CUSTOM, AuthorizerId: x",
            "17: OnConnect: route '$connect' needs an authorizer (AWS::ApiGatewayV2::Authorizer) of this template",
            id="authorizer that is not here",
        ),
        pytest.param(
            "RouteKey: $connect",
            "RouteKey: $connect, AuthorizationType: JWT",
            "15: OnConnect: 'authorization' must be 'NONE' or 'AWS_IAM', not 'JWT'",
            id="JWT",
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
            "7: Hello: there is no helo.py for 'helo.handler' in '.'; did you mean 'hello.handler'?",
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
