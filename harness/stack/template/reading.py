"""Reading a template: the stack that comes of it so far, where each part stood, what went wrong.

The stack is a plain value in the shape of `stack.yaml`, so that what holds for a stack file holds for a template.
"""

import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from harness.stack.template.intrinsics import NO_VALUE, Scope, Unresolvable, evaluate, references_in, shown
from harness.yaml_source import Location


@dataclass(frozen=True, slots=True)
class Resource:
    """A resource that exists under the template's conditions; its properties are as they are written."""

    logical_id: str
    type: str
    properties: Mapping[str, object]
    metadata: Mapping[str, object]
    depends_on: tuple[str, ...] = ()

    @property
    def location(self) -> Location:
        return ("Resources", self.logical_id)

    def property_location(self, *path: str | int) -> Location:
        return (*self.location, "Properties", *path)


class Reading:
    """One walk over the resources of a template.

    `value` grows into the stack; `places` say where in the template its parts stand. A mistake makes the stack
    unusable, a notice says what is left out.
    """

    def __init__(self, resources: Mapping[str, Resource], scope: Scope, *, stack_name: str) -> None:
        self.resources, self.scope, self.stack_name = resources, scope, stack_name
        self.value: dict[str, object] = {"name": stack_name, "functions": {}}
        self.places: dict[Location, Location] = {}
        self.mistakes: list[tuple[Location, str]] = []
        self.notices: list[tuple[Location, str]] = []

    def of_type(self, *types: str) -> list[Resource]:
        """The resources of these types, in the template's order."""
        return [resource for resource in self.resources.values() if resource.type in types]

    def mistake(self, location: Location, text: str) -> None:
        self.mistakes.append((location, text))

    def notice(self, location: Location, text: str) -> None:
        self.notices.append((location, text))

    def property(self, resource: Resource, *path: str) -> object:
        """A property as it comes out, None when it is not there or is a mistake, which is noted."""
        try:
            found = self._evaluated(resource, path)
        except Unresolvable as error:
            self.mistake(error.location, error.text)
            return None
        return None if found is NO_VALUE else found

    def _evaluated(self, resource: Resource, path: tuple[str, ...]) -> object:
        value: object = resource.properties
        for depth, name in enumerate(path):
            if _is_intrinsic(value):
                value = evaluate(value, self.scope, resource.property_location(*path[:depth]))
            value = value.get(name) if isinstance(value, Mapping) else None
        return evaluate(value, self.scope, resource.property_location(*path))

    def entries(self, resource: Resource, *path: str) -> Iterator[tuple[str, object]]:
        """The entries of a mapping, each looked at alone, so that every mistake among them is noted."""
        value: object = resource.properties
        for name in path:
            value = value.get(name) if isinstance(value, Mapping) and not _is_intrinsic(value) else value
        if not isinstance(value, Mapping) or _is_intrinsic(value):
            yield from mapping_of(self.property(resource, *path)).items()
            return
        for name in value:
            if (found := self.property(resource, *path, name)) is not None:
                yield name, found

    def text(self, resource: Resource, *path: str) -> str | None:
        """A property that must be known before anything is deployed, such as a name."""
        value = self.property(resource, *path)
        if isinstance(value, str) and references_in(value):
            text = f"'{shown(value)}' is known only once it is deployed; write a text"
            self.mistake(resource.property_location(*path), text)
            return None
        return None if value is None else str(value)

    def json(self, place: Location, name: str, value: object) -> object:
        """What CloudFormation takes as a value or as its JSON text; None for text that is none, which is noted."""
        if not isinstance(value, str):
            return value
        try:
            # Not strict, for a reference to a resource is marked by a control character.
            return json.loads(value, strict=False)
        except ValueError as error:
            self.mistake(place, f"{name} is no JSON: {error}")
            return None

    def notice_unread(self, resource: Resource, *, read: Collection[str], without_effect: str = "") -> None:
        """A notice of each property that is neither read nor `without_effect` (names in one text)."""
        known = {*read, *without_effect.split()}
        for name in resource.properties:
            if name not in known:
                self.notice(resource.property_location(name), f"{name} is not read")

    def put(self, location: Location, value: object, place: Location) -> None:
        """Sets a part of the stack that stands at `place` in the template."""
        self._around(location)[location[-1]] = value
        self.places[location] = place

    def append(self, location: Location, value: object, place: Location) -> Location:
        """Adds to a list of the stack a part that stands at `place` in the template; answers the part's location."""
        items = self._around(location).setdefault(location[-1], [])
        assert isinstance(items, list)
        items.append(value)
        added: Location = (*location, len(items) - 1)
        self.places.setdefault(location, place)
        self.places[added] = place
        return added

    def _around(self, location: Location) -> dict[str | int, object]:
        """The mapping of the stack that holds a part."""
        inside: dict[str | int, object] = self.value  # type: ignore[assignment]  # its keys are text alone
        for part in location[:-1]:
            inside = inside.setdefault(part, {})  # type: ignore[assignment]
        return inside

    def put_properties(self, location: Location, resource: Resource, names: Mapping[str, str]) -> None:
        """Sets the fields that stand for properties of the resource, by the field's name; those that are there."""
        for field, name in names.items():
            if (value := self.property(resource, name)) is not None:
                self.put((*location, field), number_or(value), resource.property_location(name))


def _is_intrinsic(value: object) -> bool:
    return isinstance(value, Mapping) and any(name == "Ref" or name.startswith("Fn::") for name in value)


def number_or(value: object) -> object:
    """A whole number that CloudFormation takes as text too (a parameter's value always is); else the value."""
    return int(value) if isinstance(value, str) and value.isdecimal() else value


def is_true(value: object) -> bool:
    """A flag, which CloudFormation takes as text too."""
    return str(value).lower() == "true"


def list_of(value: object) -> list[object]:
    return value if isinstance(value, list) else [] if value is None else [value]


def mapping_of(value: object) -> Mapping[str, object]:
    return value if isinstance(value, Mapping) else {}
