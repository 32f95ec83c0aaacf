"""Numbers of DynamoDB: which it can hold, how it writes them, their sum and their size.

A number has up to 38 significant digits and lies between 1E-130 and 9.99...E+125, either sign, or is zero. DynamoDB
answers with the shortest text: no exponent, no plus sign, no zeros that say nothing.
"""

import re
from decimal import Context, Decimal
from typing import TypeAlias

from harness.emulator.dynamodb.errors import DynamoDbError, validation

NumberText: TypeAlias = str
"""A number as DynamoDB writes it: `normal_text` of itself."""

MAX_DIGITS = 38
MAX_MAGNITUDE = 125
MIN_MAGNITUDE = -130

_OVERFLOW = "Number overflow. Attempting to store a number with magnitude larger than supported range"
_UNDERFLOW = "Number underflow. Attempting to store a number with magnitude smaller than supported range"
_TOO_PRECISE = f"Attempting to store more than {MAX_DIGITS} significant digits in a Number"
_NOT_NUMERIC = "The parameter cannot be converted to a numeric value"

_PLAIN = re.compile(r"0|-?[1-9][0-9]{0,37}")
_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,10})?")
# Wide enough that a sum of any two numbers is exact, so that its digits can be counted.
_EXACT = Context(prec=MAX_MAGNITUDE - MIN_MAGNITUDE + MAX_DIGITS + 2)
_MAX_SIZE = 21


def normal_text(text: str) -> NumberText:
    """The number as DynamoDB gives it back; raises a ValidationException for one that it cannot hold."""
    if _PLAIN.fullmatch(text):
        return text
    if not _NUMBER.fullmatch(text):
        raise validation(f"{_NOT_NUMERIC}: {text}" if text else _NOT_NUMERIC)
    value = Decimal(text)
    if problem := _problem(value):
        raise validation(problem)
    return _text(value)


def added(left: NumberText, right: NumberText) -> NumberText:
    """The exact sum; raises a ValidationException for one that DynamoDB cannot hold."""
    return _result(_EXACT.add(Decimal(left), Decimal(right)))


def subtracted(left: NumberText, right: NumberText) -> NumberText:
    """The exact difference; raises like `added`."""
    return _result(_EXACT.subtract(Decimal(left), Decimal(right)))


def _result(value: Decimal) -> NumberText:
    match _problem(value):
        case None:
            return _text(value)
        case str(problem) if problem == _TOO_PRECISE:
            raise _inexact()
        case problem:
            raise validation(problem)


def _inexact() -> DynamoDbError:
    """AWS calls a result of more than 38 digits an overflow too; DynamoDB Local speaks of precision."""
    return validation(_OVERFLOW)


def _problem(value: Decimal) -> str | None:
    if not value:
        return None
    if _significant_digits(value) > MAX_DIGITS:
        return _TOO_PRECISE
    magnitude = value.adjusted()
    if magnitude > MAX_MAGNITUDE:
        return _OVERFLOW
    return _UNDERFLOW if magnitude < MIN_MAGNITUDE else None


def _significant_digits(value: Decimal) -> int:
    digits = value.as_tuple().digits
    return len("".join(map(str, digits)).strip("0"))


def _text(value: Decimal) -> NumberText:
    if not value:
        return "0"
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def size_of_number(text: NumberText) -> int:
    """Bytes: a byte for every two decimal digits, counted from the point, one for the exponent, one for a minus."""
    if text == "0":
        return 1
    digits = text.lstrip("-")
    whole, _, fraction = digits.partition(".")
    whole = whole.lstrip("0")
    pairs = "0" * (len(whole) % 2) + whole + fraction + "0" * (len(fraction) % 2)
    return min(_significant_pairs(pairs) + 1 + (text[0] == "-"), _MAX_SIZE)


def _significant_pairs(digits: str) -> int:
    """How many pairs there are from the first to the last that is not 00."""
    leading = len(digits) - len(digits.lstrip("0"))
    trailing = len(digits) - len(digits.rstrip("0"))
    return len(digits) // 2 - leading // 2 - trailing // 2
