"""How does a stack get in: from `stack.yaml`, with every mistake named by file and line.

A loaded stack is complete: the code folders of its functions are absolute paths.
"""

from pathlib import Path, PurePosixPath

from harness.stack.consistency import slips
from harness.stack.model import Function, Stack
from harness.yaml_source import read_yaml, refuse, validated

_NODE_SUFFIXES = (".js", ".mjs", ".cjs", ".ts", ".mts", ".cts")


def load_stack(path: Path) -> Stack:
    """The stack of a file; UsageError tells every mistake with its file and line.

    What is wrong with the shape of the file is told first, what is wrong with its sense once the shape is right.
    """
    source = read_yaml(path)
    stack = validated(Stack, source)
    found = slips(stack, lambda function: _code_problem(function, path.parent))
    refuse(source.mistake(location, text) for location, text in found)
    functions = {
        name: function.model_copy(update={"code": (path.parent / function.code).resolve()})
        for name, function in stack.functions.items()
    }
    return stack.model_copy(update={"functions": functions})


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
