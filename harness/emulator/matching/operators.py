"""Operators of filter policies and event patterns: one condition held against one value. Pure.

What the two differ in is a `Language`; what an operator's operand may be is checked where a policy or pattern is set.
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html,
https://docs.aws.amazon.com/sns/latest/dg/string-value-matching.html
"""

import ipaddress
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import cast

from harness.json_values import Json


@dataclass(frozen=True, slots=True)
class Language:
    """`same` tells whether a value is the one that a condition names; other text operators than these never match."""

    same: Callable[[Json, Json], bool]
    text_operators: frozenset[str]


COMPARISONS: Mapping[str, Callable[[float, float], bool]] = {
    "=": lambda value, bound: value == bound,
    "<": lambda value, bound: value < bound,
    "<=": lambda value, bound: value <= bound,
    ">": lambda value, bound: value > bound,
    ">=": lambda value, bound: value >= bound,
}
"""The operators of `numeric`."""


def holds(condition: Json, value: Json, language: Language) -> bool:
    """Whether a leaf, text say or a number, meets a condition: an operator with its operand, or a value."""
    match condition:
        case {"anything-but": unwanted}:
            return not any(holds(one, value, language) for one in _options(unwanted))
        case {"numeric": [*bounds]}:
            return in_range(value, bounds)
        case {**operation} if len(operation) == 1 and isinstance(value, str):
            ((operator, operand),) = operation.items()
            return operator in language.text_operators and _text_holds(str(operator), operand, value)
        case {**_other}:
            return False
    return language.same(condition, value)


def _options(unwanted: Json) -> Iterator[Json]:
    """The conditions of which none may hold: `{"prefix": ["a", "b"]}` are two."""
    match unwanted:
        case [*several]:
            yield from several
        case {**operation}:
            for operator, operand in operation.items():
                yield from ({operator: one} for one in (operand if isinstance(operand, list) else [operand]))
        case _:
            yield unwanted


def _text_holds(operator: str, operand: Json, value: str) -> bool:
    match operator, operand:
        case (("prefix" | "suffix"), {"equals-ignore-case": text}):
            return _text_holds(operator, str(text).lower(), value.lower())
        case "prefix", str(text):
            return value.startswith(text)
        case "suffix", str(text):
            return value.endswith(text)
        case "equals-ignore-case", str(text):
            return value.lower() == text.lower()
        case "wildcard", str(text):
            return _wildcard(text).fullmatch(value) is not None
        case "cidr", str(network):
            return in_network(value, network)
    return False


@lru_cache(maxsize=1024)
def _wildcard(text: str) -> re.Pattern[str]:
    r"""`*` stands for any text; `\*` and `\\` are themselves."""
    parts = re.findall(r"\\[*\\]|.", text, re.DOTALL)
    return re.compile("".join(".*" if one == "*" else re.escape(one[-1]) for one in parts), re.DOTALL)


def in_range(value: Json, bounds: Sequence[Json]) -> bool:
    """Whether a number keeps all of `["operator", bound, ...]`; False for what is no number."""
    pairs = zip(bounds[0::2], bounds[1::2], strict=False)
    return is_number(value) and all(
        COMPARISONS[str(operator)](cast(float, value), cast(float, bound)) for operator, bound in pairs
    )


def in_network(address: str, network: str) -> bool:
    """Whether the address is in the network, `10.0.0.0/24` say; False for what is no address or no network."""
    try:
        return ipaddress.ip_address(address) in ipaddress.ip_network(network, strict=False)
    except ValueError:
        return False


def is_number(value: Json) -> bool:
    """Whether JSON calls it a number; `true` is none."""
    return isinstance(value, int | float) and not isinstance(value, bool)
