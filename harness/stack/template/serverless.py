"""SAM templates, and the CloudFormation that they stand for: AWS's own translator says, offline.

It is asked about code, events and names only. Policies are left out beforehand, because managed ones would be looked
up in an account, and so are the resources and events that nothing here stands for.
"""

from collections.abc import Iterator, Mapping
from copy import deepcopy
from typing import Any

from harness.stack.template.intrinsics import Unresolvable

LOCAL_BUCKET = "fanout-harness-local"
"""The bucket in which a translated function's code lies that lies in a folder in truth; the key is the folder."""

_PREFIX = "AWS::Serverless::"
_READ = ("Function", "SimpleTable", "WebSocketApi")
_EVENTS = ("SNS", "SQS", "DynamoDB", "EventBridgeRule", "CloudWatchEvent", "Schedule")
_ROLE = "arn:aws:iam::000000000000:role/fanout-harness"

Template = dict[str, Any]


class NotServerless(Exception):
    """What the translator found wrong, each with its place."""

    def __init__(self, mistakes: tuple[Unresolvable, ...]) -> None:
        super().__init__(*mistakes)
        self.mistakes = mistakes


def is_serverless(template: Mapping[str, object]) -> bool:
    """Whether the template has SAM's own resources."""
    resources = template.get("Resources")
    return isinstance(resources, dict) and any(
        _kind(resource) is not None for resource in resources.values() if isinstance(resource, dict)
    )


def as_cloudformation(
    template: Mapping[str, object], parameters: Mapping[str, object], *, region: str
) -> tuple[Template, tuple[Unresolvable, ...]]:
    """The template with CloudFormation's resources in place of SAM's, and what was left out, each with its place.

    Local code stands in `LOCAL_BUCKET`. NotServerless says what the translator cannot take.
    """
    prepared = deepcopy(dict(template))
    left_out = tuple(_leave_out(prepared))
    _point_at_folders(prepared)
    return _translated(prepared, dict(parameters), region), left_out


def _kind(resource: Mapping[str, object]) -> str | None:
    kind = str(resource.get("Type", ""))
    return kind.removeprefix(_PREFIX) if kind.startswith(_PREFIX) else None


def _leave_out(template: Template) -> Iterator[Unresolvable]:
    for logical_id, resource in list(template["Resources"].items()):
        kind = _kind(resource) if isinstance(resource, dict) else None
        if kind is None:
            continue
        place = ("Resources", logical_id)
        if kind not in _READ:
            del template["Resources"][logical_id]
            if kind != "Connector":  # permissions only
                yield Unresolvable(place, f"is not deployed here ({_PREFIX}{kind})")
            continue
        resource.pop("Connectors", None)
        if kind == "Function":
            properties = resource["Properties"] = resource.get("Properties") or {}
            properties["Role"] = _ROLE
            for name in ("Policies", "AssumeRolePolicyDocument", "PermissionsBoundary"):
                properties.pop(name, None)
            events = properties.get("Events")
            events = events if isinstance(events, dict) else {}
            for event in _other_events(events):
                del events[event]
                yield Unresolvable((*place, "Properties", "Events", event), f"event '{event}' is not read")


def _other_events(events: Mapping[str, object]) -> list[str]:
    return [
        name
        for name, event in events.items()
        if isinstance(event, dict) and event.get("Type") not in _EVENTS and isinstance(event.get("Type"), str)
    ]


def _point_at_folders(template: Template) -> None:
    """The translator takes code from S3 only; `sam package` would have put it there."""
    defaults = (template.get("Globals") or {}).get("Function")
    defaults = defaults if isinstance(defaults, dict) else {}
    for resource in template["Resources"].values():
        if _kind(resource) == "Function":
            properties = resource["Properties"]
            named = {**defaults, **properties}
            if not any(name in named for name in ("CodeUri", "InlineCode", "ImageUri")):
                properties["CodeUri"] = "."
            _point_at_folder(properties)
    _point_at_folder(defaults)


def _point_at_folder(properties: Template) -> None:
    match properties.get("CodeUri"):
        case str(folder) if not folder.startswith("s3://"):
            properties["CodeUri"] = {"Bucket": LOCAL_BUCKET, "Key": folder}


def _translated(template: Template, parameters: dict[str, object], region: str) -> Template:
    # It takes a third of a second to import, and most stacks are none of SAM's.
    import boto3
    from samtranslator.model.exceptions import ExceptionWithMessage, InvalidDocumentException
    from samtranslator.parser.parser import Parser
    from samtranslator.translator.translator import Translator

    translator = Translator(None, Parser(), boto_session=boto3.Session(region_name=region))
    try:
        translated: Template = translator.translate(
            template, parameters, passthrough_metadata=True, get_managed_policy_map=dict
        )
    except InvalidDocumentException as error:
        raise NotServerless(tuple(map(_as_told, error.causes))) from error
    except ExceptionWithMessage as error:
        raise NotServerless((_as_told(error),)) from error
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        # It takes some shapes on trust, and says no more than this of a wrong one.
        text = f"SAM's translator cannot take the template: {type(error).__name__}: {error}"
        raise NotServerless((Unresolvable(("Resources",), text),)) from error
    return translated


def _as_told(error: Any) -> Unresolvable:
    logical_id = getattr(error, "_logical_id", None)
    place = ("Resources", logical_id) if isinstance(logical_id, str) else ("Resources",)
    return Unresolvable(
        place, str(error.message).replace(f"Resource with id [{logical_id}] is invalid. ", "")
    )
