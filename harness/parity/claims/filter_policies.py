"""Claims about filter policies: which messages a subscription lets through (section 2)."""

import json
from collections.abc import Mapping
from contextlib import suppress
from typing import TypeAlias

from harness.parity.claim import Area
from harness.parity.claims.connections import refused
from harness.parity.claims.sns import Subscribed, records, subscribed
from harness.parity.doors import Doors, Event, NoAnswer

FILTER_POLICIES = Area("filter policies")
Messages: TypeAlias = Mapping[str, Mapping[str, object]]
"""Messages by name: their attributes, or in the scope MessageBody the fields of their body."""

_LAST = "the last one"


def _filters(
    says: str,
    *rows: str,
    policy: object,
    kept: Messages,
    dropped: Messages,
    scope: str = "MessageAttributes",
) -> None:
    """The claim that a subscription with the policy lets through the messages `kept`, and not the others."""

    @FILTER_POLICIES.claim(says, *rows, aws=sorted(kept))
    def _measured(doors: Doors) -> object:
        topic = subscribed(doors, FilterPolicyScope=scope, FilterPolicy=json.dumps(policy))
        for name, content in (*dropped.items(), *kept.items(), (_LAST, next(iter(kept.values())))):
            topic.publish(**_message(name, content, scope))
        return sorted(_arrived(topic, {*kept, _LAST}) - {_LAST})


def _message(name: str, content: Mapping[str, object], scope: str) -> dict[str, object]:
    if scope == "MessageBody":
        return {"Message": json.dumps({"name": name, **content})}
    attributes = {key: _attribute(value) for key, value in content.items()}
    return {"Message": json.dumps({"name": name}), "MessageAttributes": attributes}


def _attribute(value: object) -> dict[str, str]:
    """A message attribute of the type that its value has in JSON."""
    if isinstance(value, str):
        return {"DataType": "String", "StringValue": value}
    return {
        "DataType": "String.Array" if isinstance(value, list) else "Number",
        "StringValue": json.dumps(value),
    }


def _arrived(topic: Subscribed, awaited: set[str]) -> set[str]:
    """The names of the messages that came until all that are awaited had, or none came any more."""
    came: set[str] = set()
    with suppress(NoAnswer):
        while not came >= awaited:
            came |= _names(topic.next_event().event)
    return came.union(*(_names(one.event) for one in topic.doors.recordings.so_far(topic.is_ours)))


def _names(event: Event) -> set[str]:
    return {str(json.loads(message["Message"])["name"]) for message in records(event)}


_filters(
    "a filter policy without operators takes its values exactly, case and all",
    *("S-19", "S-20"),
    policy={"kind": ["depth", "trade"]},
    kept={"one": {"kind": "depth"}, "another": {"kind": "trade"}},
    dropped={"neither": {"kind": "funding"}, "in another case": {"kind": "Depth"}},
)
_filters(
    "a message without the attribute that a filter policy names is dropped",
    "S-23",
    policy={"kind": ["depth"]},
    kept={"with it": {"kind": "depth"}},
    dropped={"with another": {"market": "depth"}, "with none": {}},
)
_filters(
    "a filter policy of two names wants both, and one value of each",
    "S-20",
    policy={"kind": ["depth", "trade"], "market": ["BTC"]},
    kept={"both": {"kind": "trade", "market": "BTC"}},
    dropped={"the first only": {"kind": "trade"}, "a wrong second": {"kind": "trade", "market": "ETH"}},
)
_filters(
    "prefix, suffix and equals-ignore-case look at the text",
    "S-20",
    policy={"kind": [{"prefix": "mark"}, {"suffix": "Alert"}, {"equals-ignore-case": "TRADE"}]},
    kept={"prefix": {"kind": "markPrice"}, "suffix": {"kind": "liquidationAlert"}, "case": {"kind": "trade"}},
    dropped={"in the middle": {"kind": "aMarkAlerts"}, "longer": {"kind": "trades"}},
)
_filters(
    "anything-but takes every other value, but wants the attribute",
    "S-20",
    policy={"kind": [{"anything-but": ["depth", "trade"]}]},
    kept={"another": {"kind": "funding"}},
    dropped={"the first": {"kind": "depth"}, "the second": {"kind": "trade"}, "none": {}},
)
_filters(
    "numeric compares numbers, ends included or not",
    "S-20",
    policy={"price": [{"numeric": [">", 1, "<=", 2.5]}]},
    kept={"inside": {"price": 2}, "the end": {"price": 2.5}},
    dropped={"the beginning": {"price": 1}, "beyond": {"price": 2.51}},
)
_filters(
    "exists asks whether an attribute is there, or is not",
    "S-20",
    policy={"market": [{"exists": True}], "trader": [{"exists": False}]},
    kept={"public": {"market": "BTC"}},
    dropped={"private": {"market": "BTC", "trader": "t-1"}, "neither": {"kind": "depth"}},
)
_filters(
    "cidr takes the addresses of a network",
    "S-20",
    policy={"from": [{"cidr": "10.0.0.0/24"}]},
    kept={"inside": {"from": "10.0.0.255"}},
    dropped={"outside": {"from": "10.0.1.0"}, "no address": {"from": "here"}},
)
_filters(
    "$or wants one of its alternatives, beside what stands next to it",
    "S-20",
    policy={"kind": ["depth"], "$or": [{"market": ["BTC"]}, {"size": [{"numeric": [">", 10]}]}]},
    kept={"the first": {"kind": "depth", "market": "BTC"}, "the second": {"kind": "depth", "size": 11}},
    dropped={"neither": {"kind": "depth", "size": 10}, "not beside it": {"kind": "x", "market": "BTC"}},
)
_filters(
    "one value of a list is enough",
    "S-20",
    policy={"tags": ["fast"]},
    kept={"with it": {"tags": ["slow", "fast"]}},
    dropped={"without it": {"tags": ["slow"]}},
)
_filters(
    "in the scope MessageBody a filter policy looks into the message, to any depth",
    "S-19",
    scope="MessageBody",
    policy={"depth": {"levels": [{"numeric": [">", 2]}]}, "market": ["BTC"]},
    kept={"inside": {"depth": {"levels": 3}, "market": "BTC"}},
    dropped={"outside": {"depth": {"levels": 2}, "market": "BTC"}, "flat": {"levels": 3, "market": "BTC"}},
)


@FILTER_POLICIES.claim("a filter policy of more than five names is refused", "S-21", aws=400)
def _six_names(doors: Doors) -> object:
    policy = {f"name{number}": ["x"] for number in range(6)}
    topic = subscribed(doors)
    return refused(
        doors.client("sns").set_subscription_attributes,
        SubscriptionArn=topic.subscription_arn,
        AttributeName="FilterPolicy",
        AttributeValue=json.dumps(policy),
    )["status"]
