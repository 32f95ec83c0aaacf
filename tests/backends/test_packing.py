import zipfile
from io import BytesIO
from pathlib import Path

import pytest

from harness.backends import packing
from harness.backends.packing import packed
from harness.errors import UsageError


def a_folder(folder: Path, *files: str) -> Path:
    for name in files:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(name)
    return folder


def names(content: bytes) -> list[str]:
    return zipfile.ZipFile(BytesIO(content)).namelist()


FILES = (
    "app.py",
    "lib/used.py",
    "lib/__pycache__/used.pyc",
    "left.pyc",
    ".env",
    ".git/config",
    "venv/pyvenv.cfg",
    "venv/lib/big.py",
    "node_modules/aws/index.js",
    "runs/latest/run.json",
    "runs/latest/a/history.jsonl",
)


@pytest.mark.parametrize(
    ("runtime", "kept"),
    [
        pytest.param("python3.11", ["app.py", "lib/used.py"], id="Python"),
        pytest.param("nodejs22.x", ["app.py", "lib/used.py", "node_modules/aws/index.js"], id="Node"),
    ],
)
def test_what_no_function_needs_stays_here(tmp_path: Path, runtime: str, kept: list[str]) -> None:
    assert names(packed(a_folder(tmp_path, *FILES), "app.handler", runtime)) == kept


def test_the_same_files_are_the_same_zip(tmp_path: Path) -> None:
    one, other = tmp_path / "one", tmp_path / "other"

    first = packed(a_folder(one, "b.py", "a.py"), "a.handler", "python3.11")

    assert first == packed(a_folder(other, "a.py", "b.py"), "a.handler", "python3.11")


def test_links_are_followed_but_never_in_a_circle(tmp_path: Path) -> None:
    a_folder(tmp_path / "code", "app.py")
    a_folder(tmp_path / "shared", "lib.py")
    (tmp_path / "code/shared").symlink_to(tmp_path / "shared")
    (tmp_path / "code/again").symlink_to(tmp_path / "code")

    assert names(packed(tmp_path / "code", "app.handler", "python3.11")) == ["app.py", "shared/lib.py"]


def test_typescript_is_built_by_nobody_elsewhere(tmp_path: Path) -> None:
    a_folder(tmp_path, "src/app.ts", "src/built.ts", "src/built.js")

    with pytest.raises(UsageError, match=r"src/app\.ts is TypeScript, which .* build it .* --hybrid$"):
        packed(tmp_path, "src/app.handler", "nodejs22.x")
    assert "src/built.js" in names(packed(tmp_path, "src/built.handler", "nodejs22.x"))


def test_a_folder_that_is_too_large_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packing, "MOST_BYTES", 10)

    with pytest.raises(UsageError, match="name a smaller folder as the functions' `code`"):
        packed(a_folder(tmp_path, "app.py"), "app.handler", "python3.11")
