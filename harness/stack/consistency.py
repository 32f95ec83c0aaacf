"""Consistency of a well-formed stack: its parts name parts that exist, as AWS would have them.

Pure but for one question, passed in: whether the code of a function is there.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import TypeAlias

from harness.stack.event_consistency import event_slips
from harness.stack.links import linkable
from harness.stack.model import Function, Route, Stack, Table, references_in
from harness.yaml_source import Location, suggestion

Slip: TypeAlias = tuple[Location, str]
"""Where in the stack, and what is wrong there."""

CodeProblem: TypeAlias = Callable[[Function], tuple[str, str] | None]
"""The field of a function that names code which is not there and what to say of it, None when all is there."""

PREDEFINED_ROUTES = ("$connect", "$disconnect", "$default")

# https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html: CreateFunction refuses these.
_RESERVED = frozenset(
    [
        "AWS_REGION",
        "AWS_DEFAULT_REGION",
        "AWS_EXECUTION_ENV",
        "AWS_LAMBDA_FUNCTION_NAME",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
        "AWS_LAMBDA_FUNCTION_VERSION",
        "AWS_LAMBDA_INITIALIZATION_TYPE",
        "AWS_LAMBDA_LOG_GROUP_NAME",
        "AWS_LAMBDA_LOG_STREAM_NAME",
        "AWS_ACCESS_KEY",
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
        "AWS_LAMBDA_RUNTIME_API",
        "LAMBDA_TASK_ROOT",
        "LAMBDA_RUNTIME_DIR",
    ]
)


def slips(stack: Stack, code_problem: CodeProblem) -> Iterator[Slip]:
    """Everything that does not fit together, in no particular order."""
    for name, table in stack.tables.items():
        yield from _table_slips(("tables", name), table)
    for name, function in stack.functions.items():
        yield from _function_slips(stack, name, function)
        if (problem := code_problem(function)) is not None:
            field, text = problem
            yield ("functions", name, field), text
    yield from _twice("tables", ((name, table.name) for name, table in stack.tables.items()))
    yield from _twice("topics", ((name, topic.name) for name, topic in stack.topics.items()))
    yield from _twice("queues", ((name, queue.name) for name, queue in stack.queues.items()))
    yield from _twice("rules", ((name, stack.rule_name(name)) for name in stack.rules))
    yield from _twice("functions", ((name, stack.function_name(name)) for name in stack.functions))
    yield from _events_slips(stack)
    yield from event_slips(stack)
    yield from _route_slips(stack)
    yield from _connections_slips(stack)


def _table_slips(location: Location, table: Table) -> Iterator[Slip]:
    keys = table.key_attributes()
    for attribute in table.types:
        if attribute not in keys:
            yield (*location, "types", attribute), f"'{attribute}' is no key; only keys have a type"
    if table.ttl in keys:
        yield (*location, "ttl"), f"'{table.ttl}' is a key; rows expire by an attribute that is none"
    if table.range_key == table.hash_key:
        yield (*location, "range_key"), f"'{table.range_key}' is the hash key already"
    for name, index in table.indexes.items():
        place = (*location, "indexes", name)
        if index.range_key == index.hash_key:
            yield (*place, "range_key"), f"'{index.range_key}' is the index's hash key already"
        if index.include and index.projection != "INCLUDE":
            yield (*place, "include"), f"'include' needs 'projection: INCLUDE', not {index.projection}"
        if index.projection == "INCLUDE" and not index.include:
            yield (*place, "projection"), "INCLUDE needs the attributes in 'include'"


def _function_slips(stack: Stack, name: str, function: Function) -> Iterator[Slip]:
    location: Location = ("functions", name)
    if len(stack.function_name(name)) > 64:
        yield location, f"the name {stack.function_name(name)} is longer than Lambda's 64 characters"
    if function.timeout != int(function.timeout):
        yield (*location, "timeout"), "Lambda counts a timeout in whole seconds"
    most = function.reserved_concurrency
    if function.prewarm is not None and most is not None and function.prewarm > most:
        yield (*location, "prewarm"), f"only {most} may run at once (reserved_concurrency)"
    yield from _topic_slips(stack, location, function)
    yield from _environment_slips(stack, name, function)
    for link, target in function.links.items():
        if target not in (known := list(linkable(stack))):
            yield (*location, "links", link), f"nothing is called '{target}'{suggestion(target, known)}"


def _topic_slips(stack: Stack, location: Location, function: Function) -> Iterator[Slip]:
    topics = [subscription.topic for subscription in function.subscribed_to]
    for index, topic in enumerate(topics):
        place = (*location, "subscribed_to", index)
        if topic not in stack.topics:
            yield place, f"no topic is called '{topic}'{suggestion(topic, stack.topics)}"
        if topic in topics[:index]:
            yield place, f"'{topic}' is here twice"


def _environment_slips(stack: Stack, name: str, function: Function) -> Iterator[Slip]:
    for variable, value in function.environment.items():
        location: Location = ("functions", name, "environment", variable)
        if variable in _RESERVED:
            yield location, f"Lambda sets {variable} itself and takes no other value for it"
        for reference in references_in(value):
            yield from ((location, text) for text in _reference_slips(stack, name, reference))


def _reference_slips(stack: Stack, function: str, reference: str) -> Iterator[str]:
    """What is wrong with a reference in the environment of a function."""
    known = list(stack.references())
    if reference not in known:
        yield f"nothing is called '${{{reference}}}'{suggestion(reference, known)}"
        return
    match = re.fullmatch(r"functions\.(.+)\.arn", reference)
    functions = list(stack.functions)
    if match and functions.index(match[1]) >= functions.index(function):
        yield f"'${{{reference}}}' is known only after {match[1]} is created; it must stand before {function}"


def _twice(kind: str, names: Iterable[tuple[str, str]]) -> Iterator[Slip]:
    """Resources that would have one name in AWS."""
    pairs = list(names)
    counts = Counter(real for _, real in pairs)
    for logical, real in pairs:
        if counts[real] > 1:
            yield (kind, logical), f"another of the {kind} is named {real} too"


def _events_slips(stack: Stack) -> Iterator[Slip]:
    if stack.events is None and len(stack.topics) > 1:
        yield ("topics",), "there are several; name the one that matchers publish to in 'events'"
    if stack.events is not None and stack.events not in stack.topics:
        yield ("events",), f"no topic is called '{stack.events}'{suggestion(stack.events, stack.topics)}"


def _route_slips(stack: Stack) -> Iterator[Slip]:
    for route_key, route in stack.api.routes.items():
        location: Location = ("api", "routes", route_key)
        if route_key.startswith("$") and route_key not in PREDEFINED_ROUTES:
            known = ", ".join(PREDEFINED_ROUTES)
            hint = suggestion(route_key, PREDEFINED_ROUTES) or f"; only {known} begin with $"
            yield location, f"'{route_key}' is no route (R-7){hint}"
        if route.function not in stack.functions:
            yield (
                location,
                f"no function is called '{route.function}'{suggestion(route.function, stack.functions)}",
            )
        if route.two_way and route_key in ("$connect", "$disconnect"):
            yield location, f"{route_key} cannot answer with a message (T-5)"
        yield from _authorizer_slips(stack, route, location)
        looks = route.authorization != "NONE" or route.authorizer is not None or route.api_key_required
        if route_key != "$connect" and looks:
            yield location, f"callers are looked at on $connect only, not on {route_key} (A-1)"
        if route.api_key_required and not stack.api.api_keys:
            yield location, "no key can be right: 'api_keys' of the api lists none (A-12)"


def _authorizer_slips(stack: Stack, route: Route, location: Location) -> Iterator[Slip]:
    if route.authorizer is None:
        return
    name = route.authorizer.function
    if name not in stack.functions:
        yield (*location, "authorizer"), f"no function is called '{name}'{suggestion(name, stack.functions)}"
    if route.authorization != "NONE":
        yield (*location, "authorizer"), f"a route has either an authorizer or {route.authorization} (A-1)"


def _connections_slips(stack: Stack) -> Iterator[Slip]:
    if stack.connections is None:
        return
    name = stack.connections.table
    table = stack.tables.get(name)
    if table is None:
        yield ("connections", "table"), f"no table is called '{name}'{suggestion(name, stack.tables)}"
    elif stack.connections.connection_id.attribute != table.hash_key:
        text = f"a connection's row is recognised by its hash key, which is '{table.hash_key}'"
        yield ("connections", "connection_id", "attribute"), text
