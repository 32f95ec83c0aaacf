"""Packing a code folder for Lambda: a zip of it, without what no function needs."""

import os
import zipfile
from collections.abc import Iterator
from functools import cache
from io import BytesIO
from pathlib import Path

from harness.errors import UsageError

MOST_BYTES = 50 * 1024 * 1024
"""As large a zip CreateFunction takes."""

_LONG_AGO = (1980, 1, 1, 0, 0, 0)
_TYPESCRIPT = (".ts", ".mts", ".cts", ".tsx")
_JAVASCRIPT = (".js", ".mjs", ".cjs")


def packed(code: Path, handler: str, runtime: str) -> bytes:
    """A zip of the code folder, the same for the same files; UsageError when Lambda could not run it from there.

    Left out: hidden files, virtual environments, bytecode, kept runs, and for Python the packages of Node.
    """
    is_node = runtime.startswith("nodejs")
    if is_node:
        _refuse_typescript(code / handler.rpartition(".")[0])
    return _zip(code.resolve(), packages_of_node=is_node)


def _refuse_typescript(module: Path) -> None:
    if any(module.with_name(module.name + suffix).is_file() for suffix in _JAVASCRIPT):
        return
    for suffix in _TYPESCRIPT:
        if (source := module.with_name(module.name + suffix)).is_file():
            raise UsageError(
                f"{source} is TypeScript, which runs on the embedded backend as it is and nowhere else: "
                "build it and point `code` to the result, or keep the functions here with --hybrid"
            )


@cache
def _zip(code: Path, *, packages_of_node: bool) -> bytes:
    """Once for all functions of a folder."""
    packed = BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in _files(code, packages_of_node=packages_of_node):
            entry = zipfile.ZipInfo(file.relative_to(code).as_posix(), _LONG_AGO)
            entry.external_attr = 0o755 << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, file.read_bytes())
    if packed.tell() > MOST_BYTES:
        raise UsageError(
            f"{code}: its zip has {packed.tell() // 2**20} MB and Lambda takes {MOST_BYTES // 2**20}: "
            "name a smaller folder as the functions' `code`"
        )
    return packed.getvalue()


def _files(code: Path, *, packages_of_node: bool) -> Iterator[Path]:
    seen = {code}
    for folder, below, files in os.walk(code, followlinks=True):
        here = Path(folder)
        below[:] = sorted(
            name for name in below if _is_code(here / name, packages_of_node=packages_of_node, seen=seen)
        )
        for name in sorted(files):
            if not name.startswith(".") and not name.endswith(".pyc") and (here / name).is_file():
                yield here / name


def _is_code(folder: Path, *, packages_of_node: bool, seen: set[Path]) -> bool:
    """Whether a folder may hold what a function needs; a link that leads back to where we were does not."""
    if folder.name.startswith(".") or folder.name == "__pycache__":
        return False
    if folder.name == "node_modules" and not packages_of_node:
        return False
    if (folder / "pyvenv.cfg").exists() or (folder / "latest" / "run.json").exists():
        return False
    real = folder.resolve()
    is_new = real not in seen
    seen.add(real)
    return is_new
