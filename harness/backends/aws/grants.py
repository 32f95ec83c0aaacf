"""Grants: what the harness may call on AWS. Pure: a list of what is allowed; everything else is not."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TypeAlias

Key: TypeAlias = tuple[tuple[str, str], ...]
"""A row's key: name and value of each of its attributes, in the table's order; the value with its type, `S:...`."""

OPERATIONS: Mapping[tuple[str, str], str] = MappingProxyType(
    {
        ("sts", "GetCallerIdentity"): "",
        ("cloudformation", "DescribeStacks"): "StackName",
        ("sns", "GetTopicAttributes"): "TopicArn",
        ("sns", "Publish"): "TopicArn",
        ("dynamodb", "Scan"): "TableName",
        ("dynamodb", "DeleteItem"): "TableName",
    }
)
"""Every operation that is ever called, and the parameter that says on what."""


@dataclass(frozen=True, slots=True)
class Grants:
    """On what the operations of the list are allowed: `resources` by parameter (`TopicArn`).

    `keys` are those of the rows that may be deleted.
    """

    resources: Mapping[str, str]
    keys: frozenset[Key] = frozenset()

    def refusal(self, service: str, operation: str, parameters: Mapping[str, object]) -> str:
        """Why the call is not allowed; empty when it is."""
        named = OPERATIONS.get((service, operation))
        if named is None:
            return f"{service}:{operation} is not among the calls that a run makes on AWS"
        if named and parameters.get(named) != self.resources.get(named):
            return f"{service}:{operation} on {parameters.get(named)} is not for this run's stack"
        if operation == "DeleteItem" and key_of(parameters.get("Key")) not in self.keys:
            return f"{service}:{operation}: the row is not one that this run made, or --allow-write was not given"
        return ""


def key_of(attributes: object) -> Key:
    """A key as it can be compared, from DynamoDB's JSON: `{"pk": {"S": "WS#a="}}`."""
    assert isinstance(attributes, Mapping)
    return tuple(
        (str(name), f"{kind}:{inner}")
        for name, value in sorted(attributes.items())
        for kind, inner in value.items()
    )
