"""Permissions to invoke a function: the statements of its resource-based policy, as AddPermission makes them."""

from collections.abc import Mapping
from typing import TypeAlias

Statement: TypeAlias = Mapping[str, object]


def statement(request: Mapping[str, object], arn: str) -> Statement:
    """The policy statement that an AddPermission request adds for the function `arn`."""
    made: dict[str, object] = {
        "Sid": request["StatementId"],
        "Effect": "Allow",
        "Principal": _principal(str(request["Principal"])),
        "Action": request["Action"],
        "Resource": arn,
    }
    condition = _condition(request)
    if condition:
        made["Condition"] = condition
    return made


def policy(statements: Mapping[str, Statement]) -> dict[str, object]:
    """The policy document of these statements by Sid."""
    return {"Version": "2012-10-17", "Id": "default", "Statement": list(statements.values())}


def _principal(principal: str) -> object:
    if principal == "*":
        return "*"
    if principal.endswith(".amazonaws.com"):
        return {"Service": principal}
    is_account = principal.isdigit()
    return {"AWS": f"arn:aws:iam::{principal}:root" if is_account else principal}


def _condition(request: Mapping[str, object]) -> dict[str, object]:
    condition: dict[str, object] = {}
    if "SourceAccount" in request:
        condition["StringEquals"] = {"AWS:SourceAccount": request["SourceAccount"]}
    if "SourceArn" in request:
        condition["ArnLike"] = {"AWS:SourceArn": request["SourceArn"]}
    return condition
