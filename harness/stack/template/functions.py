"""Functions of a template, where their code is, and what is in their environment."""

from collections.abc import Collection, Mapping
from graphlib import CycleError, TopologicalSorter

from harness.stack.template.environment import environment_text
from harness.stack.template.intrinsics import Reference, Unresolvable, references_in
from harness.stack.template.names import FUNCTION_LENGTH, generated_name
from harness.stack.template.reading import Reading, Resource, mapping_of
from harness.stack.template.serverless import LOCAL_BUCKET
from harness.yaml_source import Location

FUNCTION = "AWS::Lambda::Function"
ALIASES = ("AWS::Lambda::Alias", "AWS::Lambda::Version")

ASSET = "aws:asset:path"
"""Where CDK says in a function's metadata which folder its code is in."""

_READ = (
    "Code",
    "Environment",
    "FunctionName",
    "Handler",
    "MemorySize",
    "PackageType",
    "ReservedConcurrentExecutions",
    "Runtime",
    "Timeout",
)
_WITHOUT_EFFECT = (
    "Architectures CodeSigningConfigArn Description KmsKeyArn LoggingConfig PermissionsBoundary RecursiveLoop Role "
    "RuntimeManagementConfig SnapStart Tags TracingConfig"
)
# https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-lambda-function.html
_DEFAULTS = {"timeout": 3, "memory": 128}
_VARIABLES = ("Environment", "Variables")
_FIELDS = {
    "handler": "Handler",
    "runtime": "Runtime",
    "timeout": "Timeout",
    "memory": "MemorySize",
    "reserved_concurrency": "ReservedConcurrentExecutions",
}


def read_functions(reading: Reading) -> Mapping[str, str]:
    """Every function that can run here; answers those that cannot, with the reason, by logical id."""
    unreadable: dict[str, str] = {}
    for resource in reading.of_type(FUNCTION):
        try:
            _read_function(reading, resource, _code_folder(reading, resource))
        except _CodeIsElsewhere as error:
            unreadable[resource.logical_id] = str(error)
    return unreadable


def read_environments(reading: Reading, *, stage: str | None, functions: Collection[str]) -> None:
    """The variables of these functions, once it is known what they can refer to.

    The functions come in the order of their references to each other, as CloudFormation creates them.
    """
    for logical_id in functions:
        resource = reading.resources[logical_id]
        reading.notice_unread(resource, read=_READ, without_effect=_WITHOUT_EFFECT)
        for name, value in reading.entries(resource, *_VARIABLES):
            place = resource.property_location(*_VARIABLES, name)
            location = ("functions", logical_id, "environment", name)
            try:
                text = environment_text(reading, value, place, stage=stage)
            except Unresolvable as error:
                reading.mistake(error.location, error.text)
            else:
                reading.put(location, text, place)
    _in_order_of_creation(reading, functions)


def function_of(reading: Reading, value: object) -> str | None:
    """The function that a value leads to: by its ARN, an alias or a version, inside whatever text; None for none."""
    for reference in references_in(value) if isinstance(value, str) else ():
        resource = reading.resources[reference.logical_id]
        if resource.type == FUNCTION:
            return resource.logical_id
        if resource.type in ALIASES:
            return function_of(reading, reading.property(resource, "FunctionName"))
    return None


class _CodeIsElsewhere(Exception):
    """There is no folder with the function's code; the text says what there is and what to do."""


def _read_function(reading: Reading, resource: Resource, code: str) -> None:
    location: Location = ("functions", resource.logical_id)
    name = reading.text(resource, "FunctionName")
    generated = generated_name(reading.stack_name, resource.logical_id, longest=FUNCTION_LENGTH)
    reading.put(location, {**_DEFAULTS, "name": name or generated, "code": code}, resource.location)
    reading.places[(*location, "name")] = resource.property_location("FunctionName")
    reading.places[(*location, "code")] = resource.property_location("Code")
    reading.put_properties(location, resource, _FIELDS)


def _code_folder(reading: Reading, resource: Resource) -> str:
    if (asset := resource.metadata.get(ASSET)) is not None:
        return _folder(str(asset))
    match resource.properties.get("Code"):
        case str(folder) if not folder.startswith("s3://"):
            return _folder(folder)
        case {"S3Bucket": bucket, "S3Key": str(folder)} if bucket == LOCAL_BUCKET:
            return _folder(folder)
        case {"ZipFile": _}:
            raise _CodeIsElsewhere("its code stands in the template; put it into a file")
        case {"ImageUri": _}:
            raise _CodeIsElsewhere("it is a container image; only code in a folder is run")
    raise _CodeIsElsewhere(
        f"its code is not in a folder; name the folder in its Metadata: {{'{ASSET}': ...}}"
    )


def _folder(path: str) -> str:
    if path.endswith((".zip", ".jar")):
        raise _CodeIsElsewhere(f"{path} is an archive; only code in a folder is run")
    return path


def _in_order_of_creation(reading: Reading, functions: Collection[str]) -> None:
    found = mapping_of(reading.value["functions"])
    order: TopologicalSorter[str] = TopologicalSorter({name: [] for name in functions})
    for name in functions:
        for reference in _references(reading, reading.resources[name]):
            if reference.logical_id in functions:
                order.add(name, reference.logical_id)
    try:
        reading.value["functions"] = {name: found[name] for name in order.static_order()}
    except CycleError as error:
        circle = " -> ".join(error.args[1])
        reading.mistake(("Resources", error.args[1][0]), f"depends on itself: {circle}")


def _references(reading: Reading, resource: Resource) -> tuple[Reference, ...]:
    return tuple(
        reference
        for _, value in reading.entries(resource, *_VARIABLES)
        if isinstance(value, str)
        for reference in references_in(value)
    )
