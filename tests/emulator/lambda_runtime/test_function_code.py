import io
import os
import zipfile
from pathlib import Path

import pytest

from harness.clock import ManualClock
from harness.emulator.lambda_runtime.code import (
    CodeError,
    FolderWatch,
    code_from_folder,
    code_from_zip,
    folder_fingerprint,
)


def a_zip(members: dict[str, str], *, permissions: int = 0o644) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name, text in members.items():
            member = zipfile.ZipInfo(name)
            member.external_attr = permissions << 16
            archive.writestr(member, text)
    return content.getvalue()


def test_a_zip_is_unpacked_with_its_permissions(tmp_path: Path) -> None:
    code = code_from_zip(a_zip({"dex/ws/app.py": "x = 1"}, permissions=0o755), tmp_path)
    unpacked = Path(code.folder, "dex/ws/app.py")
    assert (unpacked.read_text(), os.access(unpacked, os.X_OK), code.hot_reload) == ("x = 1", True, False)


def test_equal_zips_share_a_folder(tmp_path: Path) -> None:
    content = a_zip({"app.py": ""})
    assert code_from_zip(content, tmp_path) == code_from_zip(content, tmp_path)


@pytest.mark.parametrize("name", ["../evil.py", "/tmp/evil.py", "a/../../evil.py", "..\\evil.py"])
def test_a_member_outside_of_the_folder_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(CodeError, match="outside of its folder"):
        code_from_zip(a_zip({"app.py": "", name: ""}), tmp_path / "scratch")
    assert list(tmp_path.rglob("*.py")) == []


def test_a_symbolic_link_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CodeError, match="symbolic link"):
        code_from_zip(a_zip({"link": "/etc"}, permissions=0o120777), tmp_path)


def test_what_is_no_zip_is_refused_in_lambdas_words(tmp_path: Path) -> None:
    with pytest.raises(CodeError, match="Could not unzip uploaded file"):
        code_from_zip(b"no zip", tmp_path)


def test_a_folder_of_the_developer_is_used_as_it_lies(tmp_path: Path) -> None:
    code = code_from_folder(str(tmp_path))
    assert (code.folder, code.hot_reload) == (str(tmp_path), True)


@pytest.mark.parametrize("folder", ["dex/ws", "/no/such/folder", ""])
def test_a_folder_must_be_absolute_and_exist(folder: str) -> None:
    with pytest.raises(CodeError, match="absolute folder"):
        code_from_folder(folder)


@pytest.mark.parametrize("folder", [".venv", "node_modules", ".git", "runs", "__pycache__"])
def test_dependencies_and_hidden_folders_are_no_source(tmp_path: Path, folder: str) -> None:
    before = folder_fingerprint(str(tmp_path))
    (tmp_path / folder).mkdir()
    (tmp_path / folder / "app.py").touch()
    assert folder_fingerprint(str(tmp_path)) == before


def test_a_changed_added_or_deleted_source_changes_the_fingerprint(tmp_path: Path) -> None:
    source = tmp_path / "dex" / "app.py"
    source.parent.mkdir()
    seen = [folder_fingerprint(str(tmp_path))]
    for modified, text in ((1, ""), (2, ""), (2, "pass")):
        source.write_text(text)
        os.utime(source, ns=(modified, modified))
        seen.append(folder_fingerprint(str(tmp_path)))
    source.unlink()
    seen.append(folder_fingerprint(str(tmp_path)))
    assert seen == [(0, 0, 0), (1, 1, 0), (2, 1, 0), (2, 1, 4), (0, 0, 0)]


def test_a_folder_is_looked_at_every_half_second_at_most(tmp_path: Path) -> None:
    clock = ManualClock()
    watch = FolderWatch(clock)
    seen = [watch.fingerprint(str(tmp_path))]
    (tmp_path / "app.py").touch()
    os.utime(tmp_path / "app.py", ns=(7, 7))
    seen.append(watch.fingerprint(str(tmp_path)))
    clock.advance(0.5)
    seen.append(watch.fingerprint(str(tmp_path)))
    assert seen == [(0, 0, 0), (0, 0, 0), (7, 1, 0)]
