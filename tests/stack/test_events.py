"""Queues, event sources and rules in stacks: what a file may say, and the calls that deploy it."""

import json
from pathlib import Path
from textwrap import dedent

import pytest

from harness.errors import UsageError
from harness.stack.links import link_variables, linkable
from harness.stack.loader import load_stack
from harness.stack.model import (
    DeadLetters,
    Queue,
    QueueSource,
    QueueSubscription,
    Rule,
    Stack,
    StreamSource,
)
from tests.stack.recorded_aws import RecordedAws, deploy

STACK = """\
name: shop
tables:
  orders: {name: Orders, hash_key: id, stream: NEW_IMAGE}
topics:
  news: {name: News}
queues:
  jobs:
    name: Jobs
    visibility_timeout: 60s
    dead_letters: {queue: failed, after: 3}
    subscribed_to:
      - news
      - {topic: news, raw: true, filter_policy: {kind: [trade]}, filter_policy_scope: MessageBody}
  failed: {name: Failed}
  steps: {name: Steps.fifo, delay: 5s}
functions:
  work:
    handler: app.work
    environment: {JOBS: "${queues.jobs.url}", STREAM: "${tables.orders.stream_arn}"}
    links: {Jobs: queues.jobs}
    queues:
      - steps
      - queue: jobs
        batch_size: 100
        batch_window: 5s
        maximum_concurrency: 2
        report_item_failures: true
        filters: [{body: {kind: [trade]}}]
    streams:
      - table: orders
        starting_position: LATEST
        parallelization_factor: 2
        maximum_retry_attempts: 0
        maximum_record_age: 60s
        bisect_on_error: true
        on_failure: failed
rules:
  trades:
    pattern: {source: [matcher]}
    bus: markets
    functions: [work]
    queues: [jobs, steps]
    input_template: <price>
    input_paths: {price: $.detail.price}
  nightly: {name: every-night, schedule: "cron(0 3 * * ? *)", functions: [work], input: {full: true}}
api:
  name: shop
  routes: {$default: work}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "app.py").touch()
    return tmp_path


def load(folder: Path, *replacements: tuple[str, str]) -> Stack:
    text = STACK
    for old, new in replacements:
        assert old in text, old
        text = text.replace(old, new, 1)
    path = folder / "stack.yaml"
    path.write_text(dedent(text), encoding="utf-8")
    return load_stack(path)


def test_stack_with_events_is_read(folder: Path) -> None:
    stack = load(folder)

    assert stack.tables["orders"].stream == "NEW_IMAGE"
    assert stack.queues == {
        "jobs": Queue(
            name="Jobs",
            visibility_timeout=60.0,
            dead_letters=DeadLetters(queue="failed", after=3),
            subscribed_to=(
                QueueSubscription(topic="news"),
                QueueSubscription(
                    topic="news",
                    raw=True,
                    filter_policy={"kind": ["trade"]},
                    filter_policy_scope="MessageBody",
                ),
            ),
        ),
        "failed": Queue(name="Failed"),
        "steps": Queue(name="Steps.fifo", delay=5.0),
    }
    assert stack.functions["work"].queues == (
        QueueSource(queue="steps"),
        QueueSource(
            queue="jobs",
            batch_size=100,
            batch_window=5.0,
            maximum_concurrency=2,
            report_item_failures=True,
            filters=({"body": {"kind": ["trade"]}},),
        ),
    )
    assert stack.functions["work"].streams == (
        StreamSource(
            table="orders",
            starting_position="LATEST",
            parallelization_factor=2,
            maximum_retry_attempts=0,
            maximum_record_age=60.0,
            bisect_on_error=True,
            on_failure="failed",
        ),
    )
    assert stack.rules == {
        "trades": Rule(
            pattern={"source": ["matcher"]},
            bus="markets",
            functions=("work",),
            queues=("jobs", "steps"),
            input_template="<price>",
            input_paths={"price": "$.detail.price"},
        ),
        "nightly": Rule(
            name="every-night",
            schedule="cron(0 3 * * ? *)",
            functions=("work",),
            input={"full": True},
        ),
    }
    assert [stack.rule_name(name) for name in stack.rules] == ["shop-trades", "every-night"]


MISTAKES = {
    "no such dead-letter queue": (
        ("queue: failed, after", "queue: faild, after"),
        "10: no queue is called 'faild'; did you mean 'failed'?",
    ),
    "its own dead letters": (
        ("queue: failed, after", "queue: jobs, after"),
        "10: its own messages would come back to it",
    ),
    "dead letters of another kind": (
        ("queue: failed, after", "queue: steps, after"),
        "10: the dead letters of a FIFO queue go to a FIFO queue, and of no other",
    ),
    "no such topic": (("- news", "- nwes"), "12: no topic is called 'nwes'; did you mean 'news'?"),
    "a FIFO queue and a topic": (
        ("delay: 5s}", "subscribed_to: [news]}"),
        "15: a FIFO queue cannot subscribe to a standard topic",
    ),
    "half a second": (("delay: 5s", "delay: 0.5s"), "15: SQS counts it in whole seconds"),
    "two queues of one name": (
        ("name: Failed", "name: Jobs"),
        "7: another of the queues is named Jobs too",
    ),
    "no queue's name": (
        ("Steps.fifo", "Steps.lifo"),
        "15: 'name': 'Steps.lifo' is no such name; it takes 1 to 80 letters, digits, '_' and '-'; a FIFO "
        "queue ends in .fifo",
    ),
    "no such queue": (("- steps", "- stepz"), "22: no queue is called 'stepz'; did you mean 'steps'?"),
    "a queue twice": (("- steps", "- jobs"), "23: 'jobs' is here twice"),
    "a large batch without a window": (
        ("        batch_window: 5s\n", ""),
        "23: a batch of more than 10 messages needs a 'batch_window'",
    ),
    "a window of a FIFO queue": (
        ("- steps", "- {queue: steps, batch_window: 1s}"),
        "22: a FIFO queue has no 'batch_window' and no batches of more than 10",
    ),
    "half a window": (
        ("batch_window: 5s", "batch_window: 0.5s"),
        "25: Lambda counts a window in whole seconds",
    ),
    "messages that come back too early": (
        ("visibility_timeout: 60s", "visibility_timeout: 5s"),
        "23: the queue's visibility_timeout (5 s) is shorter than the function's timeout (10 s)",
    ),
    "no such table": (
        ("table: orders", "table: order"),
        "30: no table is called 'order'; did you mean 'orders'?",
    ),
    "a table without a stream": ((", stream: NEW_IMAGE", ""), "30: the table 'orders' has no 'stream'"),
    "failures for nobody": (
        ("on_failure: failed", "on_failure: lost"),
        "36: no queue is called 'lost'",
    ),
    "a pattern and a schedule": (
        ("{name: every-night, ", "{name: every-night, pattern: {a: [b]}, "),
        "45: a rule has either a 'pattern' or a 'schedule'",
    ),
    "neither": (
        ('schedule: "cron(0 3 * * ? *)", ', ""),
        "45: a rule has either a 'pattern' or a 'schedule'",
    ),
    "a schedule of another bus": (
        ("{name: every-night, ", "{name: every-night, bus: markets, "),
        "45: only the default bus has schedules",
    ),
    "a rule for nobody": (
        ('*)", functions: [work], ', '*)", '),
        "45: nobody is told: 'functions' and 'queues' are empty",
    ),
    "two inputs": (
        ("input: {full: true}", "input: 1, input_path: $.detail"),
        "45: targets get 'input' already",
    ),
    "paths for no template": (
        ("    input_template: <price>\n", ""),
        "43: there is no 'input_template' to fill in",
    ),
    "no such function": (
        ('*)", functions: [work]', '*)", functions: [wrok]'),
        "45: no function is called 'wrok'; did you mean 'work'?",
    ),
    "no such queue of a rule": (
        ("queues: [jobs, steps]", "queues: [jbos, steps]"),
        "42: no queue is called 'jbos'; did you mean 'jobs'?",
    ),
    "two rules of one name": (
        ("name: every-night", "name: shop-trades"),
        "38: another of the rules is named shop-trades too",
    ),
    "no output": (("${queues.jobs.url}", "${queues.jobs.uri}"), "19: nothing is called '${queues.jobs.uri}'"),
}


@pytest.mark.parametrize(("replacement", "mistake"), MISTAKES.values(), ids=MISTAKES)
def test_mistake_is_told_with_its_line(folder: Path, replacement: tuple[str, str], mistake: str) -> None:
    with pytest.raises(UsageError) as caught:
        load(folder, replacement)
    told = str(caught.value).replace(f"{folder}/stack.yaml:", "").splitlines()
    assert any(line.startswith(mistake) for line in told), told


# --- deploying ------------------------------------------------------------------------------------------------


def test_queues_are_created_and_known_to_functions(folder: Path) -> None:
    aws = RecordedAws()
    deployment = deploy(aws, load(folder))

    created = [
        {name: value for name, value in one["Attributes"].items() if name != "Policy"}
        for one in aws.of("create_queue")
    ]
    assert created == [
        {"VisibilityTimeout": "60", "DelaySeconds": "0"},
        {"VisibilityTimeout": "30", "DelaySeconds": "0"},
        {
            "VisibilityTimeout": "30",
            "DelaySeconds": "5",
            "FifoQueue": "true",
            "ContentBasedDeduplication": "true",
        },
    ]
    redrive = json.dumps({"deadLetterTargetArn": "arn:Failed", "maxReceiveCount": 3})
    assert aws.of("set_queue_attributes") == [
        {"QueueUrl": "http://sqs/Jobs", "Attributes": {"RedrivePolicy": redrive}}
    ]
    assert {name: value for name, value in deployment.outputs.items() if "jobs" in name} == {
        "queues.jobs.name": "Jobs",
        "queues.jobs.url": "http://sqs/Jobs",
        "queues.jobs.arn": "arn:Jobs",
    }
    (function,) = aws.of("create_function")
    variables = function["Environment"]["Variables"]
    assert (variables["JOBS"], variables["STREAM"]) == ("http://sqs/Jobs", "arn:stream")


def test_every_reference_that_a_stack_may_make_is_an_output(folder: Path) -> None:
    stack = load(folder)
    assert set(deploy(RecordedAws(), stack).outputs) == set(stack.references())


def no_file(links: bytes) -> dict[str, str]:
    raise AssertionError("links in variables need no file")


@pytest.mark.aws("T3-12")
def test_queue_is_a_link(folder: Path) -> None:
    stack = load(folder)
    assert "queues.jobs" in linkable(stack)
    found = link_variables(stack, stack.functions["work"], {"queues.jobs.url": "http://sqs/Jobs"}, no_file)
    assert json.loads(found["SST_RESOURCE_Jobs"]) == {"type": "sst:aws:Queue", "url": "http://sqs/Jobs"}


def test_queues_are_subscribed(folder: Path) -> None:
    aws = RecordedAws()
    deploy(aws, load(folder))
    queue = {"TopicArn": "arn:topic", "Protocol": "sqs", "Endpoint": "arn:Jobs"}
    assert aws.of("subscribe") == [
        {**queue, "Attributes": {}},
        {
            **queue,
            "Attributes": {
                "RawMessageDelivery": "true",
                "FilterPolicy": '{"kind": ["trade"]}',
                "FilterPolicyScope": "MessageBody",
            },
        },
    ]


def test_sources_are_mapped(folder: Path) -> None:
    aws = RecordedAws()
    deploy(aws, load(folder))
    assert aws.of("create_event_source_mapping") == [
        {
            "FunctionName": "shop-work",
            "EventSourceArn": "arn:Steps.fifo",
            "BatchSize": 10,
            "MaximumBatchingWindowInSeconds": 0,
            "FunctionResponseTypes": [],
        },
        {
            "FunctionName": "shop-work",
            "EventSourceArn": "arn:Jobs",
            "BatchSize": 100,
            "MaximumBatchingWindowInSeconds": 5,
            "FunctionResponseTypes": ["ReportBatchItemFailures"],
            "FilterCriteria": {"Filters": [{"Pattern": '{"body": {"kind": ["trade"]}}'}]},
            "ScalingConfig": {"MaximumConcurrency": 2},
        },
        {
            "FunctionName": "shop-work",
            "EventSourceArn": "arn:stream",
            "BatchSize": 100,
            "MaximumBatchingWindowInSeconds": 0,
            "FunctionResponseTypes": [],
            "StartingPosition": "LATEST",
            "ParallelizationFactor": 2,
            "BisectBatchOnFunctionError": True,
            "MaximumRetryAttempts": 0,
            "MaximumRecordAgeInSeconds": 60,
            "DestinationConfig": {"OnFailure": {"Destination": "arn:Failed"}},
        },
    ]


def test_rules_are_created_with_their_targets(folder: Path) -> None:
    aws = RecordedAws()
    deploy(aws, load(folder))

    assert aws.of("create_event_bus") == [{"Name": "markets"}]
    assert aws.of("put_rule") == [
        {"Name": "shop-trades", "EventBusName": "markets", "EventPattern": '{"source": ["matcher"]}'},
        {"Name": "every-night", "EventBusName": "default", "ScheduleExpression": "cron(0 3 * * ? *)"},
    ]
    transformer = {"InputPathsMap": {"price": "$.detail.price"}, "InputTemplate": "<price>"}
    assert [(one["Rule"], one["EventBusName"], one["Targets"]) for one in aws.of("put_targets")] == [
        (
            "shop-trades",
            "markets",
            [
                {"Id": "1", "Arn": "arn:function", "InputTransformer": transformer},
                {"Id": "2", "Arn": "arn:Jobs", "InputTransformer": transformer},
                {
                    "Id": "3",
                    "Arn": "arn:Steps.fifo",
                    "SqsParameters": {"MessageGroupId": "rule"},
                    "InputTransformer": transformer,
                },
            ],
        ),
        ("every-night", "default", [{"Id": "1", "Arn": "arn:function", "Input": '{"full": true}'}]),
    ]
    assert [(one["StatementId"], one["SourceArn"]) for one in aws.of("add_permission")] == [
        ("rule-shop-trades", "arn:shop-trades"),
        ("rule-every-night", "arn:every-night"),
    ]
