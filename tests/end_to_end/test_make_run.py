"""`make run` without Node: the half in TypeScript is skipped, and says why."""

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.end_to_end.command import ROOT
from tests.patience import WAIT


@pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")
def test_without_node_the_typescript_half_is_skipped_with_the_reason(tmp_path: Path) -> None:
    example, programs = tmp_path / "example", tmp_path / "bin"
    example.mkdir()
    programs.mkdir()
    shutil.copy(ROOT / "examples/typescript/package-lock.json", example)
    for program in ("make", "sh"):
        (programs / program).symlink_to(str(shutil.which(program)))

    made = subprocess.run(
        ["make", "-o", ".venv/.installed", "run-typescript", f"TYPESCRIPT={example}"],
        cwd=ROOT,
        env={"PATH": str(programs)},
        capture_output=True,
        text=True,
        timeout=WAIT,
        check=False,
    )

    assert (made.returncode, made.stderr) == (0, "")
    assert made.stdout.splitlines()[-1] == (
        f"SKIPPED: the scenarios on the handlers in TypeScript ({example}): Node.js or npm is missing on this "
        "machine; with Node.js 20 or newer they run"
    )
