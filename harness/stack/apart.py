"""How does a stack live beside others on a shared endpoint? Under names of its own. Pure."""

from collections.abc import Mapping

from harness.stack.model import Function, Stack

_LONGEST = {"table": 255, "topic": 256, "function": 64}
"""AWS's limits, in characters."""


def apart(stack: Stack, suffix: str, *, variables: Mapping[str, str] | None = None) -> Stack:
    """The stack with `-<suffix>` behind the name of each table, topic and function.

    Whatever is written as `${...}` follows by itself. `variables` go into the environment of every function that
    does not set them.
    """
    return stack.model_copy(
        update={
            "tables": {
                name: table.model_copy(update={"name": _named(table.name, suffix, "table")})
                for name, table in stack.tables.items()
            },
            "topics": {
                name: topic.model_copy(update={"name": _named(topic.name, suffix, "topic")})
                for name, topic in stack.topics.items()
            },
            "functions": {
                name: _function(
                    function, _named(stack.function_name(name), suffix, "function"), variables or {}
                )
                for name, function in stack.functions.items()
            },
        }
    )


def _function(function: Function, name: str, variables: Mapping[str, str]) -> Function:
    return function.model_copy(update={"name": name, "environment": {**variables, **function.environment}})


def _named(name: str, suffix: str, kind: str) -> str:
    """Cut where AWS would refuse it; the suffix alone keeps names apart from those of other runs."""
    return f"{name[: _LONGEST[kind] - len(suffix) - 1]}-{suffix}"
