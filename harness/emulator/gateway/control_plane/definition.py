"""Definition of a WebSocket API: its settings, and its routes, integrations, authorizers, models and responses.

Plain values. What clients of the control plane change is a definition; what a stage serves is the definition that was
deployed to it (G-2). A part stands under the path that its URL has behind the API's: `("routes", "a1")`,
`("routes", "a1", "routeresponses", "b2")`; its value is what the control plane answers for it, by the wire's names.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TypeAlias

Resource: TypeAlias = Mapping[str, object]
Path: TypeAlias = tuple[str, ...]

NOTHING: Mapping[str, object] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Definition:
    """The settings of an API and its parts by path, in the order in which they were made."""

    api: Resource
    parts: Mapping[Path, Resource] = field(default_factory=dict)

    def all_in(self, *collection: str) -> list[Resource]:
        """The parts right under a path, such as all routes under `routes`."""
        return [part for path, part in self.parts.items() if path[:-1] == collection]

    def with_part(self, path: Path, part: Resource) -> "Definition":
        """The definition with a part made, or replaced."""
        return replace(self, parts={**self.parts, path: part})

    def without(self, path: Path) -> "Definition":
        """The definition without a part and what stands under it."""
        left = {other: part for other, part in self.parts.items() if other[: len(path)] != path}
        return replace(self, parts=left)


def text(resource: Resource, name: str) -> str:
    """A text of a resource, "" where it has none."""
    value = resource.get(name)
    return value if isinstance(value, str) else ""


def mapping(resource: Resource, name: str) -> Mapping[str, object]:
    """An object of a resource, empty where it has none."""
    value = resource.get(name)
    return value if isinstance(value, Mapping) else NOTHING
