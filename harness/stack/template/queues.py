"""Queues of a template, and where their dead letters go."""

from collections.abc import Mapping

from harness.stack.template.intrinsics import references_in, shown
from harness.stack.template.names import QUEUE_LENGTH, generated_name
from harness.stack.template.reading import Reading, Resource, is_true, mapping_of, number_or
from harness.yaml_source import Location

QUEUE = "AWS::SQS::Queue"

_FIFO = ".fifo"
_READ = (
    "ContentBasedDeduplication",
    "DelaySeconds",
    "FifoQueue",
    "QueueName",
    "RedrivePolicy",
    "VisibilityTimeout",
)
_WITHOUT_EFFECT = (
    "FifoThroughputLimit KmsDataKeyReusePeriodSeconds KmsMasterKeyId RedriveAllowPolicy "
    "SqsManagedSseEnabled Tags"
)
_FIELDS = {"visibility_timeout": "VisibilityTimeout", "delay": "DelaySeconds"}

# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SetQueueAttributes.html
_RECEIVED_BY_DEFAULT = 10


def read_queues(reading: Reading) -> None:
    """Every queue, with its dead-letter queue where that is one of the template."""
    for resource in reading.of_type(QUEUE):
        reading.notice_unread(resource, read=_READ, without_effect=_WITHOUT_EFFECT)
        location: Location = ("queues", resource.logical_id)
        reading.put(location, {"name": _name(reading, resource)}, resource.location)
        reading.places[(*location, "name")] = resource.property_location("QueueName")
        reading.put_properties(location, resource, _FIELDS)
        _read_dead_letters(reading, resource, location)


def queue_of(reading: Reading, value: object) -> str | None:
    """The queue that a value leads to: by its ARN, or by an ARN that is made of its name; None for none."""
    for reference in references_in(value) if isinstance(value, str) else ():
        is_queue = reading.resources[reference.logical_id].type == QUEUE
        if is_queue and reference.attribute in ("Arn", "QueueName"):
            return reference.logical_id
    return None


def _name(reading: Reading, resource: Resource) -> str:
    name, is_fifo = reading.text(resource, "QueueName"), is_true(reading.property(resource, "FifoQueue"))
    if is_fifo and not is_true(reading.property(resource, "ContentBasedDeduplication")):
        reading.notice(
            resource.location, "is deduplicated by content here, though the template does not say so"
        )
    if name is None:
        ending = _FIFO if is_fifo else ""
        longest = QUEUE_LENGTH - len(ending)
        return generated_name(reading.stack_name, resource.logical_id, longest=longest) + ending
    if name.endswith(_FIFO) != is_fifo:
        text = "the name of a queue ends in .fifo when it has FifoQueue: true, and of no other"
        reading.mistake(resource.property_location("QueueName"), text)
    return name


def _read_dead_letters(reading: Reading, resource: Resource, location: Location) -> None:
    place = resource.property_location("RedrivePolicy")
    policy: Mapping[str, object] = mapping_of(
        reading.json(place, "RedrivePolicy", reading.property(resource, "RedrivePolicy"))
    )
    if not policy:
        return
    target = policy.get("deadLetterTargetArn")
    queue = queue_of(reading, target)
    if queue is None:
        reading.notice(
            place, f"'{shown(str(target))}' is no queue that is deployed here, so it gets no dead letters"
        )
        return
    after = number_or(policy.get("maxReceiveCount", _RECEIVED_BY_DEFAULT))
    reading.put((*location, "dead_letters"), {"queue": queue, "after": after}, place)
