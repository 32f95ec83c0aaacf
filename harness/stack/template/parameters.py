"""Parameters of a template and their values: as given, or else by default.

Pure. Pseudo parameters (`AWS::Region` ...) have a value too, and take another one just so.
"""

from collections.abc import Iterator, Mapping

from harness.stack.template.intrinsics import Unresolvable, text_of
from harness.yaml_source import Location, suggestion

ACCOUNT = "000000000000"
"""The account that the emulator and LocalStack say they are."""

REGION = "us-east-1"


def pseudo_parameters(stack_name: str, given: Mapping[str, str]) -> dict[str, object]:
    """What AWS knows of any stack, and of this one."""
    region = given.get("AWS::Region", REGION)
    partition = "aws-cn" if region.startswith("cn-") else "aws"
    values = {
        "AWS::AccountId": ACCOUNT,
        "AWS::Partition": partition,
        "AWS::Region": region,
        "AWS::StackName": stack_name,
        "AWS::URLSuffix": "amazonaws.com.cn" if partition == "aws-cn" else "amazonaws.com",
    }
    values |= {name: value for name, value in given.items() if name in values}
    name, account = values["AWS::StackName"], values["AWS::AccountId"]
    stack_id = (
        f"arn:{partition}:cloudformation:{region}:{account}:stack/{name}/00000000-0000-0000-0000-000000000000"
    )
    return {**values, "AWS::StackId": stack_id, "AWS::NotificationARNs": []}


def parameter_values(declared: Mapping[str, object], given: Mapping[str, str]) -> dict[str, object]:
    """The value of every parameter that has one: text, or a list of texts for a list type.

    A parameter of Systems Manager has none by default, for its default is only a name in an account.
    Unresolvable for a value that the parameter does not take.
    """
    values: dict[str, object] = {}
    for name, parameter in declared.items():
        location: Location = ("Parameters", name)
        if not isinstance(parameter, dict):
            raise Unresolvable(location, f"'{name}' must be a mapping with a Type")
        kind = str(parameter.get("Type", "String"))
        if name in given:
            text = given[name]
        elif "Default" in parameter and not kind.startswith("AWS::SSM::Parameter::Value<"):
            text = text_of(parameter["Default"], (*location, "Default"))
        else:
            continue
        _check(name, text, parameter, location)
        values[name] = [part.strip() for part in text.split(",")] if "List" in kind else text
    return values


def unknown_parameters(declared: Mapping[str, object], given: Mapping[str, str]) -> Iterator[str]:
    """What to say of each value that was given to no parameter."""
    pseudo = ("AWS::AccountId", "AWS::Region", "AWS::StackName")
    for name in given:
        if name not in declared and name not in pseudo:
            hint = suggestion(name, declared) or (f"; it has {', '.join(declared)}" if declared else "")
            yield f"the template has no parameter '{name}'{hint}"


def _check(name: str, text: str, parameter: Mapping[str, object], location: Location) -> None:
    allowed = parameter.get("AllowedValues")
    if isinstance(allowed, list):
        choices = [text_of(one, location) for one in allowed]
        if text not in choices:
            expected = ", ".join(choices)
            raise Unresolvable(location, f"parameter '{name}' must be one of {expected}, not '{text}'")
