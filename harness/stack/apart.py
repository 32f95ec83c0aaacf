"""Names of its own, under which a stack lives beside others on a shared endpoint. Pure."""

from collections.abc import Mapping

from harness.stack.model import Function, Stack

_LONGEST = {"table": 255, "topic": 256, "queue": 80, "function": 64, "rule": 64}
"""AWS's limits, in characters."""

_SERVICES = {"table": "dynamodb", "topic": "sns", "queue": "sqs", "function": "lambda", "rule": "events"}


def apart(
    stack: Stack,
    suffix: str,
    *,
    variables: Mapping[str, str] | None = None,
    passing: frozenset[str] = frozenset(),
) -> Stack:
    """The stack with `-<suffix>` behind the name of each table, topic, queue, function and rule.

    Resources of the services that are `passing` keep theirs: nobody else sees them. Whatever is written as `${...}`
    follows by itself. `variables` go into the environment of every function that does not set them.
    """

    def named(name: str, kind: str) -> str:
        return name if _SERVICES[kind] in passing else _named(name, suffix, kind)

    return stack.model_copy(
        update={
            "tables": {
                name: table.model_copy(update={"name": named(table.name, "table")})
                for name, table in stack.tables.items()
            },
            "topics": {
                name: topic.model_copy(update={"name": named(topic.name, "topic")})
                for name, topic in stack.topics.items()
            },
            "queues": {
                name: queue.model_copy(update={"name": named(queue.name, "queue")})
                for name, queue in stack.queues.items()
            },
            "rules": {
                name: rule.model_copy(update={"name": named(stack.rule_name(name), "rule")})
                for name, rule in stack.rules.items()
            },
            "functions": {
                name: _function(function, named(stack.function_name(name), "function"), variables or {})
                for name, function in stack.functions.items()
            },
        }
    )


def _function(function: Function, name: str, variables: Mapping[str, str]) -> Function:
    return function.model_copy(update={"name": name, "environment": {**variables, **function.environment}})


def _named(name: str, suffix: str, kind: str) -> str:
    """Cut where AWS would refuse it; the suffix alone keeps names apart from those of other runs.

    A FIFO queue is one because of the end of its name.
    """
    stem, fifo = (name[:-5], ".fifo") if name.endswith(".fifo") else (name, "")
    return f"{stem[: _LONGEST[kind] - len(suffix) - len(fifo) - 1]}-{suffix}{fifo}"
