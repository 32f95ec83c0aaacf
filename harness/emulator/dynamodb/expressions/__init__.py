"""DynamoDB's expressions: text and placeholders in, objects that work on items out.

Per request: `check_names`, `check_values`, one `parse_...` for each expression, `check_all_used` over all of them.
"""

from harness.emulator.dynamodb.expressions.conditions import Condition, parse_condition
from harness.emulator.dynamodb.expressions.key_conditions import KeyCondition, KeyNames, parse_key_condition
from harness.emulator.dynamodb.expressions.placeholders import (
    Names,
    Values,
    check_all_used,
    check_names,
    check_values,
)
from harness.emulator.dynamodb.expressions.projections import Projection, parse_projection
from harness.emulator.dynamodb.expressions.updates import Update, Updated, parse_update

__all__ = [
    "Condition",
    "KeyCondition",
    "KeyNames",
    "Names",
    "Projection",
    "Update",
    "Updated",
    "Values",
    "check_all_used",
    "check_names",
    "check_values",
    "parse_condition",
    "parse_key_condition",
    "parse_projection",
    "parse_update",
]
