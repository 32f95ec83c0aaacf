"""Settings of gateway, tables and topics: which are asked for, and why a backend does not have them. Pure."""

from collections.abc import Iterator, Mapping


def unheard(lacks: Mapping[str, str], asked: Mapping[str, Mapping[str, object]]) -> Mapping[str, str]:
    """By setting (`gateway.quotas.idle_timeout`), the reason why the backend does not have it.

    `lacks` is the backend's trait; `asked` holds by part what a stack or a scenario sets.
    """
    return {setting: reason for name, reason in lacks.items() for setting in _names(name, asked[name])}


def reasons(unheard_settings: Mapping[str, str]) -> str:
    """`it sets a and b, but LocalStack ... cannot be told how to behave`; empty for no settings."""
    settings: dict[str, list[str]] = {}
    for setting, reason in unheard_settings.items():
        settings.setdefault(reason, []).append(setting)
    return "; ".join(f"it sets {' and '.join(names)}, but {reason}" for reason, names in settings.items())


def _names(prefix: str, values: Mapping[str, object]) -> Iterator[str]:
    for name, value in values.items():
        if isinstance(value, Mapping):
            yield from _names(f"{prefix}.{name}", value)
        else:
            yield f"{prefix}.{name}"
