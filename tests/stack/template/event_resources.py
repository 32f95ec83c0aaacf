"""Resources of templates that bring events about, to be put together by tests."""

from harness.stack.template.names import generated_name

NAMED = generated_name("chat", "Q", longest=80)
ROWS = """
Rows:
  Type: AWS::DynamoDB::Table
  Properties:
    TableName: Rows
    KeySchema: [{AttributeName: pk, KeyType: HASH}]
    StreamSpecification: {StreamViewType: NEW_AND_OLD_IMAGES}
"""


def queue(**properties: str) -> str:
    """The queue `Q` and another, `Dead`."""
    told = ", ".join(f"{name}: {value}" for name, value in properties.items())
    dead = "Dead: {Type: AWS::SQS::Queue, Properties: {QueueName: dead}}"
    return f"\nQ: {{Type: AWS::SQS::Queue, Properties: {{{told}}}}}\n{dead}\n"


NEWS = """
News: {Type: AWS::SNS::Topic, Properties: {TopicName: news, MaximumMessageSize: 1048576}}
"""
TOPICS = NEWS + "Other: {Type: AWS::SNS::Topic, Properties: {TopicName: other}}\n"


def subscription(name: str, topic: str, protocol: str, endpoint: str, more: str = "") -> str:
    return (
        f"\n{name}:\n  Type: AWS::SNS::Subscription\n  Properties: "
        f"{{TopicArn: !Ref {topic}, Protocol: {protocol}, Endpoint: {endpoint}{more}}}\n"
    )


def mapping(**properties: str) -> str:
    """The mapping `M`."""
    named = {"FunctionName": "!Ref Hello", **properties}
    return "\nM:\n  Type: AWS::Lambda::EventSourceMapping\n  Properties:\n" + "".join(
        f"    {name}: {value}\n" for name, value in named.items()
    )


MATCHER = "{source: [matcher]}"
TO_HELLO = "{Id: '1', Arn: !GetAtt Hello.Arn}"
MARKETS = "\nMarkets: {Type: AWS::Events::EventBus, Properties: {Name: markets}}\n"


def rule(targets: str = TO_HELLO, **properties: str) -> str:
    """The rule `Trades`."""
    return (
        "\nTrades:\n  Type: AWS::Events::Rule\n  Properties:\n    Name: trades\n"
        + "".join(f"    {name}: {value}\n" for name, value in properties.items())
        + f"    Targets: [{targets}]\n"
    )
