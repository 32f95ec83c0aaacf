"""What the values of a template come to."""

import pytest

from harness.stack.template.intrinsics import (
    NO_VALUE,
    Reference,
    Scope,
    Unresolvable,
    evaluate,
    holds,
    only_reference,
    references_in,
    replace_references,
    shown,
)

SCOPE = Scope(
    parameters={"Stage": "prod", "Zones": ["a", "b"], "Size": "3", "AWS::Region": "eu-west-1"},
    declared=("Stage", "Zones", "Size", "Secret"),
    mappings={"Sizes": {"prod": {"memory": 512, "names": ["x", "y"]}}},
    conditions={
        "IsProd": {"Fn::Equals": [{"Ref": "Stage"}, "prod"]},
        "IsDev": {"Fn::Not": [{"Condition": "IsProd"}]},
        "Circle": {"Fn::Or": [{"Condition": "IsDev"}, {"Condition": "Circle"}]},
    },
    resources=("Rows", "Api"),
    given={"Pool.Arn": "arn:pool", "Pool": "pool", "exported": "value", "{{resolve:ssm:/x}}": "secret"},
)
ROWS, ROWS_ARN, API = "\0Rows\0", "\0Rows.Arn\0", "\0Api\0"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        pytest.param("plain ${Stage}", "plain ${Stage}", id="only Fn::Sub fills in"),
        pytest.param(7, 7, id="number"),
        pytest.param({"Ref": "Stage"}, "prod", id="parameter"),
        pytest.param({"Ref": "AWS::Region"}, "eu-west-1", id="pseudo parameter"),
        pytest.param({"Ref": "Rows"}, ROWS, id="resource"),
        pytest.param({"Ref": "Pool"}, "pool", id="what was given stands for what is not known"),
        pytest.param({"Fn::GetAtt": ["Rows", "Arn"]}, ROWS_ARN, id="attribute"),
        pytest.param({"Fn::GetAtt": "Rows.Arn"}, ROWS_ARN, id="attribute with a dot"),
        pytest.param({"Fn::GetAtt": ["Pool", "Arn"]}, "arn:pool", id="given attribute"),
        pytest.param({"Fn::Sub": "${Stage}/${Rows}/${Rows.Arn}"}, f"prod/{ROWS}/{ROWS_ARN}", id="Fn::Sub"),
        pytest.param({"Fn::Sub": "${!Stage}"}, "${Stage}", id="literal in Fn::Sub"),
        pytest.param({"Fn::Sub": ["${A}-${Stage}", {"A": {"Ref": "Size"}}]}, "3-prod", id="own variables"),
        pytest.param({"Fn::Join": [":", ["a", {"Ref": "Api"}, 7, True]]}, f"a:{API}:7:true", id="Fn::Join"),
        pytest.param({"Fn::Join": [",", {"Ref": "Zones"}]}, "a,b", id="Fn::Join of a list parameter"),
        pytest.param(
            {"Fn::If": ["IsProd", "yes", {"Ref": "Secret"}]}, "yes", id="only the branch is looked at"
        ),
        pytest.param({"Fn::If": ["IsDev", "yes", "no"]}, "no", id="Fn::If otherwise"),
        pytest.param({"a": {"Ref": "AWS::NoValue"}, "b": 1}, {"b": 1}, id="no value in a mapping"),
        pytest.param(
            ["a", {"Fn::If": ["IsDev", "b", {"Ref": "AWS::NoValue"}]}], ["a"], id="no value in a list"
        ),
        pytest.param({"Fn::FindInMap": ["Sizes", {"Ref": "Stage"}, "memory"]}, 512, id="Fn::FindInMap"),
        pytest.param(
            {"Fn::FindInMap": ["Sizes", "dev", "memory", {"DefaultValue": 128}]},
            128,
            id="default of Fn::FindInMap",
        ),
        pytest.param({"Fn::Select": [1, {"Ref": "Zones"}]}, "b", id="Fn::Select"),
        pytest.param({"Fn::Select": ["0", {"Fn::Split": ["-", "x-y"]}]}, "x", id="Fn::Split"),
        pytest.param({"Fn::Base64": {"Ref": "Stage"}}, "cHJvZA==", id="Fn::Base64"),
        pytest.param({"Fn::Length": {"Ref": "Zones"}}, 2, id="Fn::Length"),
        pytest.param(
            {"Fn::ToJsonString": {"rows": {"Ref": "Rows"}}}, f'{{"rows":"{ROWS}"}}', id="Fn::ToJsonString"
        ),
        pytest.param(
            {"Fn::ImportValue": {"Fn::Sub": "exported"}}, "value", id="Fn::ImportValue that was given"
        ),
        pytest.param("a {{resolve:ssm:/x}}", "a secret", id="dynamic reference that was given"),
        pytest.param({"Ref": "AWS::NoValue"}, NO_VALUE, id="nothing at all"),
        pytest.param(
            {"Fn::Sub": "x", "other": 1}, {"Fn::Sub": "x", "other": 1}, id="no function beside other keys"
        ),
    ],
)
def test_a_value_comes_to(value: object, expected: object) -> None:
    assert evaluate(value, SCOPE) == expected


@pytest.mark.parametrize(
    ("value", "text"),
    [
        pytest.param({"Ref": "Row"}, "nothing is called 'Row'; did you mean 'Rows'?", id="stranger"),
        pytest.param(
            {"Fn::Sub": "${Stge}"}, "nothing is called 'Stge'; did you mean 'Stage'?", id="in Fn::Sub"
        ),
        pytest.param(
            {"Ref": "Secret"},
            "parameter 'Secret' has no value here: give --parameter Secret=VALUE",
            id="parameter without value",
        ),
        pytest.param({"Ref": ["Rows"]}, "Ref takes a name", id="misshapen Ref"),
        pytest.param(
            {"Fn::GetAtt": "Rows"}, "Fn::GetAtt takes a resource and one of its attributes", id="GetAtt"
        ),
        pytest.param({"Fn::Sub": ["a"]}, "Fn::Sub takes text, or a list of text and its variables", id="Sub"),
        pytest.param({"Fn::Join": [",", "abc"]}, "Fn::Join takes a delimiter and a list", id="Join"),
        pytest.param({"Fn::Join": [",", [["a"]]]}, "must come to text", id="list in Join"),
        pytest.param({"Fn::If": ["IsProd"]}, "Fn::If takes a condition's name and two values", id="If"),
        pytest.param(
            {"Fn::If": ["IsPrd", 1, 2]},
            "no condition is called 'IsPrd'; did you mean 'IsProd'?",
            id="condition",
        ),
        pytest.param(
            {"Fn::If": ["Circle", 1, 2]}, "no condition is called 'Circle'", id="condition of itself"
        ),
        pytest.param(
            {"Fn::FindInMap": ["Sizes", "dev", "memory"]},
            "Fn::FindInMap finds no 'dev' on the way Sizes / dev / memory",
            id="FindInMap",
        ),
        pytest.param(
            {"Fn::Select": [2, {"Ref": "Zones"}]},
            "Fn::Select takes an index from 0 and a list that is long enough",
            id="Select",
        ),
        pytest.param({"Fn::Split": ["", "a"]}, "Fn::Split takes a delimiter and text", id="Split"),
        pytest.param({"Fn::Length": "abc"}, "Fn::Length takes a list", id="Length"),
        pytest.param(
            {"Fn::Base64": {"Ref": "Rows"}},
            "Fn::Base64 of '${Rows}' is known only once it is deployed",
            id="Base64",
        ),
        pytest.param(
            {"Fn::ImportValue": "theirs"},
            "the export 'theirs' is another stack's; "
            "say what stands for it in Metadata: {FanoutHarness: {values: {'theirs': ...}}}",
            id="ImportValue",
        ),
        pytest.param(
            "{{resolve:ssm:/y}}",
            "'{{resolve:ssm:/y}}' is looked up in an account; "
            "say what stands for it in Metadata: {FanoutHarness: {values: {'{{resolve:ssm:/y}}': ...}}}",
            id="dynamic reference",
        ),
        pytest.param(
            {"Fn::Subb": "x"}, "Fn::Subb cannot be resolved here; did you mean 'Fn::Sub'?", id="no function"
        ),
        pytest.param({"Fn::Cidr": []}, "Fn::Cidr cannot be resolved here", id="function that is not read"),
    ],
)
def test_what_cannot_be_resolved_is_named(value: object, text: str) -> None:
    with pytest.raises(Unresolvable) as caught:
        evaluate({"Variables": [value]}, SCOPE, ("Resources", "F"))
    assert caught.value.text == text


def test_a_mistake_knows_where_it_stands() -> None:
    with pytest.raises(Unresolvable) as caught:
        evaluate({"Variables": ["a", {"Ref": "Row"}]}, SCOPE, ("Resources", "F"))
    assert caught.value.location == ("Resources", "F", "Variables", 1)


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        pytest.param("IsProd", True, id="name"),
        pytest.param({"Condition": "IsDev"}, False, id="condition"),
        pytest.param({"Fn::And": [{"Condition": "IsProd"}, {"Condition": "IsDev"}]}, False, id="and"),
        pytest.param({"Fn::Or": [{"Condition": "IsProd"}, {"Condition": "IsDev"}]}, True, id="or"),
        pytest.param({"Fn::Equals": [{"Ref": "Size"}, 3]}, True, id="a parameter's number is text"),
        pytest.param({"Fn::Equals": ["true", True]}, True, id="and so is a flag"),
        pytest.param({"Fn::Equals": ["a", "A"]}, False, id="case counts"),
    ],
)
def test_a_condition_holds(condition: object, expected: bool) -> None:
    assert holds(condition, SCOPE) is expected


def test_references_are_found_and_replaced() -> None:
    text = evaluate({"Fn::Sub": "a-${Rows}-${Api.ApiEndpoint}"}, SCOPE)
    assert isinstance(text, str)
    assert references_in(text) == (Reference("Rows"), Reference("Api", "ApiEndpoint"))
    assert replace_references(text, lambda reference: reference.logical_id.lower()) == "a-rows-api"
    assert shown(text) == "a-${Rows}-${Api.ApiEndpoint}"
    assert only_reference(text) is None
    assert only_reference(evaluate({"Ref": "Rows"}, SCOPE)) == Reference("Rows")
