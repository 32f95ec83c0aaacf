"""Names: AWS's own rule for each kind of them, and those of `stack.yaml`, as types of fields."""

import re
from typing import Annotated

from pydantic import AfterValidator


def name_rule(pattern: str, wording: str) -> AfterValidator:
    """AWS's own rule for a kind of name, told in words."""

    def check(value: str) -> str:
        if not re.fullmatch(pattern, value):
            raise ValueError(f"{value!r} is no such name; it takes {wording}")
        return value

    return AfterValidator(check)


TableName = Annotated[str, name_rule(r"[A-Za-z0-9_.-]{3,255}", "3 to 255 letters, digits, '_', '.' and '-'")]
TopicName = Annotated[str, name_rule(r"[A-Za-z0-9_-]{1,256}", "1 to 256 letters, digits, '_' and '-'")]
FunctionName = Annotated[str, name_rule(r"[A-Za-z0-9_-]{1,64}", "1 to 64 letters, digits, '_' and '-'")]
QueueName = Annotated[
    str,
    name_rule(
        r"(?=.{1,80}$)[A-Za-z0-9_-]+(\.fifo)?",
        "1 to 80 letters, digits, '_' and '-'; a FIFO queue ends in .fifo",
    ),
]
RuleName = Annotated[str, name_rule(r"[A-Za-z0-9_.-]{1,64}", "1 to 64 letters, digits, '_', '.' and '-'")]
BusName = Annotated[
    str, name_rule(r"[A-Za-z0-9_./-]{1,256}", "1 to 256 letters, digits, '_', '.', '/' and '-'")
]
StageName = Annotated[
    str, name_rule(r"\$default|[A-Za-z0-9_-]{1,128}", "letters, digits, '_' and '-', or $default")
]
VariableName = Annotated[str, name_rule(r"[A-Za-z][A-Za-z0-9_]+", "a letter, then letters, digits and '_'")]
LinkName = Annotated[
    str, name_rule(r"(?!App$)[A-Za-z][A-Za-z0-9]*", "a letter, then letters and digits; App is taken")
]
LogicalName = Annotated[
    str, name_rule(r"[A-Za-z][A-Za-z0-9_-]*", "a letter, then letters, digits, '_' and '-'")
]
