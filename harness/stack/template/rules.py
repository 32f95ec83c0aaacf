"""Rules of EventBridge in a template, and which functions and queues they tell."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import product

from harness.stack.template.event_buses import bus_of
from harness.stack.template.functions import function_of
from harness.stack.template.intrinsics import first_reference, shown
from harness.stack.template.names import RULE_LENGTH, generated_name
from harness.stack.template.queues import queue_of
from harness.stack.template.reading import Reading, Resource, list_of, mapping_of
from harness.yaml_source import Location

RULE = "AWS::Events::Rule"

_READ = ("EventBusName", "EventPattern", "Name", "ScheduleExpression", "State", "Targets")
_WITHOUT_EFFECT = "Description RoleArn Tags"
_INPUTS = ("Input", "InputPath", "InputTransformer")
_TARGET_READ = ("Arn", "Id", "RoleArn", *_INPUTS)


def read_rules(reading: Reading, *, functions: Collection[str]) -> None:
    """Every rule that is enabled and tells somebody who is deployed here."""
    for resource in reading.of_type(RULE):
        reading.notice_unread(resource, read=_READ, without_effect=_WITHOUT_EFFECT)
        if reading.property(resource, "State") == "DISABLED":
            reading.notice(resource.location, "is disabled, so it is not deployed here")
            continue
        place = resource.property_location("EventPattern")
        pattern = reading.json(place, "EventPattern", reading.property(resource, "EventPattern"))
        bus = bus_of(reading, reading.property(resource, "EventBusName"))
        groups = _groups(reading, resource, functions)
        if told := _left_out(pattern=pattern, bus=bus, told=bool(groups)):
            reading.notice(resource.location, told)
        else:
            _put(reading, resource, list(_triggers(reading, resource, pattern)), groups, bus)


@dataclass(frozen=True, slots=True)
class _Told:
    """Who gets the same `input`: the fields of a rule that say what its targets get."""

    input: Mapping[str, object]
    functions: list[str] = field(default_factory=list)
    queues: list[str] = field(default_factory=list)

    def of(self, kind: str) -> list[str]:
        """Its functions, or its queues."""
        return self.functions if kind == "functions" else self.queues


def _left_out(*, pattern: object, bus: str | None, told: bool) -> str:
    """Why a rule is not read; "" when it is. `told`: whether it tells anybody who is deployed here."""
    if not told:
        return "tells nobody who is deployed here, so it is not deployed either"
    if bus is None:
        return "its event bus is known only once it is deployed, so the rule is not deployed here"
    if (needed := first_reference(pattern)) is not None:
        return (
            f"its pattern needs {needed}, which is known only once it is deployed, so it is not deployed here"
        )
    return ""


def _triggers(reading: Reading, resource: Resource, pattern: object) -> Iterator[Mapping[str, object]]:
    """On AWS a rule may have a pattern and a schedule, and its targets are told of both."""
    schedule = reading.property(resource, "ScheduleExpression")
    if pattern is not None or schedule is None:
        yield {} if pattern is None else {"pattern": pattern}
    if schedule is not None:
        yield {"schedule": schedule}


def _put(
    reading: Reading,
    resource: Resource,
    triggers: list[Mapping[str, object]],
    groups: list[_Told],
    bus: str | None,
) -> None:
    """A rule of the stack gives all its targets the same, so one of the template's may become several."""
    given = reading.text(resource, "Name")
    name = given or generated_name(reading.stack_name, resource.logical_id, longest=RULE_LENGTH)
    for number, (trigger, group) in enumerate(product(triggers, groups), start=1):
        ending = "" if number == 1 else f"-{number}"
        rule = {
            "name": name[: RULE_LENGTH - len(ending)] + ending if ending else name,
            **trigger,
            "bus": bus,
            "functions": group.functions,
            "queues": group.queues,
            **group.input,
        }
        location = ("rules", resource.logical_id + ending)
        reading.put(location, rule, resource.location)
        reading.places |= {
            (*location, part): resource.property_location(named)
            for part, named in (
                ("name", "Name"),
                ("pattern", "EventPattern"),
                ("schedule", "ScheduleExpression"),
                ("bus", "EventBusName"),
            )
        }


def _groups(reading: Reading, resource: Resource, functions: Collection[str]) -> list[_Told]:
    """The targets that are deployed here, together where they get the same."""
    groups: list[_Told] = []
    for number, target in enumerate(map(mapping_of, list_of(reading.property(resource, "Targets")))):
        place = resource.property_location("Targets", number)
        for name in target:
            if name not in _TARGET_READ:
                reading.notice(place, f"{name} is not read")
        kind, told = _who(reading, target, functions)
        if left_out := _target_left_out(target, told):
            reading.notice(place, left_out)
        else:
            _add(groups, _input(reading, place, target), kind, told)
    return groups


def _who(reading: Reading, target: Mapping[str, object], functions: Collection[str]) -> tuple[str, str]:
    """Who is told that is deployed here: of the functions or of the queues, and who; ("", "") for nobody."""
    arn = target.get("Arn")
    if (function := function_of(reading, arn)) in functions:
        return "functions", str(function)
    queue = queue_of(reading, arn)
    return ("queues", queue) if queue is not None else ("", "")


def _target_left_out(target: Mapping[str, object], told: str) -> str:
    """Why a target is not read; "" when it is."""
    if not told:
        arn = shown(str(target.get("Arn")))
        return f"'{arn}' is no function and no queue that is deployed here, so it is not told"
    needed = first_reference([target.get(name) for name in _INPUTS])
    if needed is not None:
        return f"what it gets needs {needed}, which is known only once it is deployed, so it is not told"
    return ""


def _add(groups: list[_Told], given: Mapping[str, object], kind: str, told: str) -> None:
    """To those that get the same; who is told twice is in two groups, for a rule names nobody twice."""
    fitting = (one for one in groups if one.input == given and told not in one.of(kind))
    if (group := next(fitting, None)) is None:
        groups.append(group := _Told(given))
    group.of(kind).append(told)


def _input(reading: Reading, place: Location, target: Mapping[str, object]) -> Mapping[str, object]:
    """The fields of a rule that say what this target gets; none for the event as it is."""
    transformer = mapping_of(target.get("InputTransformer"))
    found = {
        "input": reading.json(place, "Input", target.get("Input")),
        "input_path": target.get("InputPath"),
        "input_template": transformer.get("InputTemplate"),
        "input_paths": transformer.get("InputPathsMap"),
    }
    return {field: value for field, value in found.items() if value is not None}
