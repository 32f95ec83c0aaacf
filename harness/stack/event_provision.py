"""Deploying what carries events besides topics and the API: queues, event source mappings, rules.

A part of `provision`, which passes in the call that translates a refusal.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from harness.stack.model import Function, Queue, QueueSource, QueueSubscription, Rule, Stack, StreamSource

Call: TypeAlias = Callable[..., Mapping[str, Any]]
"""`call(what, service, operation, **arguments)` is the answer of AWS; BackendError names `what`."""

# Topics and rules of the account may send to its queues, which SQS wants to be told.
_ANY_SERVICE_OF_OURS = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"Service": ["sns.amazonaws.com", "events.amazonaws.com"]},
            "Action": "sqs:SendMessage",
            "Resource": "*",
        }
    ],
}


def create_queues(stack: Stack, call: Call) -> dict[str, str]:
    """Creates the queues, then links them to their dead-letter queues; the outputs by their references."""
    outputs: dict[str, str] = {}
    for name, queue in stack.queues.items():
        url, arn = _create_queue(queue, call)
        outputs |= {f"queues.{name}.name": queue.name, f"queues.{name}.url": url, f"queues.{name}.arn": arn}
    for name, queue in stack.queues.items():
        if queue.dead_letters is not None:
            target = outputs[f"queues.{queue.dead_letters.queue}.arn"]
            policy = {"deadLetterTargetArn": target, "maxReceiveCount": queue.dead_letters.after}
            call(
                f"queue {queue.name}",
                "sqs",
                "set_queue_attributes",
                QueueUrl=outputs[f"queues.{name}.url"],
                Attributes={"RedrivePolicy": json.dumps(policy)},
            )
    return outputs


def _create_queue(queue: Queue, call: Call) -> tuple[str, str]:
    """(URL, ARN)"""
    what = f"queue {queue.name}"
    attributes = {
        "VisibilityTimeout": str(int(queue.visibility_timeout)),
        "DelaySeconds": str(int(queue.delay)),
        "Policy": json.dumps(_ANY_SERVICE_OF_OURS),
    }
    if queue.is_fifo:
        attributes |= {"FifoQueue": "true", "ContentBasedDeduplication": "true"}
    url = str(call(what, "sqs", "create_queue", QueueName=queue.name, Attributes=attributes)["QueueUrl"])
    told = call(what, "sqs", "get_queue_attributes", QueueUrl=url, AttributeNames=["QueueArn"])
    return url, str(told["Attributes"]["QueueArn"])


def connect_events(stack: Stack, call: Call, outputs: Mapping[str, str]) -> None:
    """Subscribes queues, maps event sources to functions, and creates the rules with their targets."""
    for name, queue in stack.queues.items():
        for subscription in queue.subscribed_to:
            _subscribe(
                call, outputs[f"topics.{subscription.topic}.arn"], subscription, outputs[f"queues.{name}.arn"]
            )
    for name, function in stack.functions.items():
        _map_sources(call, stack.function_name(name), function, outputs)
    for name, rule in stack.rules.items():
        _create_rule(call, stack, stack.rule_name(name), rule, outputs)


def _subscribe(call: Call, topic_arn: str, subscription: QueueSubscription, queue_arn: str) -> None:
    attributes = {"RawMessageDelivery": "true"} if subscription.raw else {}
    if subscription.filter_policy is not None:
        attributes["FilterPolicy"] = json.dumps(subscription.filter_policy)
        attributes["FilterPolicyScope"] = subscription.filter_policy_scope
    call(
        f"subscription of {queue_arn} to {topic_arn}",
        "sns",
        "subscribe",
        TopicArn=topic_arn,
        Protocol="sqs",
        Endpoint=queue_arn,
        Attributes=attributes,
    )


# --- event source mappings --------------------------------------------------------------------------------


def _map_sources(call: Call, function_name: str, function: Function, outputs: Mapping[str, str]) -> None:
    mappings = [_queue_mapping(one, outputs) for one in function.queues]
    mappings += [_stream_mapping(one, outputs) for one in function.streams]
    for mapping in mappings:
        what = f"event source {mapping['EventSourceArn']} of {function_name}"
        call(what, "lambda", "create_event_source_mapping", FunctionName=function_name, **mapping)


def _queue_mapping(source: QueueSource, outputs: Mapping[str, str]) -> dict[str, object]:
    mapping = _mapping(source, outputs[f"queues.{source.queue}.arn"])
    if source.maximum_concurrency is not None:
        mapping["ScalingConfig"] = {"MaximumConcurrency": source.maximum_concurrency}
    return mapping


def _stream_mapping(source: StreamSource, outputs: Mapping[str, str]) -> dict[str, object]:
    mapping = _mapping(source, outputs[f"tables.{source.table}.stream_arn"]) | {
        "StartingPosition": source.starting_position,
        "ParallelizationFactor": source.parallelization_factor,
        "BisectBatchOnFunctionError": source.bisect_on_error,
    }
    if source.maximum_retry_attempts is not None:
        mapping["MaximumRetryAttempts"] = source.maximum_retry_attempts
    if source.maximum_record_age is not None:
        mapping["MaximumRecordAgeInSeconds"] = int(source.maximum_record_age)
    if source.on_failure is not None:
        target = outputs[f"queues.{source.on_failure}.arn"]
        mapping["DestinationConfig"] = {"OnFailure": {"Destination": target}}
    return mapping


def _mapping(source: QueueSource | StreamSource, arn: str) -> dict[str, object]:
    mapping: dict[str, object] = {
        "EventSourceArn": arn,
        "BatchSize": source.batch_size,
        "MaximumBatchingWindowInSeconds": int(source.batch_window),
        "FunctionResponseTypes": ["ReportBatchItemFailures"] if source.report_item_failures else [],
    }
    if source.filters:
        filters = [{"Pattern": json.dumps(pattern)} for pattern in source.filters]
        mapping["FilterCriteria"] = {"Filters": filters}
    return mapping


# --- rules ------------------------------------------------------------------------------------------------


def _create_rule(call: Call, stack: Stack, name: str, rule: Rule, outputs: Mapping[str, str]) -> None:
    what = f"rule {name}"
    if rule.bus != "default":
        _create_bus(call, rule.bus)
    asked = {"Name": name, "EventBusName": rule.bus}
    matches = (
        {"EventPattern": json.dumps(rule.pattern)}
        if rule.pattern is not None
        else {"ScheduleExpression": rule.schedule}
    )
    rule_arn = call(what, "events", "put_rule", **asked, **matches)["RuleArn"]
    for function in rule.functions:
        call(
            what,
            "lambda",
            "add_permission",
            FunctionName=stack.function_name(function),
            StatementId=f"rule-{name.replace('.', '-')}",
            Action="lambda:InvokeFunction",
            Principal="events.amazonaws.com",
            SourceArn=rule_arn,
        )
    arns = [outputs[f"functions.{one}.arn"] for one in rule.functions]
    arns += [outputs[f"queues.{one}.arn"] for one in rule.queues]
    targets = [_target(number, arn, rule) for number, arn in enumerate(arns, start=1)]
    call(what, "events", "put_targets", Rule=name, EventBusName=rule.bus, Targets=targets)


def _create_bus(call: Call, name: str) -> None:
    """Several rules may share a bus, and it is created once."""
    buses = call(f"event bus {name}", "events", "list_event_buses", NamePrefix=name)["EventBuses"]
    if not any(bus["Name"] == name for bus in buses):
        call(f"event bus {name}", "events", "create_event_bus", Name=name)


def _target(number: int, arn: str, rule: Rule) -> dict[str, object]:
    target: dict[str, object] = {"Id": str(number), "Arn": arn}
    if arn.endswith(".fifo"):
        target["SqsParameters"] = {"MessageGroupId": "rule"}
    if rule.input is not None:
        target["Input"] = json.dumps(rule.input)
    if rule.input_path is not None:
        target["InputPath"] = rule.input_path
    if rule.input_template is not None:
        target["InputTransformer"] = {
            "InputPathsMap": dict(rule.input_paths),
            "InputTemplate": rule.input_template,
        }
    return target
