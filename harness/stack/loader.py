"""Loader of stacks: from `stack.yaml` or a template, with every mistake named by file and line.

A loaded stack is complete: the code folders of its functions are absolute paths.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from harness.durations import WITH_UNITS
from harness.errors import DeploymentFailed, UsageError
from harness.stack.consistency import slips
from harness.stack.handlers import code_problem
from harness.stack.model import Stack
from harness.stack.template.template import is_template, read_template
from harness.validation import validated
from harness.yaml_source import Source, read_yaml, refuse


def load_stack(
    path: Path,
    *,
    parameters: Mapping[str, str] | None = None,
    notice: Callable[[str], None] = lambda text: None,
) -> Stack:
    """The stack of a file; UsageError tells every mistake with its file and line.

    What is wrong with the shape of the file is told first, what is wrong with its sense once the shape is right.
    `parameters` are a template's, and `notice` is told what of a template is left out.
    """
    source, context = _source(path, parameters or {}, notice)
    stack = validated(Stack, source, context=context)
    found = slips(stack, lambda function: code_problem(function, path.parent))
    refuse(source.mistake(location, text) for location, text in found)
    functions = {
        name: function.model_copy(update={"code": (path.parent / function.code).resolve()})
        for name, function in stack.functions.items()
    }
    return stack.model_copy(update={"functions": functions})


def parameters_of(words: Iterable[str]) -> dict[str, str]:
    """A template's parameters, written `KEY=VALUE`; UsageError for a word that is not."""
    found = {}
    for word in words:
        key, equals, value = word.partition("=")
        if not (key and equals):
            raise UsageError(f"--parameter {word}: write KEY=VALUE")
        found[key] = value
    return found


@contextmanager
def placed_in(path: Path | None, *, parameters: Mapping[str, str] | None = None) -> Iterator[None]:
    """Functions that do not start are told with the lines of the stack's file, if there is one."""
    try:
        yield
    except DeploymentFailed as error:
        if path is None or len(error.functions) != len(error.reasons):
            raise
        source, _ = _source(path, parameters or {}, lambda _: None)
        reasons = (
            str(source.mistake(("functions", name, "handler"), reason))
            for name, reason in zip(error.functions, error.reasons, strict=True)
        )
        raise DeploymentFailed(*reasons) from error


def _source(
    path: Path, parameters: Mapping[str, str], notice: Callable[[str], None]
) -> tuple[Source, Mapping[str, object]]:
    """The document, and the context of its validation: CloudFormation's durations are numbers of seconds."""
    source = read_yaml(path)
    if is_template(source.value):
        return read_template(path, parameters=parameters, notice=notice), {}
    if parameters:
        raise UsageError(f"{path}: is a stack file and has no parameters; they are for templates")
    return source, WITH_UNITS
