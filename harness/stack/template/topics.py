"""Which topics does a template have, and which functions are subscribed to them?"""

import json
from collections.abc import Collection, Iterator, Mapping

from harness.stack.template.functions import function_of
from harness.stack.template.intrinsics import only_reference, shown
from harness.stack.template.names import TOPIC_LENGTH, generated_name
from harness.stack.template.reading import Reading, list_of, mapping_of
from harness.yaml_source import Location

TOPIC = "AWS::SNS::Topic"
SUBSCRIPTION = "AWS::SNS::Subscription"

_READ = ("TopicName", "Subscription", "FifoTopic")
_WITHOUT_EFFECT = "DeliveryStatusLogging DisplayName KmsMasterKeyId SignatureVersion Tags TracingConfig"
_SUBSCRIPTION_READ = ("Endpoint", "FilterPolicy", "FilterPolicyScope", "Protocol", "TopicArn")
_SUBSCRIPTION_WITHOUT_EFFECT = "Region DeliveryPolicy"  # a delivery policy is for HTTP


def read_topics(reading: Reading) -> Collection[str]:
    """Every standard topic; answers their logical ids."""
    found = []
    for resource in reading.of_type(TOPIC):
        if str(reading.property(resource, "FifoTopic")).lower() == "true":
            reading.notice(resource.location, "a FIFO topic is not read; it cannot reach a function anyway")
            continue
        reading.notice_unread(resource, read=_READ, without_effect=_WITHOUT_EFFECT)
        location: Location = ("topics", resource.logical_id)
        name = reading.text(resource, "TopicName")
        generated = generated_name(reading.stack_name, resource.logical_id, longest=TOPIC_LENGTH)
        reading.put(location, {"name": name or generated}, resource.location)
        reading.places[(*location, "name")] = resource.property_location("TopicName")
        found.append(resource.logical_id)
    return found


def read_subscriptions(reading: Reading, *, topics: Collection[str], functions: Collection[str]) -> None:
    """Every subscription of a function to a topic; the topic that alone has some is the matchers'."""
    subscribed: dict[str, list[object]] = {}
    reached = set()
    for place, subscription in _subscriptions(reading):
        topic = only_reference(subscription.get("TopicArn"))
        function = function_of(reading, subscription.get("Endpoint"))
        told = _left_out(
            subscription,
            topic=topic is not None and topic.logical_id in topics,
            function=function is not None and function in functions,
        )
        if told or topic is None or function is None:
            reading.notice(place, told)
            continue
        found = subscribed.setdefault(function, [])
        location: Location = ("functions", function, "subscribed_to")
        reading.put(location, found, place)
        reading.places[(*location, len(found))] = place
        found.append(_as_in_stack(reading, place, topic.logical_id, subscription))
        reached.add(topic.logical_id)
    if len(reached) == 1:
        reading.value["events"] = reached.pop()


def _left_out(subscription: Mapping[str, object], *, topic: bool, function: bool) -> str:
    """Why a subscription is not read; "" when it is. `topic` and `function`: whether these are deployed here."""
    if str(subscription.get("Protocol")).lower() != "lambda":
        return f"a subscription by {subscription.get('Protocol')} is not read"
    if not topic:
        told = shown(str(subscription.get("TopicArn")))
        return f"'{told}' is no topic that is deployed here, so nothing is subscribed to it"
    if not function:
        told = shown(str(subscription.get("Endpoint")))
        return f"'{told}' is no function that is deployed here, so it is not subscribed"
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
    reading: Reading, place: Location, topic: str, subscription: Mapping[str, object]
) -> dict[str, object]:
    found: dict[str, object] = {"topic": topic}
    if (policy := subscription.get("FilterPolicy")) is not None:
        try:
            found["filter_policy"] = json.loads(policy) if isinstance(policy, str) else policy
        except ValueError as error:
            reading.mistake(place, f"FilterPolicy is no JSON: {error}")
    if (scope := subscription.get("FilterPolicyScope")) is not None:
        found["filter_policy_scope"] = scope
    return found
