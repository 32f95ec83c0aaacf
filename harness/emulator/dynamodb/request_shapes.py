"""Has a request's JSON the members, types and bounds that the operation's model asks for?

The model is AWS's own, as botocore ships it; each operation's checks are compiled from it once. A wrong JSON type is
a SerializationException; everything else is told together, as "N validation errors detected: ..." (D-20).
"""

import re
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any, TypeAlias

from botocore.loaders import Loader

from harness.emulator.dynamodb.errors import DynamoDbError, validation
from harness.emulator.dynamodb.json_types import check_attribute_value, check_blob, check_scalar, wrong_type

Problems: TypeAlias = list[str]
Check: TypeAlias = Callable[[Any, str, Problems], None]
"""Looks at one value at a path; raises for a wrong type, and adds to the problems what else is wrong."""
Constraint: TypeAlias = Callable[[Any], str | None]
"""Says of a value of the right type which constraint it breaks."""

_PACKAGE = "com.amazonaws.dynamodb.v20120810"
# AWS prints the values of an enum in an order of its own.
_ENUM_ORDER: Mapping[str, str] = {
    "ReturnConsumedCapacity": "INDEXES, TOTAL, NONE",
    "ReturnItemCollectionMetrics": "SIZE, NONE",
    "ReturnValue": "ALL_NEW, UPDATED_OLD, ALL_OLD, NONE, UPDATED_NEW",
    "ReturnValuesOnConditionCheckFailure": "ALL_OLD, NONE",
    "ScalarAttributeType": "B, N, S",
    "Select": "SPECIFIC_ATTRIBUTES, COUNT, ALL_ATTRIBUTES, ALL_PROJECTED_ATTRIBUTES",
    "BillingMode": "PROVISIONED, PAY_PER_REQUEST",
    "ProjectionType": "ALL, INCLUDE, KEYS_ONLY",
}
_NAME_PATTERN = "[a-zA-Z0-9_.-]+"
_NAME = re.compile(_NAME_PATTERN)
_MOST_TOLD = 10
_SHOWN = 400  # characters of a collection that an error message repeats


def check_request(api: str, operation: str, body: Mapping[str, object]) -> None:
    """Raises what AWS says of a malformed request; `api` is `dynamodb` or `dynamodbstreams`."""
    needs_table, check = _compiled(api, operation)
    if needs_table:
        _check_table_name(body.get("TableName"))
    problems: Problems = []
    check(body, "", problems)
    if problems:
        raise _detected(problems)


def is_operation(api: str, operation: str) -> bool:
    """Whether AWS has an operation of this name, emulated or not."""
    return operation in _model(api)["operations"]


def _check_table_name(name: object) -> None:
    """Comes before everything else, in words of its own; a name may also be an ARN."""
    match name:
        case None:
            raise validation("The parameter 'TableName' is required but was not present in the request")
        case str() if name.startswith("arn:"):
            return
        case str() if not 3 <= len(name) <= 255:
            raise validation("TableName must be at least 3 characters long and at most 255 characters long")
        case str() if _NAME.fullmatch(name) is None:
            raise _detected([_problem(name, "tableName", _pattern_text(_NAME_PATTERN))])


def _detected(problems: Problems) -> DynamoDbError:
    told = "; ".join(problems[:_MOST_TOLD])
    return validation(f"{len(problems)} validation error{'s' if len(problems) > 1 else ''} detected: {told}")


# --- compiling the model ----------------------------------------------------------------------------------


@cache
def _model(api: str) -> Mapping[str, Any]:
    model: Mapping[str, Any] = Loader().load_service_model(api, "service-2")
    return model


def _shape(api: str, name: str) -> Mapping[str, Any]:
    shape: Mapping[str, Any] = _model(api)["shapes"][name]
    return shape


@cache
def _compiled(api: str, operation: str) -> tuple[bool, Check]:
    """Whether the operation needs a TableName, and what checks its input."""
    name = _model(api)["operations"][operation]["input"]["shape"]
    return "TableName" in _shape(api, name).get("required", ()), _check_of(api, name)


@cache
def _check_of(api: str, name: str) -> Check:
    if name == "AttributeValue":
        return lambda value, _path, _problems: check_attribute_value(value)
    shape = _shape(api, name)
    match shape["type"]:
        case "structure":
            return _structure(api, name, shape)
        case "list":
            return _list(_check_of(api, shape["member"]["shape"]), tuple(_bounds(shape, "length")))
        case "map":
            return _map(api, shape)
        case "blob":
            return lambda value, _path, _problems: check_blob(value)
        case kind:
            return _scalar(kind, name, shape)


def _structure(api: str, name: str, shape: Mapping[str, Any]) -> Check:
    required = tuple(shape.get("required", ()))
    members = {
        member: (_lower(member), _check_of(api, target["shape"]))
        for member, target in shape["members"].items()
    }

    def check(value: Any, path: str, problems: Problems) -> None:
        if not isinstance(value, dict):
            raise wrong_type(value, f"class {_PACKAGE}.{name}")
        prefix = f"{path}." if path else ""
        for member in required:
            if value.get(member) is None:
                problems.append(_problem(None, prefix + _lower(member), _NOT_NULL))
        for member, given in value.items():
            known = members.get(member)
            if known is not None and given is not None:
                known[1](given, prefix + known[0], problems)

    return check


def _list(check_member: Check, constraints: tuple[Constraint, ...]) -> Check:
    def check(value: Any, path: str, problems: Problems) -> None:
        if not isinstance(value, list):
            raise wrong_type(value, None)
        _constrain(value, path, constraints, problems)
        for number, member in enumerate(value, 1):
            _check_member(check_member, member, f"{path}.{number}.member", problems)

    return check


def _map(api: str, shape: Mapping[str, Any]) -> Check:
    name = shape["value"]["shape"]
    target, constraints = _shape(api, name), list(_bounds(shape, "length"))
    if target["type"] == "list" and "max" in target:
        constraints.append(_bounded_values(target["min"], target["max"]))
        check_member = _list(_check_of(api, target["member"]["shape"]), ())
    else:
        check_member = _check_of(api, name)
    constrained = tuple(constraints)

    def check(value: Any, path: str, problems: Problems) -> None:
        if not isinstance(value, dict):
            raise wrong_type(value, f"java.util.Map<java.lang.String, {_PACKAGE}.{name}>")
        _constrain(value, path, constrained, problems)
        for key, member in value.items():
            _check_member(check_member, member, f"{path}.{key}.member", problems)

    return check


def _check_member(check: Check, member: Any, path: str, problems: Problems) -> None:
    if member is None:
        problems.append(_problem(None, path, _NOT_NULL))
    else:
        check(member, path, problems)


def _scalar(kind: str, name: str, shape: Mapping[str, Any]) -> Check:
    constraints = tuple(_constraints(kind, name, shape))

    def check(value: Any, path: str, problems: Problems) -> None:
        check_scalar(value, kind)
        _constrain(value, path, constraints, problems)

    def check_string(value: Any, _path: str, _problems: Problems) -> None:
        if type(value) is not str:
            check_scalar(value, "string")

    return check_string if kind == "string" and not constraints else check


# --- constraints ------------------------------------------------------------------------------------------


def _constrain(value: Any, path: str, constraints: tuple[Constraint, ...], problems: Problems) -> None:
    for broken_by in constraints:
        text = broken_by(value)
        if text is not None:
            problems.append(_problem(value, path, text))


def _constraints(kind: str, name: str, shape: Mapping[str, Any]) -> Iterator[Constraint]:
    if "enum" in shape:
        yield _one_of(frozenset(shape["enum"]), _ENUM_ORDER.get(name) or ", ".join(shape["enum"]))
    yield from _bounds(shape, "length" if kind == "string" else "value")
    if shape.get("pattern") == _NAME_PATTERN:
        yield lambda value: None if _NAME.fullmatch(value) else _pattern_text(_NAME_PATTERN)


def _one_of(values: frozenset[str], shown: str) -> Constraint:
    return lambda value: None if value in values else f"Member must satisfy enum value set: [{shown}]"


def _bounds(shape: Mapping[str, Any], measure: str) -> Iterator[Constraint]:
    size: Callable[[Any], Any] = len if measure == "length" else _itself
    least, most = shape.get("min"), shape.get("max")
    if least is not None:
        low = f"Member must have {measure} greater than or equal to {least}"
        yield lambda value: low if size(value) < least else None
    if most is not None:
        high = f"Member must have {measure} less than or equal to {most}"
        yield lambda value: high if size(value) > most else None


def _itself(value: Any) -> Any:
    return value


def _bounded_values(least: int, most: int) -> Constraint:
    """AWS tells the bounds of lists in a map at the map."""
    constraint = (
        f"Map value must satisfy constraint: [Member must have length less than or equal to {most}, "
        f"Member must have length greater than or equal to {least}]"
    )

    def broken_by(values: Mapping[str, Any]) -> str | None:
        lists = (one for one in values.values() if isinstance(one, list))
        return None if all(least <= len(one) <= most for one in lists) else constraint

    return broken_by


# --- wording ----------------------------------------------------------------------------------------------

_NOT_NULL = "Member must not be null"


def _problem(value: object, path: str, constraint: str) -> str:
    shown = "null" if value is None else f"'{_shown(value)}'"
    return f"Value {shown} at '{path}' failed to satisfy constraint: {constraint}"


def _shown(value: object) -> str:
    match value:
        case bool():
            return str(value).lower()
        case list():
            return f"[{', '.join(map(_shown, value))[:_SHOWN]}]"
        case dict():
            return "{" + ", ".join(f"{key}={_shown(member)}" for key, member in value.items())[:_SHOWN] + "}"
    return str(value)


def _pattern_text(pattern: str) -> str:
    return f"Member must satisfy regular expression pattern: {pattern}"


def _lower(member: str) -> str:
    """As Coral writes a member's name: `SSESpecification` stays as it is, `TableName` is `tableName`."""
    return member if member[:2].isupper() else member[0].lower() + member[1:]
