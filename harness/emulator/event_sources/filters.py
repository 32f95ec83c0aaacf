"""FilterCriteria of a mapping: whether they let a record through. In values.

https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventfiltering.html: any of the filters is enough. A pattern
of a message's `body` that is an object looks into JSON bodies, and one that is an array at bodies that are plain
text; a body of the other kind does not match.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import orjson

from harness.emulator.matching.event_pattern import Pattern, matches, parse_pattern


@dataclass(frozen=True, slots=True)
class Filters:
    """The patterns of a mapping; none lets every record through."""

    patterns: tuple[Pattern, ...]

    @classmethod
    def of(cls, texts: tuple[str, ...]) -> "Filters":
        """The filters that these JSON texts are."""
        return cls(tuple(map(parse_pattern, texts)))

    def let_through(self, record: Mapping[str, object]) -> bool:
        """Whether the function gets the record, which is one of its event's `Records`."""
        return not self.patterns or any(_matches(pattern, record) for pattern in self.patterns)


def _matches(pattern: Pattern, record: Mapping[str, object]) -> bool:
    wanted = pattern.get("body")
    if wanted is None or not isinstance(record.get("body"), str):
        return matches(pattern, record)
    body = _json_object(str(record["body"]))
    if isinstance(wanted, Mapping) != (body is not None):
        return False
    return matches(pattern, record if body is None else {**record, "body": body})


def _json_object(text: str) -> object:
    """The JSON object or array in a text, None for any other text."""
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError:
        return None
    return value if isinstance(value, dict | list) else None
