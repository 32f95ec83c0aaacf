"""How is undone what deploying made? By the opposite of each call that made something, last one first."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeAlias

from botocore.exceptions import BotoCoreError, ClientError

from harness.errors import BackendError

if TYPE_CHECKING:
    from botocore.client import BaseClient

_Argument: TypeAlias = tuple[str, str]
"""The argument's name, and whose member of the same meaning it takes: `answer.TopicArn`, `asked.TableName`."""


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


_OPPOSITES: Mapping[str, tuple[str, _Argument]] = MappingProxyType(
    {
        "create_table": ("delete_table", ("TableName", "asked.TableName")),
        "create_topic": ("delete_topic", ("TopicArn", "answer.TopicArn")),
        "create_queue": ("delete_queue", ("QueueUrl", "answer.QueueUrl")),
        "create_api": ("delete_api", ("ApiId", "answer.ApiId")),
        "create_function": ("delete_function", ("FunctionName", "asked.FunctionName")),
        "create_event_source_mapping": ("delete_event_source_mapping", ("UUID", "answer.UUID")),
        "create_usage_plan": ("delete_usage_plan", ("usagePlanId", "answer.id")),
        "create_api_key": ("delete_api_key", ("apiKey", "answer.id")),
        "subscribe": ("unsubscribe", ("SubscriptionArn", "answer.SubscriptionArn")),
    }
)
"""Routes, integrations and stages go with their API, table settings with their table."""

_GONE = (
    "NotFound",
    "NotFoundException",
    "ResourceNotFoundException",
    "AWS.SimpleQueueService.NonExistentQueue",
)


def undo(made: Made) -> Undo | None:
    """The call that undoes this one; None for what goes with something else, or was never more than asked for."""
    opposite = _OPPOSITES.get(made.operation)
    if opposite is None:
        return None
    operation, (name, source) = opposite
    side, _, member = source.partition(".")
    value = str((made.asked if side == "asked" else made.answer).get(member, ""))
    # A subscription that nobody has confirmed has no ARN yet; it goes with its topic.
    if operation == "unsubscribe" and not value.startswith("arn:"):
        return None
    return Undo(made.what, made.service, operation, {name: value})


def remove(made: Sequence[Made], client: Callable[[str], "BaseClient"]) -> None:
    """Deletes what these calls made and nothing else; BackendError names, once for all, what could not be deleted.

    What is gone already is fine. An endpoint that does not answer any more is not asked again.
    """
    calls = [call for one in reversed(made) if (call := undo(one)) is not None]
    left: list[str] = []
    for number, call in enumerate(calls):
        try:
            _carry_out(call, client)
        except ClientError as error:
            left.append(f"{call.what} ({error})")
        except BotoCoreError as error:
            names = ", ".join(dict.fromkeys(one.what for one in calls[number:]))
            left.append(f"{names} ({error})")
            break
    if left:
        raise BackendError(f"what the run had made could not be deleted: {', '.join(left)}")


def _carry_out(call: Undo, client: Callable[[str], "BaseClient"]) -> None:
    aws: Any = client(call.service)
    try:
        getattr(aws, call.operation)(**call.arguments)
    except ClientError as error:
        if error.response.get("Error", {}).get("Code", "") not in _GONE:
            raise
