"""Template, of SAM or CloudFormation: the stack that it describes.

SAM's resources are first turned into CloudFormation's; then every resource is read, or named. The outcome is a source
in the shape of `stack.yaml` whose lines are the template's, so that a mistake of the stack is one of the template.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from harness.stack.template.event_buses import EVENT_BUS, read_event_buses
from harness.stack.template.event_sources import MAPPING, read_event_sources
from harness.stack.template.functions import ALIASES, FUNCTION, read_environments, read_functions
from harness.stack.template.intrinsics import Scope, Unresolvable, holds
from harness.stack.template.names import stack_name
from harness.stack.template.parameters import parameter_values, pseudo_parameters, unknown_parameters
from harness.stack.template.queues import QUEUE, read_queues
from harness.stack.template.reading import Reading, Resource, list_of, mapping_of
from harness.stack.template.rules import RULE, read_rules
from harness.stack.template.serverless import NotServerless, as_cloudformation, is_serverless
from harness.stack.template.tables import TABLES, read_tables
from harness.stack.template.topics import SUBSCRIPTION, TOPIC, read_subscriptions, read_topics
from harness.stack.template.websocket_api import API_TYPES, read_api, read_routes
from harness.yaml_source import Location, Mistake, Source, read_yaml, refuse, suggestion

SECTION = "FanoutHarness"
"""The part of a template's Metadata that says what only a stack file can say."""

_STACK_PARTS = ("name", "events", "connections", "feed", "dynamodb")
_API_PARTS = ("gateway", "quotas")
_OWN_PARTS = ("api", "prewarm", "values")

_READ = (FUNCTION, *ALIASES, *TABLES, TOPIC, SUBSCRIPTION, QUEUE, MAPPING, RULE, EVENT_BUS, *API_TYPES)
# Permissions, logs and alarms change nothing of what a client sees: nobody's rights are checked here.
_WITHOUT_EFFECT = (
    "AWS::ApiGateway::Account",
    "AWS::CDK::Metadata",
    "AWS::CloudWatch::Alarm",
    "AWS::CloudWatch::Dashboard",
    "AWS::Events::EventBusPolicy",
    "AWS::IAM::ManagedPolicy",
    "AWS::IAM::Policy",
    "AWS::IAM::Role",
    "AWS::IAM::RolePolicy",
    "AWS::Lambda::Permission",
    "AWS::Logs::LogGroup",
    "AWS::SNS::TopicPolicy",
    "AWS::SQS::QueueInlinePolicy",
    "AWS::SQS::QueuePolicy",
)


@dataclass(frozen=True, slots=True)
class TemplateSource(Source):
    """A stack out of a template: `places` say where in the template its parts stand."""

    places: Mapping[Location, Location] = field(default_factory=dict)

    def mistake(self, location: Location, text: str) -> Mistake:
        return Mistake(self.file, self.line_of(location), _told(_place(self.places, location), text))


def is_template(value: object) -> bool:
    """Whether a document is a template, and no stack file, by its first level."""
    return isinstance(value, dict) and ("Resources" in value or "AWSTemplateFormatVersion" in value)


def read_template(
    path: Path, *, parameters: Mapping[str, str], notice: Callable[[str], None]
) -> TemplateSource:
    """The stack of a template, in the shape of `stack.yaml`.

    `notice` is told, with file and line, each resource and property that is left out. UsageError tells everything
    that makes the template no stack, each with file, line and logical id.
    """
    source = read_yaml(path, tagged=long_form)
    refuse(source.mistakes)
    try:
        reading = _read(source, path.resolve(), parameters)
    except Unresolvable as error:
        refuse([_mistake(source, error.location, error.text)])
        raise
    for location, text in dict.fromkeys(reading.notices):
        notice(str(_mistake(source, location, text)))
    refuse(_mistake(source, location, text) for location, text in reading.mistakes)
    lines = {
        location: source.line_of(_origin(source, _place(reading.places, location)))
        for location in _locations(reading.value, ())
    }
    return TemplateSource(source.file, reading.value, lines, places=reading.places)


def long_form(tag: str, value: object) -> object:
    """What a short form such as `!Sub` stands for; LookupError for a tag that is none of CloudFormation's."""
    if not tag.startswith("!"):
        raise LookupError(tag)
    name = tag.removeprefix("!")
    if name in ("Ref", "Condition"):
        return {name: value}
    if name == "GetAtt" and isinstance(value, str):
        value = value.split(".", 1)
    return {f"Fn::{name}": value}


# --- the walk -----------------------------------------------------------------------------------------------


def _read(source: Source, path: Path, given: Mapping[str, str]) -> Reading:
    template = mapping_of(source.value)
    refuse(_mistake(source, location, text) for location, text in _misshapen(template))
    section = _section(template)
    declared = mapping_of(template.get("Parameters"))
    refuse(_mistake(source, ("Parameters",), text) for text in unknown_parameters(declared, given))
    values = parameter_values(declared, given)
    name = given.get("AWS::StackName") or str(section.get("name") or stack_name(path.parent.name, path.name))
    pseudo = pseudo_parameters(name, given)
    left_out: tuple[Unresolvable, ...] = ()
    if is_serverless(template):
        try:
            template, left_out = as_cloudformation(template, values, region=str(pseudo["AWS::Region"]))
        except NotServerless as error:
            refuse(_mistake(source, one.location, one.text) for one in error.mistakes)
            raise
    scope = Scope(
        parameters={**pseudo, **values},
        declared=declared,
        mappings=mapping_of(template.get("Mappings")),
        conditions=mapping_of(template.get("Conditions")),
        given={name: str(value) for name, value in mapping_of(section.get("values")).items()},
    )
    resources = dict(_resources(template, scope))
    reading = Reading(resources, replace(scope, resources=resources), stack_name=name)
    for one in left_out:
        reading.notice(one.location, one.text)
    reading.put(("region",), pseudo["AWS::Region"], ())
    _read_resources(reading, section)
    _read_section(reading, section)
    return reading


def _read_resources(reading: Reading, section: Mapping[str, object]) -> None:
    for resource in reading.resources.values():
        if resource.type not in _READ and resource.type not in _WITHOUT_EFFECT:
            reading.notice(resource.location, f"is not deployed here ({resource.type}){_hint(resource.type)}")
    read_tables(reading)
    topics = read_topics(reading)
    read_queues(reading)
    unreadable = read_functions(reading)
    functions = tuple(mapping_of(reading.value.get("functions")))
    stage = read_api(reading, name=section.get("api"))
    read_routes(reading, unreadable)
    needed = [location for location, _ in reading.mistakes]
    for logical_id, reason in unreadable.items():
        if ("Resources", logical_id) not in needed:
            reading.notice(("Resources", logical_id), f"is not deployed here: {reason}")
    read_environments(reading, stage=stage, functions=functions)
    read_subscriptions(reading, topics=topics, functions=functions)
    read_event_sources(reading, functions=functions)
    read_rules(reading, functions=functions)
    read_event_buses(reading)


def _hint(kind: str) -> str:
    """An older translator leaves what it does not know as it is; pip may choose one, because of other packages."""
    newer = kind == "AWS::Serverless::WebSocketApi"
    return "; aws-sam-translator 1.115 or newer turns it into one that is" if newer else ""


def _misshapen(template: Mapping[str, object]) -> Iterator[tuple[Location, str]]:
    """What is wrong with the shape of the template, down to a resource's own parts."""
    for section in ("Conditions", "Globals", "Mappings", "Metadata", "Parameters", "Resources"):
        if not isinstance(template.get(section, {}), dict):
            yield (section,), f"{section} must be a mapping"
    for logical_id, resource in mapping_of(template.get("Resources")).items():
        location: Location = ("Resources", logical_id)
        if logical_id.startswith("Fn::"):
            yield location, "is not read; give the template as it is after its transform"
        elif not isinstance(resource, dict) or not isinstance(resource.get("Type"), str):
            yield location, "must be a mapping with a Type"
        else:
            for part in ("Properties", "Metadata"):
                if not isinstance(resource.get(part), dict | None):
                    yield (*location, part), f"{part} must be a mapping"


def _resources(template: Mapping[str, object], scope: Scope) -> Iterator[tuple[str, Resource]]:
    """Those whose condition holds."""
    for logical_id, resource in mapping_of(template.get("Resources")).items():
        location: Location = ("Resources", logical_id)
        resource = mapping_of(resource)
        condition = resource.get("Condition")
        if condition is None or holds(condition, scope, (*location, "Condition")):
            properties, metadata = (
                mapping_of(resource.get("Properties")),
                mapping_of(resource.get("Metadata")),
            )
            first = tuple(map(str, list_of(resource.get("DependsOn"))))
            yield logical_id, Resource(logical_id, str(resource.get("Type")), properties, metadata, first)


# --- Metadata: FanoutHarness --------------------------------------------------------------------------------


def _section(template: Mapping[str, object]) -> Mapping[str, object]:
    return mapping_of(mapping_of(template.get("Metadata")).get(SECTION))


def _read_section(reading: Reading, section: Mapping[str, object]) -> None:
    for name, value in section.items():
        place: Location = ("Metadata", SECTION, name)
        if name in _STACK_PARTS:
            reading.put((name,), value, place)
        elif name in _API_PARTS:
            reading.put(("api", name), value, place)
        elif name == "prewarm":
            _read_prewarm(reading, mapping_of(value), place)
        elif name not in _OWN_PARTS:
            known = (*_STACK_PARTS, *_API_PARTS, *_OWN_PARTS)
            hint = suggestion(name, known) or f"; known are {', '.join(known)}"
            reading.mistake(place, f"unknown field '{name}' in {SECTION}{hint}")


def _read_prewarm(reading: Reading, environments: Mapping[str, object], place: Location) -> None:
    functions = mapping_of(reading.value.get("functions"))
    for logical_id, number in environments.items():
        if logical_id in functions:
            reading.put(("functions", logical_id, "prewarm"), number, (*place, logical_id))
        else:
            hint = suggestion(logical_id, functions)
            reading.mistake((*place, logical_id), f"no function is called '{logical_id}'{hint}")


# --- where things stand -------------------------------------------------------------------------------------


def _mistake(source: Source, location: Location, text: str) -> Mistake:
    return Mistake(source.file, source.line_of(_origin(source, location)), _told(location, text))


def _told(location: Location, text: str) -> str:
    """With the logical id of the resource that is meant."""
    match location:
        case ("Resources", str(logical_id), *_):
            return f"{logical_id}: {text}"
    return text


def _origin(source: Source, location: Location) -> Location:
    """The place of the resource out of which the translator made this one, whose id begins with the other's."""
    match location:
        case ("Resources", str(logical_id), *_) if location[:2] not in source.lines:
            resources = mapping_of(mapping_of(source.value).get("Resources"))
            makers = [one for one in resources if logical_id.startswith(one)]
            return ("Resources", max(makers, key=len)) if makers else ("Resources",)
    return location


def _place(places: Mapping[Location, Location], location: Location) -> Location:
    """Where in the template a part of the stack stands, or what is around it."""
    for length in range(len(location), 0, -1):
        if location[:length] in places:
            return (*places[location[:length]], *location[length:])
    return ()


def _locations(value: object, location: Location) -> Iterator[Location]:
    yield location
    match value:
        case dict():
            for key, one in value.items():
                yield from _locations(one, (*location, key))
        case list():
            for index, one in enumerate(value):
                yield from _locations(one, (*location, index))
