"""How numbers and addresses are compared, where filter policies and event patterns say the same. Pure."""

import ipaddress
from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias, cast

Json: TypeAlias = object

COMPARISONS: Mapping[str, Callable[[float, float], bool]] = {
    "=": lambda value, bound: value == bound,
    "<": lambda value, bound: value < bound,
    "<=": lambda value, bound: value <= bound,
    ">": lambda value, bound: value > bound,
    ">=": lambda value, bound: value >= bound,
}
"""The operators of `numeric`."""


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
