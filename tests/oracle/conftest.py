"""How many operations does the comparison with DynamoDB Local make? `--steps 10000`; without it there is none."""

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--steps", type=int, default=0, help="operations to compare with DynamoDB Local")
