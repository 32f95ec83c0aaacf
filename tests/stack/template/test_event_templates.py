"""Queues, event sources, rules and streams out of templates: what is read."""

from collections.abc import Callable

import pytest

from harness.stack.model import (
    DeadLetters,
    Queue,
    QueueSource,
    QueueSubscription,
    Rule,
    Stack,
    StreamSource,
    Topic,
)
from harness.stack.template.intrinsics import Reference, first_reference
from harness.stack.template.names import generated_name
from tests.stack.template.conftest import small
from tests.stack.template.event_resources import (
    MARKETS,
    MATCHER,
    NAMED,
    ROWS,
    TO_HELLO,
    TOPICS,
    mapping,
    queue,
    rule,
    subscription,
)

Load = Callable[..., tuple[Stack, list[str]]]

# --- queues -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("properties", "expected"),
    [
        pytest.param({}, Queue(name=NAMED), id="without a name"),
        pytest.param(
            {"QueueName": "jobs", "VisibilityTimeout": "60", "DelaySeconds": "'5'"},
            Queue(name="jobs", visibility_timeout=60.0, delay=5.0),
            id="times, one as text",
        ),
        pytest.param(
            {"RedrivePolicy": "{deadLetterTargetArn: !GetAtt Dead.Arn, maxReceiveCount: 3}"},
            Queue(name=NAMED, dead_letters=DeadLetters(queue="Dead", after=3)),
            id="dead letters",
        ),
        pytest.param(
            {"RedrivePolicy": """!Sub '{"deadLetterTargetArn": "${Dead.Arn}", "maxReceiveCount": "3"}'"""},
            Queue(name=NAMED, dead_letters=DeadLetters(queue="Dead", after=3)),
            id="dead letters as text",
        ),
        pytest.param(
            {"RedrivePolicy": "{deadLetterTargetArn: !GetAtt Dead.Arn}"},
            Queue(name=NAMED, dead_letters=DeadLetters(queue="Dead", after=10)),
            id="dead letters without a count",
        ),
        pytest.param(
            {"FifoQueue": "true", "ContentBasedDeduplication": "'true'"},
            Queue(name=generated_name("chat", "Q", longest=75) + ".fifo"),
            id="FIFO",
        ),
        pytest.param(
            {"FifoQueue": "true", "ContentBasedDeduplication": "true", "QueueName": "jobs.fifo"},
            Queue(name="jobs.fifo"),
            id="FIFO with a name",
        ),
        pytest.param(
            {"KmsMasterKeyId": "x", "SqsManagedSseEnabled": "true", "Tags": "[]"},
            Queue(name=NAMED),
            id="what changes nothing here",
        ),
    ],
)
def test_a_queue(load: Load, properties: dict[str, str], expected: Queue) -> None:
    stack, notices = load(small(queue(**properties)))
    assert (stack.queues, notices) == ({"Q": expected, "Dead": Queue(name="dead")}, [])


@pytest.mark.parametrize(
    ("properties", "ending"),
    [
        pytest.param("{}", "", id="standard"),
        pytest.param("{FifoQueue: true, ContentBasedDeduplication: true}", ".fifo", id="FIFO"),
    ],
)
def test_a_generated_name_is_no_longer_than_sqs_takes(load: Load, properties: str, ending: str) -> None:
    long = "Q" * 90
    stack, _ = load(small(f"\n{long}: {{Type: AWS::SQS::Queue, Properties: {properties}}}\n"))
    name = stack.queues[long].name
    assert (len(name), name.endswith(ending)) == (80, True)


# --- subscriptions ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        pytest.param("", QueueSubscription(topic="News"), id="plain"),
        pytest.param(", RawMessageDelivery: true", QueueSubscription(topic="News", raw=True), id="raw"),
        pytest.param(", RawMessageDelivery: 'false'", QueueSubscription(topic="News"), id="not raw"),
        pytest.param(
            ", FilterPolicy: {kind: [trade]}, FilterPolicyScope: MessageBody",
            QueueSubscription(
                topic="News", filter_policy={"kind": ["trade"]}, filter_policy_scope="MessageBody"
            ),
            id="filter policy",
        ),
    ],
)
def test_a_queue_subscribes_to_a_topic(load: Load, more: str, expected: QueueSubscription) -> None:
    stack, notices = load(small(TOPICS, queue(), subscription("S", "News", "sqs", "!GetAtt Q.Arn", more)))
    assert (stack.queues["Q"].subscribed_to, notices) == ((expected,), [])
    assert stack.topics == {
        "News": Topic(name="news", maximum_message_size=1_048_576),
        "Other": Topic(name="other"),
    }


@pytest.mark.parametrize(
    ("subscriptions", "events"),
    [
        pytest.param([("Other", "sqs", "!GetAtt Q.Arn")], "Other", id="a queue's alone"),
        pytest.param(
            [("Other", "sqs", "!GetAtt Q.Arn"), ("News", "lambda", "!GetAtt Hello.Arn")],
            "News",
            id="a function's before a queue's",
        ),
    ],
)
def test_the_matchers_topic_is_the_one_that_alone_has_subscribers(
    load: Load, subscriptions: list[tuple[str, str, str]], events: str
) -> None:
    told = [subscription(f"S{number}", *one) for number, one in enumerate(subscriptions)]
    assert load(small(TOPICS, queue(), *told))[0].events == events


# --- event source mappings ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("properties", "expected"),
    [
        pytest.param({}, QueueSource(queue="Q"), id="plain"),
        pytest.param({"Enabled": "true"}, QueueSource(queue="Q"), id="enabled"),
        pytest.param({"FunctionName": "!GetAtt Hello.Arn"}, QueueSource(queue="Q"), id="function by its ARN"),
        pytest.param(
            {"EventSourceArn": '!Sub "arn:aws:sqs:${AWS::Region}:${AWS::AccountId}:${Q.QueueName}"'},
            QueueSource(queue="Q"),
            id="an ARN made of the queue's name",
        ),
        pytest.param(
            {
                "BatchSize": "'100'",
                "MaximumBatchingWindowInSeconds": "5",
                "ScalingConfig": "{MaximumConcurrency: 2}",
                "FunctionResponseTypes": "[ReportBatchItemFailures]",
                "FilterCriteria": """{Filters: [{Pattern: '{"body":{"kind":["trade"]}}'}, {Pattern: '{}'}]}""",
                "KmsKeyArn": "x",
            },
            QueueSource(
                queue="Q",
                batch_size=100,
                batch_window=5.0,
                maximum_concurrency=2,
                report_item_failures=True,
                filters=({"body": {"kind": ["trade"]}}, {}),
            ),
            id="everything",
        ),
    ],
)
def test_a_function_reads_a_queue(load: Load, properties: dict[str, str], expected: QueueSource) -> None:
    named = {"EventSourceArn": "!GetAtt Q.Arn", **properties}
    stack, notices = load(small(queue(), mapping(**named)))
    assert (stack.functions["Hello"].queues, stack.functions["Hello"].streams, notices) == (
        (expected,),
        (),
        [],
    )


@pytest.mark.parametrize(
    ("properties", "expected"),
    [
        pytest.param({}, StreamSource(table="Rows", starting_position="LATEST"), id="plain"),
        pytest.param(
            {
                "StartingPosition": "TRIM_HORIZON",
                "BatchSize": "10",
                "MaximumBatchingWindowInSeconds": "1",
                "ParallelizationFactor": "2",
                "MaximumRetryAttempts": "0",
                "MaximumRecordAgeInSeconds": "60",
                "BisectBatchOnFunctionError": "true",
                "FunctionResponseTypes": "[ReportBatchItemFailures]",
                "DestinationConfig": "{OnFailure: {Destination: !GetAtt Dead.Arn}}",
                "FilterCriteria": """{Filters: [{Pattern: '{"eventName":["INSERT"]}'}]}""",
            },
            StreamSource(
                table="Rows",
                starting_position="TRIM_HORIZON",
                batch_size=10,
                batch_window=1.0,
                parallelization_factor=2,
                maximum_retry_attempts=0,
                maximum_record_age=60.0,
                bisect_on_error=True,
                report_item_failures=True,
                on_failure="Dead",
                filters=({"eventName": ["INSERT"]},),
            ),
            id="everything",
        ),
        pytest.param(
            {"MaximumRetryAttempts": "-1", "MaximumRecordAgeInSeconds": "'-1'"},
            StreamSource(table="Rows", starting_position="LATEST"),
            id="without an end",
        ),
    ],
)
def test_a_function_reads_a_tables_stream(
    load: Load, properties: dict[str, str], expected: StreamSource
) -> None:
    named = {"EventSourceArn": "!GetAtt Rows.StreamArn", "StartingPosition": "LATEST", **properties}
    stack, notices = load(small(ROWS, queue(), mapping(**named)))
    assert (stack.functions["Hello"].streams, stack.functions["Hello"].queues, notices) == (
        (expected,),
        (),
        [],
    )
    assert stack.tables["Rows"].stream == "NEW_AND_OLD_IMAGES"


# --- rules --------------------------------------------------------------------------------------------------


def a_rule(**fields: object) -> Rule:
    given = {"name": "trades", "pattern": {"source": ["matcher"]}, "functions": ["Hello"], **fields}
    return Rule.model_validate(given)


@pytest.mark.parametrize(
    ("properties", "expected"),
    [
        pytest.param({"EventPattern": MATCHER}, a_rule(), id="pattern"),
        pytest.param({"EventPattern": """'{"source": ["matcher"]}'"""}, a_rule(), id="pattern as text"),
        pytest.param(
            {"ScheduleExpression": "rate(5 minutes)", "State": "ENABLED", "Description": "x"},
            a_rule(pattern=None, schedule="rate(5 minutes)"),
            id="schedule",
        ),
        pytest.param(
            {"EventPattern": MATCHER, "EventBusName": "!Ref Markets"}, a_rule(bus="markets"), id="bus"
        ),
        pytest.param(
            {"EventPattern": MATCHER, "EventBusName": "!GetAtt Markets.Arn"},
            a_rule(bus="markets"),
            id="bus by its ARN",
        ),
        pytest.param(
            {"EventPattern": MATCHER, "EventBusName": "!Sub 'arn:aws:events:x:1:event-bus/${Markets}'"},
            a_rule(bus="markets"),
            id="bus by an ARN made of its name",
        ),
        pytest.param({"EventPattern": MATCHER, "EventBusName": "default"}, a_rule(), id="default bus"),
        pytest.param(
            {"EventPattern": MATCHER, "targets": "{Id: a, Arn: !GetAtt Q.Arn, RoleArn: !GetAtt Role.Arn}"},
            a_rule(functions=[], queues=["Q"]),
            id="queue, by a role",
        ),
        pytest.param(
            {
                "EventPattern": MATCHER,
                "targets": """{Id: a, Arn: !GetAtt Hello.Arn, Input: '{"full": true}'}""",
            },
            a_rule(input={"full": True}),
            id="input",
        ),
        pytest.param(
            {"EventPattern": MATCHER, "targets": "{Id: a, Arn: !GetAtt Hello.Arn, InputPath: $.detail}"},
            a_rule(input_path="$.detail"),
            id="input path",
        ),
        pytest.param(
            {
                "EventPattern": MATCHER,
                "targets": "{Id: a, Arn: !GetAtt Hello.Arn, "
                "InputTransformer: {InputPathsMap: {p: $.detail.price}, InputTemplate: <p>}}",
            },
            a_rule(input_paths={"p": "$.detail.price"}, input_template="<p>"),
            id="input transformer",
        ),
        pytest.param(
            {"EventPattern": MATCHER, "targets": f"{TO_HELLO}, {{Id: '2', Arn: !GetAtt Q.Arn}}"},
            a_rule(queues=["Q"]),
            id="function and queue",
        ),
    ],
)
def test_a_rule(load: Load, properties: dict[str, str], expected: Rule) -> None:
    others = "\nRole: {Type: AWS::IAM::Role}\n"
    listens = rule(**properties)
    stack, notices = load(
        small(
            queue(),
            others,
            MARKETS,
            rule(EventPattern=MATCHER, EventBusName="markets").replace("Trades", "X").replace("trades", "x"),
            listens,
        )
    )
    assert (stack.rules["Trades"], notices) == (expected, [])


def test_a_rule_whose_targets_get_different_things_becomes_several(load: Load) -> None:
    targets = f"{TO_HELLO}, {{Id: '2', Arn: !GetAtt Hello.Arn}}, {{Id: '3', Arn: !GetAtt Q.Arn, Input: '1'}}"
    stack, notices = load(small(queue(), rule(targets, EventPattern=MATCHER)))
    assert stack.rules == {
        "Trades": a_rule(),
        "Trades-2": a_rule(name="trades-2"),
        "Trades-3": a_rule(name="trades-3", functions=[], queues=["Q"], input=1),
    }
    assert notices == []


def test_a_rule_with_a_pattern_and_a_schedule_becomes_two(load: Load) -> None:
    stack, _ = load(small(rule(EventPattern=MATCHER, ScheduleExpression="rate(1 day)")))
    assert stack.rules == {
        "Trades": a_rule(),
        "Trades-2": a_rule(name="trades-2", pattern=None, schedule="rate(1 day)"),
    }


def test_a_rule_without_a_name_is_called_as_cloudformation_would(load: Load) -> None:
    long = "T" * 60
    text = rule(EventPattern=MATCHER, ScheduleExpression="rate(1 day)").replace("    Name: trades\n", "")
    stack, _ = load(small(text.replace("Trades", long)))
    name = generated_name("chat", long, longest=64)
    assert [one.name for one in stack.rules.values()] == [name, f"{name[:62]}-2"]


# --- SAM ----------------------------------------------------------------------------------------------------

SERVERLESS = """\
Transform: AWS::Serverless-2016-10-31
Resources:
  Chat:
    Type: AWS::Serverless::WebSocketApi
    Properties:
      RouteSelectionExpression: $request.body.action
      StageName: live
      Routes: {$connect: {FunctionArn: !GetAtt Hello.Arn}}
  Rows:
    Type: AWS::DynamoDB::Table
    Properties:
      KeySchema: [{AttributeName: pk, KeyType: HASH}]
      StreamSpecification: {StreamViewType: KEYS_ONLY}
  News: {Type: AWS::SNS::Topic}
  Jobs: {Type: AWS::SQS::Queue}
  Mine: {Type: AWS::SQS::Queue}
  Hello:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: .
      Runtime: python3.12
      Handler: hello.handler
      AutoPublishAlias: live
      Events:
        Work: {Type: SQS, Properties: {Queue: !GetAtt Jobs.Arn, BatchSize: 5}}
        Change:
          Type: DynamoDB
          Properties:
            Stream: !GetAtt Rows.StreamArn
            StartingPosition: LATEST
            DestinationConfig: {OnFailure: {Type: SQS, Destination: !GetAtt Jobs.Arn}}
        Told: {Type: EventBridgeRule, Properties: {Pattern: {source: [matcher]}, InputPath: $.detail}}
        Old: {Type: CloudWatchEvent, Properties: {Pattern: {source: [old]}}}
        Nightly: {Type: Schedule, Properties: {Schedule: rate(1 day), Name: nightly, Input: '{"full": true}'}}
        Never: {Type: Schedule, Properties: {Schedule: rate(1 day), Enabled: false}}
        Queued: {Type: SNS, Properties: {Topic: !Ref News, SqsSubscription: true, FilterPolicy: {a: [b]}}}
        Shared:
          Type: SNS
          Properties:
            Topic: !Ref News
            SqsSubscription: {QueueArn: !GetAtt Mine.Arn, QueueUrl: !Ref Mine, BatchSize: 2}
"""


def test_events_of_a_serverless_function(load: Load) -> None:
    stack, notices = load(SERVERLESS)

    function = stack.functions["Hello"]
    assert function.queues == (
        QueueSource(queue="HelloQueuedQueue"),
        QueueSource(queue="Mine", batch_size=2),
        QueueSource(queue="Jobs", batch_size=5),
    )
    assert function.streams == (StreamSource(table="Rows", starting_position="LATEST", on_failure="Jobs"),)
    assert function.subscribed_to == ()

    def named(logical_id: str, longest: int) -> str:
        return generated_name("chat", logical_id, longest=longest)

    assert stack.rules == {
        "HelloTold": Rule(
            name=named("HelloTold", 64),
            pattern={"source": ["matcher"]},
            functions=("Hello",),
            input_path="$.detail",
        ),
        "HelloOld": Rule(name=named("HelloOld", 64), pattern={"source": ["old"]}, functions=("Hello",)),
        "HelloNightly": Rule(
            name="nightly", schedule="rate(1 day)", functions=("Hello",), input={"full": True}
        ),
    }
    assert stack.queues == {
        "Jobs": Queue(name=named("Jobs", 80)),
        "Mine": Queue(name=named("Mine", 80), subscribed_to=(QueueSubscription(topic="News"),)),
        "HelloQueuedQueue": Queue(
            name=named("HelloQueuedQueue", 80),
            subscribed_to=(QueueSubscription(topic="News", filter_policy={"a": ["b"]}),),
        ),
    }
    assert stack.events == "News"
    assert notices == ["template.yaml:17: HelloNever: is disabled, so it is not deployed here"]


# --- what a value refers to ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        pytest.param({"a": [1, {"b": "x\0Rows.Arn\0y"}]}, Reference("Rows", "Arn"), id="deep inside"),
        pytest.param(["\0A\0", "\0B\0"], Reference("A"), id="the first of several"),
        pytest.param({"a": [None, 1, True, "b"]}, None, id="none"),
    ],
)
def test_the_first_reference_of_a_value(value: object, expected: Reference | None) -> None:
    assert first_reference(value) == expected
