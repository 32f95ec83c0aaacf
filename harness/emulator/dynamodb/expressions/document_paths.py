"""Document paths: where in an item one leads, and whether those of one expression overlap or conflict."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from harness.emulator.dynamodb.attribute_values import AttributeValue, Item
from harness.emulator.dynamodb.errors import DynamoDbError
from harness.emulator.dynamodb.expressions.placeholders import Names
from harness.emulator.dynamodb.expressions.syntax import PathElement, PathNode
from harness.emulator.dynamodb.expressions.tokens import ExpressionKind, invalid

DocumentPath: TypeAlias = tuple[PathElement, ...]
"""Attribute names and list indexes, the first a name, all references resolved."""
Read: TypeAlias = Callable[[Item], AttributeValue | None]
"""What is at a path of an item, None for nothing."""


def resolved(path: PathNode, names: Names, kind: ExpressionKind) -> DocumentPath:
    """The path with its references resolved; raises for one that is not defined."""
    return tuple([_element(element, names, kind) for element in path.elements])


def _element(element: PathElement, names: Names, kind: ExpressionKind) -> PathElement:
    if isinstance(element, int) or element[0] != "#":
        return element
    name = names.get(element)
    if name is None:
        problem = "An expression attribute name used in the document path is not defined; attribute name: "
        raise invalid(kind, problem + element)
    return name


def reading(path: DocumentPath) -> Read:
    """A function that reads the path in items."""
    name, *rest = path
    assert isinstance(name, str)
    if not rest:
        return lambda item: item.get(name)

    def read(item: Item) -> AttributeValue | None:
        value = item.get(name)
        for element in rest:
            if value is None:
                return None
            value = child(value, element)
        return value

    return read


def child(value: AttributeValue, element: PathElement) -> AttributeValue | None:
    """The member of a map or the element of a list; None where there is none, or no such container."""
    found: AttributeValue | None = None
    if isinstance(element, str):
        if "M" in value:
            found = value["M"].get(element)
    elif "L" in value and element < len(value["L"]):
        found = value["L"][element]
    return found


def shown(path: DocumentPath) -> str:
    """The path as AWS's messages write it: `[a, [1], b]`."""
    elements = [element if isinstance(element, str) else f"[{element}]" for element in path]
    return f"[{', '.join(elements)}]"


@dataclass(slots=True)
class PathTree:
    """Paths that neither overlap nor conflict, by their elements; `end` is what a path that ends here leads to."""

    end: int | None = None
    children: "dict[PathElement, PathTree]" = field(default_factory=dict)


def path_tree(nodes: Sequence[PathNode], names: Names, kind: ExpressionKind) -> PathTree:
    """All the paths, resolved; `end` is a path's place among the nodes.

    Raises a ValidationException for an undefined name, for a path that leads into another one, and for two that
    cannot both be. Later paths are looked at first, as on AWS: "path one" of a message is the one that is left of it.
    """
    tree = PathTree()
    for place in range(len(nodes) - 1, -1, -1):
        _insert(tree, place, resolved(nodes[place], names, kind), kind)
    return tree


def _insert(tree: PathTree, place: int, path: DocumentPath, kind: ExpressionKind) -> None:
    node = tree
    for depth, element in enumerate(path):
        if node.end is not None:
            raise _clash("overlap", path, path[:depth], kind)
        other = next(iter(node.children), element)
        if isinstance(other, int) != isinstance(element, int):
            raise _clash("conflict", path, path[:depth] + _first_path(node), kind)
        node = node.children.setdefault(element, PathTree())
    if node.end is not None or node.children:
        raise _clash("overlap", path, path + _first_path(node), kind)
    node.end = place


def _first_path(node: PathTree) -> DocumentPath:
    for element, below in node.children.items():
        return (element, *_first_path(below))
    return ()


def _clash(how: str, one: DocumentPath, two: DocumentPath, kind: ExpressionKind) -> DynamoDbError:
    return invalid(
        kind,
        f"Two document paths {how} with each other; must remove or rewrite one of these paths; "
        f"path one: {shown(one)}, path two: {shown(two)}",
    )
