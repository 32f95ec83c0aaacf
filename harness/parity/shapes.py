"""Shapes of values with varying parts: how one is compared with AWS's, and told in a line.

Pure. Where AWS's value has one of the `KINDS`, anything of that kind is equal to it.
"""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Final

TEXT_LENGTH = 160
_ID_END = r"[A-Za-z0-9_-]{2}[AEIMQUYcgkosw048]="  # 11 bytes in base64url (I-1)

KINDS: Final[Mapping[str, re.Pattern[str]]] = {
    name: re.compile(pattern, re.DOTALL)
    for name, pattern in {
        "<text>": r".+",
        "<connection id>": r"[A-Za-z0-9_-]{11}C" + _ID_END,
        "<message id>": r"[A-Za-z0-9_-]{11}C" + _ID_END,
        "<request id>": r"[A-Za-z0-9_-]{11}F" + _ID_END,
        "<epoch milliseconds>": r"1\d{12}",
        "<CLF time>": r"\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d \+0000",
        "<ISO time>": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z",
        "<UUID>": r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}",
        "<trace id>": r"Root=1-[0-9a-f]{8}-[0-9a-f]{24}",
        "<IP address>": r"[0-9a-f.:]+",
        "<port>": r"\d+",
        "<scheme>": r"https?",
        "<WebSocket key>": r"[A-Za-z0-9+/]{22}==",
        "<base64>": r"[A-Za-z0-9+/]+=*",
        # On whose host these are varies, as all addresses do.
        "<certificate URL>": r"https?://[^?]+/SimpleNotificationService-[0-9a-f]+\.pem",
        "<unsubscribe URL>": r"https?://[^?]+/\?Action=Unsubscribe&SubscriptionArn=arn:.+",
    }.items()
}
"""What `<...>` in a value of AWS's stands for; numbers are matched by their digits."""

_NUMBERS = ("<epoch milliseconds>",)


def seen_as(value: object, aws: object) -> object:
    """The value with each part that is of the kind which AWS's value names there replaced by the kind's name."""
    match aws:
        case str() if aws in KINDS and _is_of(value, aws):
            return aws
        case dict() if isinstance(value, dict):
            return {name: seen_as(part, aws.get(name)) for name, part in value.items()}
        case list() if isinstance(value, list) and len(value) == len(aws):
            return [seen_as(part, expected) for part, expected in zip(value, aws, strict=True)]
        case _:
            return value


def named(value: object, names: Mapping[str, str]) -> object:
    """The value with each text in it that is a key of `names` replaced by its name: what this run made up."""
    match value:
        case str():
            return names.get(value, value)
        case dict():
            return {name: named(part, names) for name, part in value.items()}
        case list():
            return [named(part, names) for part in value]
        case _:
            return value


def differences(aws: object, shows: object, path: str = "") -> Iterator[str]:
    """What a value has otherwise than AWS's: a phrase for each part, in the order of AWS's value."""
    match aws, shows:
        case dict(), dict():
            yield from _differences_of_parts(aws, shows, path)
        case list(), list() if len(aws) == len(shows):
            for number, (expected, part) in enumerate(zip(aws, shows, strict=True)):
                yield from differences(expected, part, f"{path}[{number}]")
        case _ if not _same(aws, shows):
            yield f"{path}: {short(shows)}, not {short(aws)}" if path else short(shows)


def _differences_of_parts(aws: Mapping[str, object], shows: Mapping[str, object], path: str) -> Iterator[str]:
    for name in dict.fromkeys((*aws, *shows)):
        inner = f"{path}.{name}" if path else name
        if name not in shows:
            yield f"no {inner}"
        elif name not in aws:
            yield f"{inner}: {short(shows[name])} too"
        else:
            yield from differences(aws[name], shows[name], inner)


def short(value: object) -> str:
    """The value on one line: text as it is, everything else as JSON, shortened to `TEXT_LENGTH`."""
    text = value if isinstance(value, str) and value else json.dumps(value, ensure_ascii=False, default=str)
    line = " ".join(text.split())
    return line if len(line) <= TEXT_LENGTH else f"{line[: TEXT_LENGTH - 1]}…"


def _is_of(value: object, kind: str) -> bool:
    if isinstance(value, bool) or not isinstance(value, int if kind in _NUMBERS else str):
        return False
    return KINDS[kind].fullmatch(str(value)) is not None


def _same(aws: object, shows: object) -> bool:
    """Equality that tells `1` from `true`, as JSON does."""
    return type(aws) is type(shows) and aws == shows
