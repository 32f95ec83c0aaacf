"""Variables of a template's functions that refer to other resources, as `stack.yaml` writes it: `${tables.x.name}`.

An address of the API becomes the API's address on the backend.
"""

import re
from collections.abc import Mapping

from harness.stack.template.event_buses import bus_named
from harness.stack.template.intrinsics import Reference, Unresolvable, replace_references, text_of
from harness.stack.template.reading import Reading, Resource
from harness.yaml_source import Location

_TABLE = ("tables", {"": "name", "StreamArn": "stream_arn"})
_OUTPUTS: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "AWS::DynamoDB::Table": _TABLE,
    "AWS::DynamoDB::GlobalTable": _TABLE,
    "AWS::Lambda::Function": ("functions", {"": "name", "Arn": "arn"}),
    "AWS::SNS::Topic": ("topics", {"": "arn", "TopicArn": "arn", "TopicName": "name"}),
    "AWS::SQS::Queue": ("queues", {"": "url", "Arn": "arn", "QueueName": "name", "QueueUrl": "url"}),
}
"""By type of resource the part of the stack, and what of it each attribute stands for (`Ref` is "")."""


def environment_text(reading: Reading, value: object, place: Location, *, stage: str | None) -> str:
    """The variable's text; Unresolvable when it refers to what is not deployed here."""
    text = text_of(value, place)
    if "${" in text:
        hint = "; write it with !Sub" if _names_a_resource(reading, text) else ""
        raise Unresolvable(place, f"'${{' is not text that a variable can hold here{hint}")
    found = replace_references(text, lambda reference: _reference(reading, reference, place))
    return found if stage is None else _addresses(found, stage)


def _names_a_resource(reading: Reading, text: str) -> bool:
    return any(name in reading.resources for name in re.findall(r"\$\{([A-Za-z0-9]+)", text))


def _reference(reading: Reading, reference: Reference, place: Location) -> str:
    """The reference of a stack file that stands for one of a template."""
    logical_id, resource = reference.logical_id, reading.resources[reference.logical_id]
    if (output := _output(reading, resource, reference.attribute)) is not None:
        return output
    match resource.type, reference.attribute:
        case "AWS::DynamoDB::Table" | "AWS::DynamoDB::GlobalTable", "Arn":
            return _arn(reading, "dynamodb", f"table/${{tables.{logical_id}.name}}")
        case "AWS::Events::EventBus", "" | "Name":
            return bus_named(reading, logical_id)
        case "AWS::Events::EventBus", "Arn":
            return _arn(reading, "events", f"event-bus/{bus_named(reading, logical_id)}")
        case "AWS::ApiGatewayV2::Api", "" | "ApiId" if reading.places.get(("api",)) == resource.location:
            return "${api.id}"
        case "AWS::ApiGatewayV2::Api", "ApiEndpoint" if reading.places.get(("api",)) == resource.location:
            return (
                f"wss://${{api.id}}.execute-api.{_pseudo(reading, 'Region')}.{_pseudo(reading, 'URLSuffix')}"
            )
        case "AWS::ApiGatewayV2::Stage", "" if reading.places.get(("api", "stage")) is not None:
            return "${api.stage}"
    what = f"'{reference}' of a {resource.type}" if reference.attribute else f"a {resource.type}"
    raise Unresolvable(
        place,
        f"{what} is not known here; say what stands for it in "
        f"Metadata: {{FanoutHarness: {{values: {{{reference}: ...}}}}}}",
    )


def _output(reading: Reading, resource: Resource, attribute: str) -> str | None:
    """What deploying a part of the stack makes known, and the attribute stands for; None for anything else."""
    kind, outputs = _OUTPUTS.get(resource.type, ("", {}))
    output = outputs.get(attribute)
    if output is None or (kind, resource.logical_id) not in reading.places:
        return None
    if output == "stream_arn" and (kind, resource.logical_id, "stream") not in reading.places:
        return None
    return f"${{{kind}.{resource.logical_id}.{output}}}"


def _pseudo(reading: Reading, name: str) -> str:
    return str(reading.scope.parameters[f"AWS::{name}"])


def _arn(reading: Reading, service: str, resource: str) -> str:
    partition, region, account = (_pseudo(reading, name) for name in ("Partition", "Region", "AccountId"))
    return f"arn:{partition}:{service}:{region}:{account}:{resource}"


def _addresses(text: str, stage: str) -> str:
    """On AWS an API's address is made of its id, region and stage (U-1, U-2); elsewhere it is another one.

    Without the stage it stays: inside a function AWS's own names lead to the emulator.
    """
    host = r"\$\{api\.id\}\.execute-api\.[a-z0-9-]+\.amazonaws\.com(?:\.cn)?"
    path = rf"/(?:\$\{{api\.stage\}}|{re.escape(stage)})(?![A-Za-z0-9_-])"
    text = re.sub(rf"https://{host}{path}", "${api.management_endpoint}", text)
    return re.sub(rf"wss://{host}{path}", "${api.url}", text)
