"""Outputs of a deployed stack: which is its WebSocket URL, topic, table. Pure: by the value, then by the name.

What tools write about the outputs of a stack: SST's .sst/outputs.json, `aws cloudformation describe-stacks`, `sam
list stack-outputs --output json`, `cdk deploy --outputs-file`, `terraform output -json`, or any mapping.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from harness.backends.aws.choice import Flags
from harness.errors import UsageError
from harness.stack.model import Stack

_TOPIC_ARN = re.compile(r"arn:aws[a-z-]*:sns:([a-z0-9-]+):(\d{12}):([A-Za-z0-9_-]{1,256})")
_TABLE_ARN = re.compile(r"arn:aws[a-z-]*:dynamodb:[a-z0-9-]+:\d{12}:table/([A-Za-z0-9_.-]{3,255})")
_TABLE_NAME = re.compile(r"[A-Za-z0-9_.-]{3,255}")
_WEBSOCKET_URL = re.compile(r"wss?://[^\s/]+(/\S*)?")
_API_REGION = re.compile(r"wss?://[^./]+\.execute-api\.([a-z0-9-]+)\.amazonaws\.com(?:\.cn)?(?:/|$)")
_REGION = re.compile(r"[a-z]{2}(-[a-z]+)+-\d")

Outputs = Mapping[str, str]
"""The values by their names."""


@dataclass(frozen=True, slots=True)
class Addresses:
    """A stack on AWS, by what a run needs of it; `table` is empty where the stack file names no connections."""

    url: str
    topic_arn: str
    table: str
    region: str


def named_outputs(document: object) -> Outputs:
    """Every text in a decoded JSON document, by its output's name; ValueError when the document holds none.

    Names of nested mappings are joined by dots.
    """
    match document:
        case {"Stacks": list(stacks)}:
            found = dict(one for stack in stacks for one in _texts((), _outputs_of(stack)))
        case _:
            found = dict(_texts((), document))
    if not found:
        raise ValueError("there is no output in it")
    return found


def addresses(outputs: Outputs, flags: Flags, stack: Stack, *, source: str) -> Addresses:
    """What the flags say, and else the outputs that `source` names; UsageError with the candidates when in doubt.

    Also when two of them are in different regions.
    """
    events = stack.events_topic()
    if events is None:
        raise UsageError("--backend aws publishes to the stack's topic, and the stack has none")
    topic = stack.topics[events].name
    topic_arn = _checked(
        flags.topic_arn, _TOPIC_ARN, "--topic-arn", "an ARN such as arn:aws:sns:..."
    ) or _one("topic", "--topic-arn", _topics(outputs), _by_topic_name(topic), source=source)
    url = _checked(flags.websocket_url, _WEBSOCKET_URL, "--websocket-url", "a URL such as wss://...") or _one(
        "WebSocket URL", "--websocket-url", _urls(outputs), _by_word("websocket", "ws"), source=source
    )
    region = _region(flags.region, topic_arn, url)
    return Addresses(url.rstrip("/"), topic_arn, _table(outputs, flags, stack, source), region)


def account_of(topic_arn: str) -> str:
    """The account that a topic is in."""
    return topic_arn.split(":")[4]


# --- what documents hold -----------------------------------------------------------------------------------


def _texts(path: tuple[str, ...], value: object) -> Iterator[tuple[str, str]]:
    match value:
        case str():
            yield ".".join(path), value
        case {"OutputKey": str(name), "OutputValue": str(text)}:
            yield ".".join((*path, name)), text
        case {"value": inner, "type": _}:  # Terraform's
            yield from _texts(path, inner)
        case Mapping():
            for name, inner in value.items():
                yield from _texts((*path, str(name)), inner)
        case list():
            for inner in value:
                yield from _texts(path, inner)


def _outputs_of(stack: object) -> object:
    return stack.get("Outputs", []) if isinstance(stack, Mapping) else []


# --- which is which ----------------------------------------------------------------------------------------


def _topics(outputs: Outputs) -> Outputs:
    return {name: value for name, value in outputs.items() if _TOPIC_ARN.fullmatch(value)}


def _urls(outputs: Outputs) -> Outputs:
    return {name: value for name, value in outputs.items() if _WEBSOCKET_URL.fullmatch(value)}


def _tables(outputs: Outputs, own_name: str) -> Outputs:
    """ARNs of tables as their names; texts that may be a name where the output, or the stack file, says so."""
    found: dict[str, str] = {}
    for name, value in outputs.items():
        if (arn := _TABLE_ARN.fullmatch(value)) is not None:
            found[name] = arn[1]
        elif _TABLE_NAME.fullmatch(value) and (value == own_name or "table" in name.lower()):
            found[name] = value
    return found


def _table(outputs: Outputs, flags: Flags, stack: Stack, source: str) -> str:
    if stack.connections is None:
        return flags.table
    logical = stack.connections.table
    own_name = stack.tables[logical].name
    given = flags.table and (_TABLE_ARN.fullmatch(flags.table) or _TABLE_NAME.fullmatch(flags.table))
    if flags.table and not given:
        raise UsageError(f"--table: {flags.table!r} is no table; write its name or its ARN")
    if given:
        return given[given.lastindex or 0]
    tables = _tables(outputs, own_name)
    return _one("table", "--table", tables, _by_value(own_name), _by_word(logical), source=source)


def _one(what: str, option: str, found: Outputs, *rules: Callable[[str, str], bool], source: str) -> str:
    """The only value, or the only one that a rule picks out; the first rule that picks any decides."""
    candidates = found
    for rule in rules:
        if len(set(candidates.values())) > 1:
            candidates = {name: value for name, value in found.items() if rule(name, value)} or candidates
    values = set(candidates.values())
    if len(values) == 1:
        return values.pop()
    if not values:
        raise UsageError(f"{source} has no {what}; name it with {option}")
    told = ", ".join(f"{name} = {value}" for name, value in candidates.items())
    raise UsageError(f"{source} has more than one {what}: {told}; name one with {option}")


def _by_topic_name(topic: str) -> Callable[[str, str], bool]:
    return lambda _, value: value.rpartition(":")[2] == topic


def _by_value(expected: str) -> Callable[[str, str], bool]:
    return lambda _, value: value == expected


def _by_word(*words: str) -> Callable[[str, str], bool]:
    """Whether the output's name says one of the words, as `MarketWebSocketUrl` says `websocket`."""
    return lambda name, _: any(word.lower() in name.lower().replace("_", "") for word in words)


# --- where ---------------------------------------------------------------------------------------------------


def _checked(given: str, shape: re.Pattern[str], option: str, wording: str) -> str:
    if given and not shape.fullmatch(given):
        raise UsageError(f"{option}: {given!r} is none; write {wording}")
    return given


def _region(given: str, topic_arn: str, url: str) -> str:
    """The region that all of it is in."""
    if given and not _REGION.fullmatch(given):
        raise UsageError(f"--region: {given!r} is no region; write one such as us-east-1")
    said: Sequence[tuple[str, str]] = [("--region", given), ("the topic", topic_arn.split(":")[3])]
    if (host := _API_REGION.match(url)) is not None:
        said = [*said, ("the WebSocket URL", host[1])]
    regions = {region for _, region in said if region}
    if len(regions) > 1:
        told = ", ".join(f"{where} says {region}" for where, region in said if region)
        raise UsageError(f"one stack is in one region, but {told}")
    return regions.pop()
