"""The project's own template.yaml, as AWS's linter sees it."""

import re
import subprocess
import sys
from pathlib import Path

PROJECT = Path(__file__).parents[3]


def lint(file: Path) -> "subprocess.CompletedProcess[str]":
    program = "from cfnlint.runner import main; main()"
    command = [sys.executable, "-c", program, "--include-checks", "I", "--", str(file)]
    return subprocess.run(command, capture_output=True, text=True, timeout=100)


def test_cfn_lint_finds_nothing() -> None:
    done = lint(PROJECT / "template.yaml")
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


def test_cfn_lint_would_find_something(tmp_path: Path) -> None:
    text = (PROJECT / "template.yaml").read_text()
    (tmp_path / "template.yaml").write_text(text.replace("!GetAtt WSConnections.Arn", "!GetAtt Rows.Arn"))
    done = lint(tmp_path / "template.yaml")
    assert done.returncode != 0
    assert "Rows" in done.stdout


def test_makefile_packs_every_function() -> None:
    """`sam build` calls `make build-<logical id>` for each."""
    functions = re.findall(
        r"^  (\w+):\n    Type: AWS::Serverless::Function$", (PROJECT / "template.yaml").read_text(), re.M
    )
    assert len(functions) == 5
    for function in functions:
        done = subprocess.run(
            ["make", "-n", f"build-{function}", "ARTIFACTS_DIR=/out"],
            cwd=PROJECT,
            capture_output=True,
            text=True,
            timeout=30,
            check=True,
        )
        assert done.stdout.strip() == "mkdir -p /out && cp -R dex /out"
