"""Validation against AWS's service models: which mistakes an input has, and how they are said."""

from collections.abc import Iterator

import pytest
from botocore.model import ListShape, MapShape, OperationModel, ServiceModel, Shape, StructureShape

from harness.emulator.aws_api.service_model import RestOperations, service_model
from harness.emulator.aws_api.validation import (
    Constraint,
    _of_text,
    as_one_message,
    known_members,
    mistakes,
)
from harness.emulator.port.http import Request

OPERATION = {
    "name": "PutThing",
    "http": {"method": "POST", "requestUri": "/things/{thing-id}"},
    "input": {"shape": "Thing"},
}
SHAPES = {
    "Thing": {
        "type": "structure",
        "required": ["Name"],
        "members": {
            "Name": {"shape": "Name"},
            "Kind": {"shape": "Kind", "locationName": "kind"},
            "Age": {"shape": "Age"},
            "Share": {"shape": "Share"},
            "IsNew": {"shape": "Flag"},
            "Notes": {"shape": "Notes"},
            "Tags": {"shape": "Tags"},
            "Title": {"shape": "StringWithLengthBetween1And64"},
            "Body": {"shape": "StringWithLengthBetween0And32K"},
            "Part": {"shape": "Part"},
            "Made": {"shape": "Time"},
        },
    },
    "Name": {"type": "string", "min": 2, "max": 5, "pattern": "^[a-z]+$"},
    "Kind": {"type": "string", "enum": ["BIG", "SMALL"]},
    "Age": {"type": "integer", "min": 1, "max": 9},
    "Share": {"type": "double", "min": 0.0},
    "Flag": {"type": "boolean"},
    "Notes": {"type": "list", "member": {"shape": "Kind"}, "max": 2},
    "Tags": {"type": "map", "key": {"shape": "Name"}, "value": {"shape": "Age"}},
    "StringWithLengthBetween1And64": {"type": "string"},
    "StringWithLengthBetween0And32K": {"type": "string"},
    "Part": {"type": "structure", "required": ["Id"], "members": {"Id": {"shape": "Name"}}},
    "Time": {"type": "timestamp"},
}
MODEL = ServiceModel({"metadata": {}, "operations": {"PutThing": OPERATION}, "shapes": SHAPES}, "things")


@pytest.fixture
def operation() -> OperationModel:
    return MODEL.operation_model("PutThing")


WRONG: dict[str, tuple[dict[str, object], Constraint, str]] = {
    "missing": (
        {},
        Constraint.REQUIRED,
        "Value null at 'name' failed to satisfy constraint: Member must not be null",
    ),
    "null": (
        {"Name": None},
        Constraint.REQUIRED,
        "Value null at 'name' failed to satisfy constraint: Member must not be null",
    ),
    "too short": (
        {"Name": "a"},
        Constraint.LENGTH,
        "Value 'a' at 'name' failed to satisfy constraint: Member must have length greater than or equal to 2",
    ),
    "too long, and then no pattern": (
        {"Name": "ABCDEF"},
        Constraint.LENGTH,
        "Value 'ABCDEF' at 'name' failed to satisfy constraint: Member must have length less than or equal to 5",
    ),
    "pattern": (
        {"Name": "AB"},
        Constraint.PATTERN,
        "Value 'AB' at 'name' failed to satisfy constraint: "
        "Member must satisfy regular expression pattern: ^[a-z]+$",
    ),
    "pattern before a line feed": (
        {"Name": "ab\n"},
        Constraint.PATTERN,
        "Value 'ab\n' at 'name' failed to satisfy constraint: "
        "Member must satisfy regular expression pattern: ^[a-z]+$",
    ),
    "enum, by its name on the wire": (
        {"Name": "ab", "kind": "huge"},
        Constraint.ENUM,
        "Value 'huge' at 'kind' failed to satisfy constraint: Member must satisfy enum value set: [BIG, SMALL]",
    ),
    "below": (
        {"Name": "ab", "Age": 0},
        Constraint.RANGE,
        "Value '0' at 'age' failed to satisfy constraint: Member must have value greater than or equal to 1",
    ),
    "above": (
        {"Name": "ab", "Age": 10},
        Constraint.RANGE,
        "Value '10' at 'age' failed to satisfy constraint: Member must have value less than or equal to 9",
    ),
    "text for a number": (
        {"Name": "ab", "Age": "7"},
        Constraint.TYPE,
        "Value '7' at 'age' failed to satisfy constraint: Member must be of type integer",
    ),
    "flag for a number": (
        {"Name": "ab", "Age": True},
        Constraint.TYPE,
        "Value 'true' at 'age' failed to satisfy constraint: Member must be of type integer",
    ),
    "number for a flag": (
        {"Name": "ab", "IsNew": 1},
        Constraint.TYPE,
        "Value '1' at 'isNew' failed to satisfy constraint: Member must be of type boolean",
    ),
    "number for a text": (
        {"Name": 7},
        Constraint.TYPE,
        "Value '7' at 'name' failed to satisfy constraint: Member must be of type string",
    ),
    "too many": (
        {"Name": "ab", "Notes": ["BIG"] * 3},
        Constraint.LENGTH,
        "Value '[BIG, BIG, BIG]' at 'notes' failed to satisfy constraint: "
        "Member must have length less than or equal to 2",
    ),
    "in a list": (
        {"Name": "ab", "Notes": ["BIG", "x"]},
        Constraint.ENUM,
        "Value 'x' at 'notes.2.member' failed to satisfy constraint: "
        "Member must satisfy enum value set: [BIG, SMALL]",
    ),
    "value of a map": (
        {"Name": "ab", "Tags": {"ab": 0}},
        Constraint.RANGE,
        "Value '0' at 'tags.ab.member' failed to satisfy constraint: "
        "Member must have value greater than or equal to 1",
    ),
    "name in a map": (
        {"Name": "ab", "Tags": {"a": 1}},
        Constraint.LENGTH,
        "Value 'a' at 'tags.a.key' failed to satisfy constraint: "
        "Member must have length greater than or equal to 2",
    ),
    "length that stands in a shape's name": (
        {"Name": "ab", "Title": ""},
        Constraint.LENGTH,
        "Value '' at 'title' failed to satisfy constraint: Member must have length greater than or equal to 1",
    ),
    "required of a part": (
        {"Name": "ab", "Part": {}},
        Constraint.REQUIRED,
        "Value null at 'part.id' failed to satisfy constraint: Member must not be null",
    ),
    "list for a structure": (
        {"Name": "ab", "Part": []},
        Constraint.TYPE,
        "Value '[]' at 'part' failed to satisfy constraint: Member must be of type structure",
    ),
}


@pytest.mark.parametrize(("given", "constraint", "text"), WRONG.values(), ids=WRONG)
def test_a_mistake(
    operation: OperationModel, given: dict[str, object], constraint: Constraint, text: str
) -> None:
    (found,) = mistakes(operation, given)

    assert (found.constraint, str(found)) == (constraint, text)


TAG = r"([\p{L}\p{Z}\p{N}_.:/=+\-@]*)"
PLANES = r"[\u0020-\uD7FF\uE000-\uFFFD\uD800\uDC00-\uDBFF\uDFFF\r\n\t]*"


@pytest.mark.parametrize(
    ("pattern", "text", "passes"),
    [
        (TAG, "Straße 7 = x@y/z", True),
        (TAG, "a\tb", False),
        (TAG, "a*b", False),
        (PLANES, "a\U0001f600\n", True),
        (PLANES, "a\x00", False),
        (r"\p{Print}+", "~ a", True),
        (r"\p{Print}+", "ä", False),
    ],
)
def test_patterns_are_read_as_java_writes_them(pattern: str, text: str, passes: bool) -> None:
    shape = Shape("T", {"type": "string", "pattern": pattern})

    assert (not list(_of_text(shape, text, "t"))) is passes


RIGHT: dict[str, dict[str, object]] = {
    "what is required": {"Name": "ab"},
    "at the bounds": {"Name": "abcde", "Age": 9, "Share": 0, "Notes": ["BIG", "SMALL"], "kind": "BIG"},
    "by the name that is not on the wire": {"Name": "ab", "Kind": "huge"},
    "unknown": {"Name": "ab", "Colour": "red"},
    "null": {"Name": "ab", "Age": None},
    "a length in kilobytes": {"Name": "ab", "Body": "x" * 32_768},
    "a time": {"Name": "ab", "Made": 1.5},
}


@pytest.mark.parametrize("given", RIGHT.values(), ids=RIGHT)
def test_no_mistake(operation: OperationModel, given: dict[str, object]) -> None:
    assert mistakes(operation, given) == ()


def test_mistakes_are_said_together_in_the_order_of_the_model(operation: OperationModel) -> None:
    found = mistakes(operation, {"Age": 0, "Name": "A"})

    assert as_one_message(found) == (
        "2 validation errors detected: "
        "Value 'A' at 'name' failed to satisfy constraint: Member must have length greater than or equal to 2; "
        "Value '0' at 'age' failed to satisfy constraint: Member must have value greater than or equal to 1"
    )


def test_what_is_unknown_or_null_is_left_out(operation: OperationModel) -> None:
    given = {"Name": "ab", "Age": None, "Colour": "red", "kind": "BIG", "Kind": "x"}

    assert known_members(operation, given) == {"Name": "ab", "kind": "BIG"}


def test_an_operation_of_a_rest_service_is_found_by_its_path() -> None:
    operations = RestOperations(MODEL)
    found = operations.find(Request("POST", "/things/a%2Fb", "x=1"))

    assert found is not None
    assert found.operation.name == "PutThing"
    assert found.given == {"thing-id": "a/b", "x": "1"}
    assert found.in_path == {"thing-id"}
    assert operations.find(Request("GET", "/things/a")) is None
    assert operations.find(Request("POST", "/things/a/b")) is None


@pytest.mark.parametrize("service", ["apigatewayv2", "dynamodb", "events", "lambda", "sns", "sqs"])
def test_every_pattern_of_the_services_that_are_emulated_can_be_tried(service: str) -> None:
    model = service_model(service)
    operations = map(model.operation_model, model.operation_names)
    shapes = [one.input_shape for one in operations if one.input_shape is not None]

    for pattern in {pattern for shape in shapes for pattern in patterns(shape, set())}:
        text = Shape("T", {"type": "string", "pattern": pattern})
        assert [one.rule for one in _of_text(text, "\0", "t")] in (
            [],
            [f"Member must satisfy regular expression pattern: {pattern}"],
        )


def patterns(shape: Shape, seen: set[str]) -> Iterator[str]:
    if shape.name in seen:
        return
    seen.add(shape.name)
    if "pattern" in shape.metadata:
        yield shape.metadata["pattern"]
    inside: list[Shape] = []
    if isinstance(shape, StructureShape):
        inside = list(shape.members.values())
    elif isinstance(shape, ListShape):
        inside = [shape.member]
    elif isinstance(shape, MapShape):
        inside = [shape.key, shape.value]
    for one in inside:
        yield from patterns(one, seen)
