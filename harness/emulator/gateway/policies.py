"""IAM policies: statements with Allow or Deny, for an action on a resource.

An explicit Deny beats every Allow, and what nothing allows is denied. Conditions and the elements that begin with Not
are not understood; `is_understood` tells the statements that have any.
"""

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import TypeAlias

Statement: TypeAlias = Mapping[str, object]

_UNDERSTOOD = frozenset({"Sid", "Effect", "Action", "Resource"})


def statements_of(document: object) -> list[object]:
    """The statements of a policy document, one alone too; none for what is no document."""
    match document:
        case {"Statement": list(statements)}:
            return list(statements)
        case {"Statement": statement}:
            return [statement]
    return []


def is_understood(statement: object) -> bool:
    """Whether the rules of this module say everything about the statement."""
    return isinstance(statement, Mapping) and statement.keys() <= _UNDERSTOOD


def allows(statements: Iterable[Statement], action: str, resource: str) -> bool:
    """Whether the statements together allow the action (`execute-api:Invoke`) on the resource (an ARN)."""
    return {each.get("Effect") for each in statements if _applies(each, action, resource)} == {"Allow"}


def _applies(statement: Statement, action: str, resource: str) -> bool:
    actions, resources = _listed(statement.get("Action")), _listed(statement.get("Resource"))
    return any(_matches(pattern.lower(), action.lower()) for pattern in actions) and any(
        _matches(pattern, resource) for pattern in resources
    )


def _listed(value: object) -> list[str]:
    return [str(each) for each in value] if isinstance(value, list) else [str(value)]


def _matches(pattern: str, value: str) -> bool:
    return _wildcard(pattern).fullmatch(value) is not None


@lru_cache(maxsize=1024)
def _wildcard(pattern: str) -> re.Pattern[str]:
    return re.compile(re.escape(pattern).replace(r"\*", ".*").replace(r"\?", "."), re.DOTALL)
