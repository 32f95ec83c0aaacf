"""Undeploying: the opposite of each call that made something, last one first."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeAlias

from botocore.exceptions import BotoCoreError, ClientError

from harness.errors import BackendError

if TYPE_CHECKING:
    from botocore.client import BaseClient

_Call: TypeAlias = tuple[str, Mapping[str, object]]
"""An operation and its arguments."""


@dataclass(frozen=True, slots=True)
class Made:
    """One call of AWS's API that succeeded: `what` names the resource as errors do."""

    what: str
    service: str
    operation: str
    asked: Mapping[str, object]
    answer: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Undo:
    """The call that deletes a resource."""

    what: str
    service: str
    operation: str
    arguments: Mapping[str, object]


_OPPOSITES: Mapping[str, Callable[[Made], _Call]] = MappingProxyType(
    {
        "create_table": lambda made: ("delete_table", {"TableName": made.asked["TableName"]}),
        "create_topic": lambda made: ("delete_topic", {"TopicArn": made.answer["TopicArn"]}),
        "create_queue": lambda made: ("delete_queue", {"QueueUrl": made.answer["QueueUrl"]}),
        "create_api": lambda made: ("delete_api", {"ApiId": made.answer["ApiId"]}),
        "create_function": lambda made: ("delete_function", {"FunctionName": made.asked["FunctionName"]}),
        "create_event_source_mapping": lambda made: (
            "delete_event_source_mapping",
            {"UUID": made.answer["UUID"]},
        ),
        "create_event_bus": lambda made: ("delete_event_bus", {"Name": made.asked["Name"]}),
        "put_rule": lambda made: ("delete_rule", _members(made, "Name", "EventBusName")),
        "put_targets": lambda made: (
            "remove_targets",
            {**_members(made, "Rule", "EventBusName"), "Ids": _ids(made.asked["Targets"])},
        ),
        "create_usage_plan": lambda made: ("delete_usage_plan", {"usagePlanId": made.answer["id"]}),
        "create_api_key": lambda made: ("delete_api_key", {"apiKey": made.answer["id"]}),
    }
)
"""Routes, integrations and stages go with their API, subscriptions with their topic."""

_GONE = (
    "NotFound",
    "NotFoundException",
    "ResourceNotFoundException",
    "AWS.SimpleQueueService.NonExistentQueue",
)


def undo(made: Made) -> Undo | None:
    """The call that undoes this one; None for what goes with something else."""
    opposite = _OPPOSITES.get(made.operation)
    if opposite is None:
        return None
    operation, arguments = opposite(made)
    return Undo(made.what, made.service, operation, arguments)


def _members(made: Made, *names: str) -> dict[str, object]:
    return {name: made.asked[name] for name in names}


def _ids(targets: object) -> list[str]:
    assert isinstance(targets, list)
    return [str(target["Id"]) for target in targets]


def remove(made: Sequence[Made], client: Callable[[str], "BaseClient"]) -> None:
    """Deletes what these calls made and nothing else; BackendError names, once for all, what could not be deleted.

    What is gone already is fine.
    """
    left: list[str] = []
    for call in (undo(one) for one in reversed(made)):
        refusal = None if call is None else _refusal(call, client)
        if call is not None and refusal is not None:
            left.append(call.what + (f" ({refusal})" if refusal else ""))
    if left:
        raise BackendError(f"what the run had made stays there: {', '.join(left)}")


def _refusal(call: Undo, client: Callable[[str], "BaseClient"]) -> str | None:
    """Why it could not be deleted, empty when nobody answered; None when it could."""
    aws: Any = client(call.service)
    try:
        getattr(aws, call.operation)(**call.arguments)
    except ClientError as error:
        said = error.response.get("Error", {})
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        if said.get("Code", "") in _GONE:
            return None
        # An emulator answers so for an endpoint that does not, which is told already.
        return "" if status in (502, 503, 504) else str(error)
    except BotoCoreError:
        return ""
    return None
