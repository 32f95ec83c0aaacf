"""Projections: the part of an item that a ProjectionExpression asks for."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeAlias

from harness.emulator.dynamodb.attribute_values import AttributeValue, Item
from harness.emulator.dynamodb.expressions.document_paths import (
    PathTree,
    path_tree,
)
from harness.emulator.dynamodb.expressions.operand_parser import OperandParser
from harness.emulator.dynamodb.expressions.placeholders import Names
from harness.emulator.dynamodb.expressions.syntax import PathElement, PathNode
from harness.emulator.dynamodb.expressions.tokens import ExpressionKind

_KIND: ExpressionKind = "ProjectionExpression"
Project: TypeAlias = Callable[[Item], Item]
"""What a projection takes out of an item."""


@dataclass(frozen=True, slots=True)
class Projection:
    """A parsed projection. `of(item)` is the part of the item: nested as it was, list elements closed up.

    What it returns shares values with the item. `top_level_names` are the attributes that its paths begin with,
    `nested` those of them into which they go.
    """

    of: Project
    top_level_names: frozenset[str]
    names: frozenset[str] = frozenset()
    values: frozenset[str] = frozenset()
    nested: frozenset[str] = frozenset()


def parse_projection(text: str, names: Mapping[str, str] | None = None) -> Projection:
    """The projection; raises a ValidationException in AWS's words, DynamoDB Local's order of mistakes."""
    return _projection(text, tuple((names or {}).items()))


@lru_cache(maxsize=1024)
def _projection(text: str, names: tuple[tuple[str, str], ...]) -> Projection:
    parser = OperandParser(_KIND, text)
    tree = path_tree(_paths(parser), Names(dict(names)), _KIND)
    return Projection(
        of=projecting(tree),
        top_level_names=frozenset(map(str, tree.children)),
        names=frozenset(parser.names),
        nested=frozenset(str(name) for name, below in tree.children.items() if below.children),
    )


def _paths(parser: OperandParser) -> list[PathNode]:
    paths = [parser.path()]
    while parser.reader.takes(","):
        paths.append(parser.path())
    parser.finish()
    return paths


def projecting(tree: PathTree) -> Project:
    """A function that takes the paths of the tree out of an item."""
    if any(below.children for below in tree.children.values()):
        return lambda item: _members(item, tree.children)
    wanted = tuple(str(name) for name in tree.children)
    if len(wanted) == 1:
        (only,) = wanted
        return lambda item: {only: item[only]} if only in item else {}
    return lambda item: {name: item[name] for name in wanted if name in item}


def _members(members: Item, children: Mapping[PathElement, PathTree]) -> Item:
    found: Item = {}
    for name, below in children.items():
        assert isinstance(name, str)
        if name in members and (part := _part(members[name], below)) is not None:
            found[name] = part
    return found


def _part(value: AttributeValue, tree: PathTree) -> AttributeValue | None:
    """What of the value the paths lead to, None for nothing."""
    if not tree.children:
        return value
    if isinstance(next(iter(tree.children)), str):
        members = _members(value["M"], tree.children) if "M" in value else None
        return {"M": members} if members else None
    elements = _elements(value["L"], tree.children) if "L" in value else None
    return {"L": elements} if elements else None


def _elements(
    elements: list[AttributeValue], children: Mapping[PathElement, PathTree]
) -> list[AttributeValue]:
    parts = [
        _part(elements[index], children[index])
        for index in sorted(index for index in children if isinstance(index, int) and index < len(elements))
    ]
    return [part for part in parts if part is not None]
