"""Topics of a template, and which functions and queues are subscribed to them."""

from collections.abc import Collection, Iterator, Mapping

from harness.stack.template.functions import function_of
from harness.stack.template.intrinsics import first_reference, only_reference, shown
from harness.stack.template.names import TOPIC_LENGTH, generated_name
from harness.stack.template.queues import queue_of
from harness.stack.template.reading import Reading, is_true, list_of, mapping_of
from harness.yaml_source import Location

TOPIC = "AWS::SNS::Topic"
SUBSCRIPTION = "AWS::SNS::Subscription"

_READ = ("FifoTopic", "MaximumMessageSize", "Subscription", "TopicName")
_WITHOUT_EFFECT = "DeliveryStatusLogging DisplayName KmsMasterKeyId SignatureVersion Tags TracingConfig"
_SUBSCRIPTION_READ = (
    "Endpoint",
    "FilterPolicy",
    "FilterPolicyScope",
    "Protocol",
    "RawMessageDelivery",
    "TopicArn",
)
_SUBSCRIPTION_WITHOUT_EFFECT = "Region DeliveryPolicy"  # a delivery policy is for HTTP


def read_topics(reading: Reading) -> Collection[str]:
    """Every standard topic; answers their logical ids."""
    found = []
    for resource in reading.of_type(TOPIC):
        if is_true(reading.property(resource, "FifoTopic")):
            reading.notice(resource.location, "a FIFO topic is not read; it cannot reach a function anyway")
            continue
        reading.notice_unread(resource, read=_READ, without_effect=_WITHOUT_EFFECT)
        location: Location = ("topics", resource.logical_id)
        name = reading.text(resource, "TopicName")
        generated = generated_name(reading.stack_name, resource.logical_id, longest=TOPIC_LENGTH)
        reading.put(location, {"name": name or generated}, resource.location)
        reading.places[(*location, "name")] = resource.property_location("TopicName")
        reading.put_properties(location, resource, {"maximum_message_size": "MaximumMessageSize"})
        found.append(resource.logical_id)
    return found


def read_subscriptions(reading: Reading, *, topics: Collection[str], functions: Collection[str]) -> None:
    """Every subscription of a function or a queue to a topic.

    The matchers' topic is the one that alone has functions; where none has, the one that alone has queues.
    """
    reached: dict[str, set[str]] = {"functions": set(), "queues": set()}
    for place, subscription in _subscriptions(reading):
        topic = only_reference(subscription.get("TopicArn"))
        kind, subscriber = _subscriber(reading, subscription, functions)
        if told := _left_out(subscription, topic=topic is not None and topic.logical_id in topics, kind=kind):
            reading.notice(place, told)
        elif topic is not None:
            found = _as_in_stack(reading, place, topic.logical_id, subscription, kind=kind)
            reading.append((kind, subscriber, "subscribed_to"), found, place)
            reached[kind].add(topic.logical_id)
    matchers = reached["functions"] or reached["queues"]
    if len(matchers) == 1:
        reading.value["events"] = matchers.pop()


def _subscriber(
    reading: Reading, subscription: Mapping[str, object], functions: Collection[str]
) -> tuple[str, str]:
    """Who is subscribed that is deployed here: of the functions or of the queues, and who; ("", "") for nobody."""
    endpoint = subscription.get("Endpoint")
    match _protocol(subscription):
        case "lambda" if (function := function_of(reading, endpoint)) in functions:
            return "functions", str(function)
        case "sqs" if (queue := queue_of(reading, endpoint)) is not None:
            return "queues", queue
    return "", ""


def _protocol(subscription: Mapping[str, object]) -> str:
    return str(subscription.get("Protocol")).lower()


def _left_out(subscription: Mapping[str, object], *, topic: bool, kind: str) -> str:
    """Why a subscription is not read; "" when it is. `topic`: whether it is deployed here; `kind`: of who is."""
    protocol = _protocol(subscription)
    if protocol not in ("lambda", "sqs"):
        return f"a subscription by {subscription.get('Protocol')} is not read"
    if not topic:
        told = shown(str(subscription.get("TopicArn")))
        return f"'{told}' is no topic that is deployed here, so nothing is subscribed to it"
    if not kind:
        told, what = shown(str(subscription.get("Endpoint"))), "queue" if protocol == "sqs" else "function"
        return f"'{told}' is no {what} that is deployed here, so it is not subscribed"
    if (needed := first_reference(subscription.get("FilterPolicy"))) is not None:
        return f"its FilterPolicy needs {needed}, which is known only once it is deployed, so nobody is subscribed"
    return ""


def _subscriptions(reading: Reading) -> Iterator[tuple[Location, Mapping[str, object]]]:
    """Those that stand alone, and those in their topics."""
    for resource in reading.of_type(SUBSCRIPTION):
        reading.notice_unread(resource, read=_SUBSCRIPTION_READ, without_effect=_SUBSCRIPTION_WITHOUT_EFFECT)
        found = {name: reading.property(resource, name) for name in _SUBSCRIPTION_READ}
        yield resource.location, found
    for topic in reading.of_type(TOPIC):
        inside = list_of(reading.property(topic, "Subscription"))
        for number, subscription in enumerate(map(mapping_of, inside)):
            place = topic.property_location("Subscription", number)
            yield place, {**subscription, "TopicArn": f"\0{topic.logical_id}\0"}


def _as_in_stack(
    reading: Reading, place: Location, topic: str, subscription: Mapping[str, object], *, kind: str
) -> dict[str, object]:
    found: dict[str, object] = {"topic": topic}
    if (policy := reading.json(place, "FilterPolicy", subscription.get("FilterPolicy"))) is not None:
        found["filter_policy"] = policy
    if (scope := subscription.get("FilterPolicyScope")) is not None:
        found["filter_policy_scope"] = scope
    if is_true(subscription.get("RawMessageDelivery")):
        if kind == "queues":
            found["raw"] = True
        else:
            reading.notice(place, "RawMessageDelivery is not for functions, so it is not read")
    return found
