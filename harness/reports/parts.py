"""Where was each part of AWS in a run? In one line."""

from collections.abc import Mapping


def told(parts: Mapping[str, str]) -> str:
    """`tables, topics: LocalStack 4.3.0 at http://127.0.0.1:4566; API, functions: here`."""
    places: dict[str, list[str]] = {}
    for part, where in parts.items():
        places.setdefault(where, []).append(part)
    return "; ".join(f"{', '.join(names)}: {where}" for where, names in places.items())
