"""What does a function's variable hold that refers to other resources? As `stack.yaml` writes it: `${tables.x.name}`.

An address of the API becomes the API's address on the backend.
"""

import re
from collections.abc import Collection

from harness.stack.template.intrinsics import Reference, Unresolvable, replace_references, text_of
from harness.stack.template.reading import Reading
from harness.yaml_source import Location


def environment_text(
    reading: Reading, value: object, place: Location, *, stage: str | None, functions: Collection[str]
) -> str:
    """The variable's text; Unresolvable when it refers to what is not deployed here."""
    text = text_of(value, place)
    if "${" in text:
        hint = "; write it with !Sub" if _names_a_resource(reading, text) else ""
        raise Unresolvable(place, f"'${{' is not text that a variable can hold here{hint}")
    found = replace_references(text, lambda reference: _reference(reading, reference, place, functions))
    return found if stage is None else _addresses(found, stage)


def _names_a_resource(reading: Reading, text: str) -> bool:
    return any(name in reading.resources for name in re.findall(r"\$\{([A-Za-z0-9]+)", text))


def _reference(reading: Reading, reference: Reference, place: Location, functions: Collection[str]) -> str:
    """The reference of a stack file that stands for one of a template."""
    logical_id, resource = reference.logical_id, reading.resources[reference.logical_id]
    match resource.type, reference.attribute:
        case "AWS::DynamoDB::Table" | "AWS::DynamoDB::GlobalTable", "":
            return f"${{tables.{logical_id}.name}}"
        case "AWS::DynamoDB::Table" | "AWS::DynamoDB::GlobalTable", "Arn":
            return _arn(reading, "dynamodb", f"table/${{tables.{logical_id}.name}}")
        case "AWS::SNS::Topic", "" | "TopicArn" if _is_read(reading, "topics", logical_id):
            return f"${{topics.{logical_id}.arn}}"
        case "AWS::SNS::Topic", "TopicName" if _is_read(reading, "topics", logical_id):
            return f"${{topics.{logical_id}.name}}"
        case "AWS::Lambda::Function", "" if logical_id in functions:
            return f"${{functions.{logical_id}.name}}"
        case "AWS::Lambda::Function", "Arn" if logical_id in functions:
            return f"${{functions.{logical_id}.arn}}"
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


def _is_read(reading: Reading, kind: str, logical_id: str) -> bool:
    return (kind, logical_id) in reading.places


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
