"""The project's own template.yaml, as AWS's linter and SAM's translator see it."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from boto3 import Session
from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator

from harness.stack.template.template import long_form
from harness.yaml_source import read_yaml

PROJECT = Path(__file__).parents[3]
TEMPLATE = PROJECT / "template.yaml"
POSTS = "execute-api:ManageConnections"


def lint(file: Path) -> "subprocess.CompletedProcess[str]":
    program = "import sys; from cfnlint.runner import main; sys.exit(main())"
    return subprocess.run(
        [sys.executable, "-c", program, "--include-checks", "I", "--", str(file)],
        capture_output=True,
        text=True,
        timeout=100,
    )


def translated(file: Path) -> dict[str, Any]:
    """What SAM makes of the template on AWS, with all its policies."""
    template: Any = read_yaml(file, tagged=long_form).value
    template["Globals"]["Function"]["CodeUri"] = "s3://bucket/code.zip"
    translator = Translator(None, Parser(), boto_session=Session(region_name="us-east-1"))
    result: dict[str, Any] = translator.translate(template, {}, get_managed_policy_map=dict)
    return result


@pytest.fixture
def misspelt(tmp_path: Path) -> Path:
    file = tmp_path / "template.yaml"
    file.write_text(TEMPLATE.read_text().replace("!GetAtt WSConnections.Arn", "!GetAtt Rows.Arn"))
    return file


def test_cfn_lint_finds_nothing() -> None:
    done = lint(TEMPLATE)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


def test_cfn_lint_finds_nothing_in_what_sam_makes_of_it(tmp_path: Path) -> None:
    (tmp_path / "template.json").write_text(json.dumps(translated(TEMPLATE), indent=1))
    done = lint(tmp_path / "template.json")
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


def test_cfn_lint_would_find_something(misspelt: Path, tmp_path: Path) -> None:
    (tmp_path / "template.json").write_text(json.dumps(translated(misspelt), indent=1))
    done = lint(tmp_path / "template.json")
    assert done.returncode == 2
    assert "E1010 'Rows' is not one of" in done.stdout


@pytest.mark.parametrize(
    ("function", "allowed"),
    [
        ("Connect", ["dynamodb:PutItem"]),
        ("Subscribe", ["dynamodb:UpdateItem", f"{POSTS} POST"]),
        ("Disconnect", ["dynamodb:DeleteItem"]),
        ("Default", [f"{POSTS} POST"]),
        ("FanOut", ["dynamodb:Query", "dynamodb:DeleteItem", f"{POSTS} POST", f"{POSTS} GET"]),
    ],
)
def test_a_function_may_do_what_it_does_and_nothing_else(function: str, allowed: list[str]) -> None:
    role = translated(TEMPLATE)["Resources"][f"{function}FunctionRole"]["Properties"]
    statements = [one for policy in role["Policies"] for one in policy["PolicyDocument"]["Statement"]]
    assert [right for one in statements for right in _rights(one)] == allowed
    assert all(one["Resource"] != "*" for one in statements)
    (logs,) = role["ManagedPolicyArns"]
    assert logs.endswith("service-role/AWSLambdaBasicExecutionRole")


def _rights(statement: dict[str, Any]) -> list[str]:
    """The action, with the methods where it is about @connections; without the scan that is off by default."""
    action = statement["Action"]
    if isinstance(action, dict):
        condition, _, otherwise = action["Fn::If"]
        assert condition == "Scans"
        return [otherwise]
    if action != POSTS:
        return [action]
    resources = statement["Resource"]
    paths = [one["Fn::Sub"] for one in (resources if isinstance(resources, list) else [resources])]
    return [f"{POSTS} {path.split('/')[-3]}" for path in paths]


def test_makefile_packs_every_function() -> None:
    """`sam build` calls `make build-<logical id>` for each."""
    functions = re.findall(
        r"^  (\w+):\n    Type: AWS::Serverless::Function$", TEMPLATE.read_text(), re.MULTILINE
    )
    assert len(functions) == 5
    for function in functions:
        done = subprocess.run(
            ["make", "--no-print-directory", "-n", f"build-{function}", "ARTIFACTS_DIR=/out"],
            cwd=PROJECT,
            capture_output=True,
            text=True,
            timeout=30,
            check=True,
        )
        assert done.stdout.strip() == "mkdir -p /out && cp -R dex /out"
