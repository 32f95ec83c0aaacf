"""Subscriptions of functions here to topics elsewhere, and the address of ours under which each stands there.

The topic knows an HTTP subscription of an address that nobody can guess; everybody else is shown the function.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from harness.emulator.sns.filter_policy import FilterPolicy
from harness.emulator.sns.publish import Publication

_MEMBER = re.compile(r"<member>.*?</member>", re.DOTALL)
_PROTOCOL = re.compile(r"(<Protocol>|<key>Protocol</key>\s*<value>)https?<")
_ATTRIBUTE = re.compile(r"Attributes\.entry\.(\d+)\.(key|value)")


@dataclass(frozen=True, slots=True)
class SubscribedFunction:
    """A function's subscription; `address` is the URL that the topic posts to, `arn` "" until the topic says it."""

    token: str
    address: str
    topic_arn: str
    function: str
    arn: str = ""
    filter_policy: FilterPolicy | None = None

    def gets(self, publication: Publication) -> bool:
        """Whether the topic posts the message to it, by our own reading of its filter policy."""
        if publication.topic_arn != self.topic_arn:
            return False
        policy = self.filter_policy
        return policy is None or policy.lets_through(
            publication.attributes, publication.message_for("lambda")
        )


def attributes_of(form: Mapping[str, str]) -> dict[str, str]:
    """The attributes in a Subscribe request."""
    entries: dict[str, dict[str, str]] = {}
    for name, value in form.items():
        if match := _ATTRIBUTE.fullmatch(name):
            entries.setdefault(match[1], {})[match[2]] = value
    return {entry.get("key", ""): entry.get("value", "") for entry in entries.values()}


def shown_as_functions(body: str, subscriptions: Iterable[SubscribedFunction]) -> str:
    """An XML answer with each of our addresses replaced by the function behind it, and its protocol by lambda."""
    for one in subscriptions:
        if one.address in body:
            body = _shown(body, one)
    return body


def _shown(body: str, one: SubscribedFunction) -> str:
    def as_function(part: str) -> str:
        if one.address not in part:
            return part
        return _PROTOCOL.sub(r"\1lambda<", part).replace(one.address, one.function)

    if "<member>" in body:
        return _MEMBER.sub(lambda member: as_function(member[0]), body)
    return as_function(body)
