"""Parts of AWS, and where each of them is, in words."""

from collections.abc import Mapping

from harness.backends.backend import HERE


def told_parts(parts: Mapping[str, str]) -> str:
    """`tables, topics: LocalStack 4.3.0 at http://127.0.0.1:4566; API, functions: here`; empty if all is here."""
    places: dict[str, list[str]] = {}
    for part, where in parts.items():
        places.setdefault(where, []).append(part)
    if places.keys() == {HERE}:
        return ""
    return "; ".join(f"{', '.join(names)}: {where}" for where, names in places.items())
