"""What things are called that a template does not name, and which values its parameters have."""

import pytest

from harness.stack.template.intrinsics import Unresolvable
from harness.stack.template.names import generated_name, stack_name
from harness.stack.template.parameters import parameter_values, pseudo_parameters, unknown_parameters

DECLARED = {
    "Stage": {"Type": "String", "Default": "prod", "AllowedValues": ["prod", "dev"]},
    "Size": {"Type": "Number", "Default": 3},
    "Subnets": {"Type": "CommaDelimitedList", "Default": "a, b"},
    "Ports": {"Type": "List<Number>", "Default": "1,2"},
    "Image": {"Type": "AWS::SSM::Parameter::Value<String>", "Default": "/aws/image"},
    "Secret": {"Type": "String", "NoEcho": True},
}


def test_a_name_is_the_same_in_every_run() -> None:
    assert generated_name("dex", "Rows", longest=64) == "dex-Rows-NOVWQOUVEIBZ"
    assert generated_name("dex", "Rows", longest=64) != generated_name("dex2", "Rows", longest=64)


@pytest.mark.parametrize(
    ("stack", "logical_id", "expected"),
    [
        pytest.param("s" * 40, "Short", "s" * 40 + "-Short", id="there is room"),
        pytest.param("s" * 10, "L" * 90, "s" * 10 + "-" + "L" * 40, id="a long logical id"),
        pytest.param("s" * 40, "L" * 90, "s" * 25 + "-" + "L" * 25, id="both are long"),
    ],
)
def test_a_name_is_shortened(stack: str, logical_id: str, expected: str) -> None:
    name = generated_name(stack, logical_id, longest=64)
    assert (name[:-13], len(name) <= 64) == (expected, True)


@pytest.mark.parametrize(
    ("folder", "file", "expected"),
    [
        pytest.param("my chat", "template.yaml", "my-chat", id="folder"),
        pytest.param("cdk.out", "ChatStack.template.json", "ChatStack", id="file"),
        pytest.param("42", "template.yml", "stack-42", id="a letter comes first"),
        pytest.param("x" * 60, "template.yml", "x" * 40, id="long"),
    ],
)
def test_a_stack_is_called_as_its_file_is(folder: str, file: str, expected: str) -> None:
    assert stack_name(folder, file) == expected


def test_parameters_have_their_defaults() -> None:
    assert parameter_values(DECLARED, {}) == {
        "Stage": "prod",
        "Size": "3",
        "Subnets": ["a", "b"],
        "Ports": ["1", "2"],
    }


def test_a_given_value_wins() -> None:
    given = {"Stage": "dev", "Image": "ami-1", "Secret": "s", "Subnets": "c"}
    expected = {
        "Stage": "dev",
        "Size": "3",
        "Subnets": ["c"],
        "Ports": ["1", "2"],
        "Image": "ami-1",
        "Secret": "s",
    }
    assert parameter_values(DECLARED, given) == expected


def test_a_value_that_is_not_allowed() -> None:
    with pytest.raises(Unresolvable) as caught:
        parameter_values(DECLARED, {"Stage": "live"})
    assert (caught.value.location, caught.value.text) == (
        ("Parameters", "Stage"),
        "parameter 'Stage' must be one of prod, dev, not 'live'",
    )


def test_a_value_for_no_parameter() -> None:
    assert list(unknown_parameters(DECLARED, {"Stag": "x", "AWS::Region": "eu-west-1"})) == [
        "the template has no parameter 'Stag'; did you mean 'Stage'?"
    ]


@pytest.mark.parametrize(
    ("given", "region", "partition", "suffix"),
    [
        pytest.param({}, "us-east-1", "aws", "amazonaws.com", id="by default"),
        pytest.param({"AWS::Region": "eu-west-1"}, "eu-west-1", "aws", "amazonaws.com", id="Europe"),
        pytest.param({"AWS::Region": "cn-north-1"}, "cn-north-1", "aws-cn", "amazonaws.com.cn", id="China"),
    ],
)
def test_pseudo_parameters(given: dict[str, str], region: str, partition: str, suffix: str) -> None:
    stack_id = (
        f"arn:{partition}:cloudformation:{region}:000000000000:stack/dex/00000000-0000-0000-0000-000000000000"
    )
    assert pseudo_parameters("dex", given) == {
        "AWS::AccountId": "000000000000",
        "AWS::Partition": partition,
        "AWS::Region": region,
        "AWS::StackName": "dex",
        "AWS::URLSuffix": suffix,
        "AWS::StackId": stack_id,
        "AWS::NotificationARNs": [],
    }
