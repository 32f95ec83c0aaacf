"""Updates: the new item that an UpdateExpression makes of an old one, and what it touched.

All operands are read from the item as it was. In lists, elements set beyond the end are appended in the order of
their indexes, and elements are removed last: every index means what it meant before.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from harness.emulator.dynamodb.attribute_values import AttributeValue, Item
from harness.emulator.dynamodb.errors import invalid_parameters, validation
from harness.emulator.dynamodb.expressions.document_paths import PathTree, child, path_tree
from harness.emulator.dynamodb.expressions.operands import Scope
from harness.emulator.dynamodb.expressions.placeholders import check_names, check_values
from harness.emulator.dynamodb.expressions.projections import Project, projecting
from harness.emulator.dynamodb.expressions.syntax import (
    ActionNode,
    DeleteNode,
    PathElement,
    RemoveNode,
    SetNode,
    ValueNode,
)
from harness.emulator.dynamodb.expressions.tokens import ExpressionKind
from harness.emulator.dynamodb.expressions.update_parser import parse_update_text
from harness.emulator.dynamodb.expressions.update_values import Change, Keep, Remove, bound_action

_KIND: ExpressionKind = "UpdateExpression"


@dataclass(frozen=True, slots=True)
class Updated:
    """What came of an update: the new item. It shares with the old one what was not touched."""

    item: Item
    _before: Item
    _touched: Project

    @property
    def old(self) -> Item:
        """UPDATED_OLD: the touched paths as they were; empty for none."""
        return self._touched(self._before)

    @property
    def new(self) -> Item:
        """UPDATED_NEW: the touched paths as they are; an index is looked up as it was written."""
        return self._touched(self.item)


@dataclass(frozen=True, slots=True)
class Update:
    """A parsed update.

    `top_level_names` are the attributes that it changes, or changes something in; `literals` those of them that are
    set to an expression attribute value as it is (D-16, D-17). `only_removes` says that it has neither SET nor ADD.
    """

    top_level_names: frozenset[str]
    literals: Mapping[str, AttributeValue]
    only_removes: bool
    names: frozenset[str]
    values: frozenset[str]
    _tree: PathTree
    _actions: tuple[Change, ...]
    _touched: Project

    def check_keys(self, key_names: Collection[str]) -> None:
        """Raises if the update touches an attribute of the table's key (D-18)."""
        for name in key_names:
            if name in self.top_level_names:
                raise invalid_parameters(f"Cannot update attribute {name}. This attribute is part of the key")

    def apply(self, item: Item, *, key_names: Collection[str] = ()) -> Updated:
        """The item updated; for an absent item, pass its key (D-21). Raises a ValidationException.

        The item is in normal form and stays as it is. Its new size is for the caller to check.
        """
        self.check_keys(key_names)
        for name, below in self._tree.children.items():
            _check_containers(item.get(str(name)), below)
        # AWS's order of mistakes in several actions depends on their hashes; the last action first is as good.
        changes = [action(item) for action in reversed(self._actions)]
        changes.reverse()
        return Updated(_changed_members(item, self._tree.children, changes), item, self._touched)


def parse_update(
    text: str, names: Mapping[str, str] | None = None, values: Mapping[str, Any] | None = None
) -> Update:
    """The update; raises a ValidationException in AWS's words, in DynamoDB Local's order of mistakes."""
    parsed = parse_update_text(text)
    scope = Scope(_KIND, check_names(names), check_values(values))
    tree = path_tree([action.path for action in parsed.actions], scope.names, _KIND)
    actions = [bound_action(action, scope) for action in reversed(parsed.actions)]
    scope.check_operators(parsed.operators)
    return Update(
        top_level_names=frozenset(map(str, tree.children)),
        literals=_literals(tree, parsed.actions, scope),
        only_removes=all(isinstance(action, RemoveNode | DeleteNode) for action in parsed.actions),
        names=parsed.names,
        values=parsed.values,
        _tree=tree,
        _actions=tuple(reversed(actions)),
        _touched=projecting(tree),
    )


def _literals(tree: PathTree, actions: tuple[ActionNode, ...], scope: Scope) -> Mapping[str, AttributeValue]:
    literals: dict[str, AttributeValue] = {}
    for name, below in tree.children.items():
        if below.end is None:
            continue
        action = actions[below.end]
        if isinstance(action, SetNode) and isinstance(action.operand, ValueNode):
            literals[str(name)] = scope.literal(action.operand).value
    return literals


# --- containers -------------------------------------------------------------------------------------------


def _check_containers(value: AttributeValue | None, tree: PathTree) -> None:
    """Raises unless the value is the map or list that the paths below it need."""
    if tree.end is not None:
        return
    if value is None or _container(tree) not in value:
        raise validation("The document path provided in the update expression is invalid for update")
    for element, below in tree.children.items():
        _check_containers(child(value, element), below)


def _container(tree: PathTree) -> str:
    return "M" if isinstance(next(iter(tree.children)), str) else "L"


_Changes = list[AttributeValue | Keep | Remove]


def _changed_members(members: Item, children: Mapping[PathElement, PathTree], changes: _Changes) -> Item:
    new = dict(members)
    for element, below in children.items():
        name = str(element)
        match changes[below.end] if below.end is not None else _changed(members[name], below, changes):
            case Keep():
                pass
            case Remove():
                new.pop(name, None)
            case value:
                new[name] = value
    return new


def _changed(value: AttributeValue, tree: PathTree, changes: _Changes) -> AttributeValue:
    if "M" in value:
        return {"M": _changed_members(value["M"], tree.children, changes)}
    return {"L": _changed_elements(value["L"], tree.children, changes)}


def _changed_elements(
    elements: list[AttributeValue], children: Mapping[PathElement, PathTree], changes: _Changes
) -> list[AttributeValue]:
    new: list[AttributeValue | Remove] = list(elements)
    for index in sorted(index for index in children if isinstance(index, int)):
        below = children[index]
        match changes[below.end] if below.end is not None else _changed(elements[index], below, changes):
            case Keep():
                pass
            case change if index < len(elements):
                new[index] = change
            case Remove():
                pass
            case value:
                new.append(value)
    return [element for element in new if not isinstance(element, Remove)]
