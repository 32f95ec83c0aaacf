"""Handlers in code: the files that may hold one, and which handler was meant where there is none of that name."""

import ast
import os
import re
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from harness.stack.model import Function
from harness.yaml_source import suggestion

_NODE_SUFFIXES = (".js", ".mjs", ".cjs", ".ts", ".mts", ".cts")
_NODE_EXPORT = re.compile(
    r"^\s*export\s+(?:default\s+)?(?:async\s+)?(?:function|const|let|var|class)\s+(\w+)|\bexports\.(\w+)\s*=",
    re.MULTILINE,
)
_NO_CODE = re.compile(r"node_modules|__pycache__|\..*")
_MOST_FILES = 20_000


def code_problem(function: Function, folder: Path) -> tuple[str, str] | None:
    """The field that names code which is not there, and what to say of it; `folder` has the stack's file."""
    code = folder / function.code
    if not code.is_dir():
        return "code", f"there is no folder '{function.code}' beside the stack's file"
    if "." not in function.handler:
        return "handler", f"'{function.handler}' names no function; write folder/file.function"
    if _file_of(function, code) is None:
        missing = f"there is no {_handler_files(function)[0]} for '{function.handler}' in '{function.code}'"
        return "handler", missing + _elsewhere(function, code)
    return None


def meant(function: Function) -> str:
    """`; did you mean 'app.handler'?`, where the file has no function of the handler's name but one like it.

    "" where it has one of that name, and where nothing in it is like it. The code's folder is an absolute path.
    """
    file = _file_of(function, Path(function.code))
    module, _, name = function.handler.rpartition(".")
    offered = set() if file is None else _offered(file)
    if name in offered:
        return ""
    likely = offered if len(offered) == 1 else {one for one in offered if suggestion(name, [one])}
    return suggestion(function.handler, [f"{module}.{one}" for one in sorted(likely or offered)])


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


def _file_of(function: Function, code: Path) -> Path | None:
    return next((code / one for one in _handler_files(function) if (code / one).is_file()), None)


def _elsewhere(function: Function, code: Path) -> str:
    """`; did you mean 'dex/ws/fan_out.handler'?`: a file of that name in another folder, or one named like it."""
    wanted = _handler_files(function)
    name = function.handler.rpartition(".")[2]
    suffixes = {one.suffix for one in wanted}
    found = {file.with_suffix("").as_posix(): file for file in _code_files(code) if file.suffix in suffixes}
    same_name = [module for module, file in found.items() if file.name in {one.name for one in wanted}]
    if same_name:
        return f"; did you mean '{min(same_name, key=lambda one: (one.count('/'), one))}.{name}'?"
    close = suggestion(wanted[0].with_suffix("").as_posix(), found)
    return close.replace("'?", f".{name}'?")


def _code_files(code: Path) -> Iterator[PurePosixPath]:
    """The files below a folder, as far as one looks for a name."""
    looked_at = 0
    for folder, folders, files in os.walk(code):
        folders[:] = sorted(one for one in folders if not _NO_CODE.fullmatch(one))
        below = PurePosixPath(Path(folder).relative_to(code).as_posix())
        yield from (below / file for file in files)
        looked_at += len(files)
        if looked_at > _MOST_FILES:
            return


def _offered(file: Path) -> set[str]:
    """The names that a file defines at its top, or exports; none where it cannot be read."""
    try:
        text = file.read_text(encoding="utf-8")
        if file.suffix != ".py":
            return {one or other for one, other in _NODE_EXPORT.findall(text)}
        return {
            one.name
            for one in ast.parse(text).body
            if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
        }
    except (OSError, ValueError, SyntaxError):
        return set()
