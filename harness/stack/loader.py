"""Loader of stacks: from `stack.yaml` or a template, with every mistake named by file and line.

A loaded stack is complete: the code folders of its functions are absolute paths.
"""

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path, PurePosixPath

from harness.durations import WITH_UNITS
from harness.errors import UsageError
from harness.stack.consistency import slips
from harness.stack.model import Function, Stack
from harness.stack.template.template import is_template, read_template
from harness.validation import validated
from harness.yaml_source import Source, read_yaml, refuse

_NODE_SUFFIXES = (".js", ".mjs", ".cjs", ".ts", ".mts", ".cts")


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
    found = slips(stack, lambda function: _code_problem(function, path.parent))
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


def _code_problem(function: Function, folder: Path) -> tuple[str, str] | None:
    """The field that names code which is not there, and what to say of it."""
    code = folder / function.code
    if not code.is_dir():
        return "code", f"there is no folder '{function.code}' beside the stack's file"
    if "." not in function.handler:
        return "handler", f"'{function.handler}' names no function; write folder/file.function"
    candidates = _handler_files(function)
    if not any((code / candidate).is_file() for candidate in candidates):
        return "handler", f"there is no {candidates[0]} for '{function.handler}' in '{function.code}'"
    return None


def _handler_files(function: Function) -> tuple[PurePosixPath, ...]:
    """The files that may hold a handler, below the code folder, as the language's runtime looks for them."""
    if function.runtime.startswith("python"):
        # awslambdaric imports what stands before the last dot, as a module: `a/b.c` is a.b too.
        module = PurePosixPath(function.handler.rpartition(".")[0].replace(".", "/"))
        return (module.with_name(f"{module.name}.py"), module / "__init__.py")
    # The Node runtime takes the file up to the first dot of the last part; the rest is a path of exports.
    handler = PurePosixPath(function.handler)
    file = handler.name.partition(".")[0]
    return tuple(handler.with_name(f"{file}{suffix}") for suffix in _NODE_SUFFIXES)
