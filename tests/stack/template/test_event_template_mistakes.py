"""Queues, event sources, rules and streams out of templates: what is left out, what is wrong."""

from collections.abc import Callable

import pytest

from harness.stack.model import (
    Queue,
    Stack,
)
from tests.stack.template.conftest import small
from tests.stack.template.event_resources import (
    MARKETS,
    MATCHER,
    NAMED,
    NEWS,
    ROWS,
    TO_HELLO,
    mapping,
    queue,
    rule,
    subscription,
)

Load = Callable[..., tuple[Stack, list[str]]]
Mistakes = Callable[..., list[str]]

# --- what is left out ---------------------------------------------------------------------------------------

STRANGERS = "\nOther: {Type: AWS::Lambda::Function, Properties: {Code: {ZipFile: x}}}\n"


@pytest.mark.parametrize(
    ("resources", "notice"),
    [
        pytest.param(
            [queue(MessageRetentionPeriod="60")],
            "25: Q: MessageRetentionPeriod is not read",
            id="a property of a queue",
        ),
        pytest.param(
            [queue(FifoQueue="true")],
            "25: Q: is deduplicated by content here, though the template does not say so",
            id="FIFO without deduplication by content",
        ),
        pytest.param(
            [queue(RedrivePolicy="{deadLetterTargetArn: 'arn:aws:sqs:x:1:y', maxReceiveCount: 2}")],
            "25: Q: 'arn:aws:sqs:x:1:y' is no queue that is deployed here, so it gets no dead letters",
            id="dead letters for another stack",
        ),
        pytest.param(
            [NEWS, subscription("S", "News", "sqs", "'arn:aws:sqs:x:1:y'")],
            "27: S: 'arn:aws:sqs:x:1:y' is no queue that is deployed here, so it is not subscribed",
            id="a queue of another stack, subscribed",
        ),
        pytest.param(
            [NEWS, subscription("S", "News", "lambda", "!Ref Hello", ", RawMessageDelivery: true")],
            "27: S: RawMessageDelivery is not for functions, so it is not read",
            id="raw for a function",
        ),
        pytest.param(
            [NEWS, subscription("S", "News", "sqs", "!Ref Hello", ", FilterPolicy: {a: [!Ref Hello]}")],
            "27: S: '${Hello}' is no queue that is deployed here, so it is not subscribed",
            id="a function as a queue",
        ),
        pytest.param(
            [NEWS, subscription("S", "News", "lambda", "!Ref Hello", ", FilterPolicy: {a: [!Ref News]}")],
            "27: S: its FilterPolicy needs News, which is known only once it is deployed, so nobody is subscribed",
            id="a filter policy that cannot be known",
        ),
        pytest.param(
            [mapping(EventSourceArn="'arn:aws:kinesis:x:1:stream/y'")],
            "25: M: 'arn:aws:kinesis:x:1:stream/y' is no queue and no table's stream that is deployed here, "
            "so no function reads it",
            id="another source",
        ),
        pytest.param(
            [ROWS, mapping(EventSourceArn="!GetAtt Rows.Arn", StartingPosition="LATEST")],
            "32: M: '${Rows.Arn}' is no queue and no table's stream that is deployed here, so no function reads it",
            id="a table in place of its stream",
        ),
        pytest.param(
            [queue(), mapping(EventSourceArn="!GetAtt Q.Arn", FunctionName="hello")],
            "28: M: 'hello' is no function that is deployed here, so it reads nothing",
            id="a source of another function",
        ),
        pytest.param(
            [queue(), mapping(EventSourceArn="!GetAtt Q.Arn", Enabled="'false'")],
            "28: M: is disabled, so it is not deployed here",
            id="a disabled source",
        ),
        pytest.param(
            [
                queue(),
                mapping(
                    EventSourceArn="!GetAtt Q.Arn",
                    FilterCriteria="""{Filters: [{Pattern: !Sub '{"body": ["${Q}"]}'}]}""",
                ),
            ],
            "28: M: its filters need Q, which is known only once it is deployed, so it is not deployed here",
            id="a filter that cannot be known",
        ),
        pytest.param(
            [queue(), mapping(EventSourceArn="!GetAtt Q.Arn", ProvisionedPollerConfig="{MinimumPollers: 2}")],
            "33: M: ProvisionedPollerConfig is not read",
            id="a property of a queue's mapping",
        ),
        pytest.param(
            [
                ROWS,
                mapping(
                    EventSourceArn="!GetAtt Rows.StreamArn",
                    StartingPosition="LATEST",
                    TumblingWindowInSeconds="5",
                ),
            ],
            "38: M: TumblingWindowInSeconds is not read",
            id="a property of a stream's mapping",
        ),
        pytest.param(
            [
                NEWS,
                ROWS,
                mapping(
                    EventSourceArn="!GetAtt Rows.StreamArn",
                    StartingPosition="LATEST",
                    DestinationConfig="{OnFailure: {Destination: !Ref News}}",
                ),
            ],
            "40: M: '${News}' is no queue that is deployed here, so it is not told what was given up",
            id="a destination that is a topic",
        ),
        pytest.param(
            [rule(EventPattern=MATCHER, State="DISABLED")],
            "25: Trades: is disabled, so it is not deployed here",
            id="a disabled rule",
        ),
        pytest.param(
            [rule("{Id: a, Arn: !GetAtt Hello.Arn, DeadLetterConfig: {Arn: x}}", EventPattern=MATCHER)],
            "30: Trades: DeadLetterConfig is not read",
            id="a property of a target",
        ),
        pytest.param(
            [NEWS, rule(f"{TO_HELLO}, {{Id: b, Arn: !Ref News}}", EventPattern=MATCHER)],
            "32: Trades: '${News}' is no function and no queue that is deployed here, so it is not told",
            id="a topic as a target",
        ),
        pytest.param(
            [NEWS, rule(f"{TO_HELLO}, {{Id: b, Arn: !Ref Hello, Input: !Ref News}}", EventPattern=MATCHER)],
            "32: Trades: what it gets needs News, which is known only once it is deployed, so it is not told",
            id="an input that cannot be known",
        ),
        pytest.param(
            [rule(EventPattern="{resources: [!GetAtt Hello.Arn]}")],
            "25: Trades: its pattern needs Hello.Arn, which is known only once it is deployed, "
            "so it is not deployed here",
            id="a pattern that cannot be known",
        ),
        pytest.param(
            [rule(EventPattern=MATCHER, EventBusName="!Ref Hello")],
            "25: Trades: its event bus is known only once it is deployed, so the rule is not deployed here",
            id="a bus that cannot be known",
        ),
        pytest.param(
            [rule("", EventPattern=MATCHER)],
            "25: Trades: tells nobody who is deployed here, so it is not deployed either",
            id="a rule without targets",
        ),
        pytest.param(
            [MARKETS], "25: Markets: no rule listens on it, so it is not deployed here", id="a bus for nobody"
        ),
    ],
)
def test_what_is_left_out_is_named(load: Load, resources: list[str], notice: str) -> None:
    assert load(small(*resources))[1] == [f"template.yaml:{notice}"]


def test_what_is_left_out_is_not_in_the_stack(load: Load) -> None:
    stack, notices = load(
        small(
            NEWS,
            queue(RedrivePolicy="{deadLetterTargetArn: x}"),
            subscription("S", "News", "sqs", "!GetAtt Q.Arn", ", FilterPolicy: {a: [!Ref News]}"),
            mapping(EventSourceArn="!GetAtt Q.Arn", Enabled="false"),
            rule(EventPattern=MATCHER, State="DISABLED"),
            MARKETS,
        )
    )
    assert (stack.queues["Q"], stack.rules, stack.events) == (Queue(name=NAMED), {}, None)
    assert (stack.functions["Hello"].queues, stack.functions["Hello"].subscribed_to) == ((), ())
    assert len(notices) == 5


# --- what is wrong ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("resources", "mistake"),
    [
        pytest.param(
            [queue(QueueName="jobs.fifo")],
            "25: Q: the name of a queue ends in .fifo when it has FifoQueue: true, and of no other",
            id="a FIFO name",
        ),
        pytest.param(
            [queue(VisibilityTimeout="2"), mapping(EventSourceArn="!GetAtt Q.Arn")],
            "28: M: the queue's visibility_timeout (2 s) is shorter than the function's timeout (3 s)",
            id="messages that come back too early",
        ),
        pytest.param(
            [queue(), mapping(EventSourceArn="!GetAtt Q.Arn", BatchSize="20000")],
            "33: M: 'batch_size' must be at most 10000, not 20000",
            id="a batch that is too large",
        ),
        pytest.param(
            [queue(), mapping(EventSourceArn="!GetAtt Q.Arn", FilterCriteria="{Filters: [{Pattern: '{'}]}")],
            "33: M: Pattern is no JSON: Expecting property name enclosed in double quotes: "
            "line 1 column 2 (char 1)",
            id="a filter that is no JSON",
        ),
        pytest.param(
            [ROWS, mapping(EventSourceArn="!GetAtt Rows.StreamArn")],
            "32: M: has no StartingPosition; a stream is read from TRIM_HORIZON or LATEST",
            id="no starting position",
        ),
        pytest.param(
            [
                ROWS.replace("    StreamSpecification: {StreamViewType: NEW_AND_OLD_IMAGES}\n", ""),
                mapping(EventSourceArn="!GetAtt Rows.StreamArn", StartingPosition="LATEST"),
            ],
            "31: M: the table 'Rows' has no 'stream'",
            id="a table without a stream",
        ),
        pytest.param(
            [ROWS, mapping(EventSourceArn="!GetAtt Rows.StreamArn", StartingPosition="AT_TIMESTAMP")],
            "37: M: 'starting_position' must be 'TRIM_HORIZON' or 'LATEST', not 'AT_TIMESTAMP'",
            id="a starting position of another kind",
        ),
        pytest.param(
            [rule(EventPattern="'{'")],
            "29: Trades: EventPattern is no JSON: Expecting property name enclosed in double quotes: "
            "line 1 column 2 (char 1)",
            id="a pattern that is no JSON",
        ),
        pytest.param(
            [rule()], "25: Trades: a rule has either a 'pattern' or a 'schedule'", id="a rule for nothing"
        ),
        pytest.param(
            [rule(ScheduleExpression="rate(1 day)", EventBusName="markets")],
            "30: Trades: only the default bus has schedules",
            id="a schedule of another bus",
        ),
    ],
)
def test_what_makes_no_stack_is_told_with_its_line(
    mistakes: Mistakes, resources: list[str], mistake: str
) -> None:
    assert mistakes(small(*resources)) == [f"template.yaml:{mistake}"]
