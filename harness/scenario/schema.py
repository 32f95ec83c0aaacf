"""JSON Schema of scenario files, for editors: `python -m harness.scenario.schema` writes it."""

import json
from pathlib import Path

from harness.scenario.model import Scenario

FILE = Path(__file__).with_name("scenario.schema.json")


def scenario_schema() -> str:
    """The text of `scenario.schema.json`."""
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", **Scenario.model_json_schema()}
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    FILE.write_text(scenario_schema(), encoding="utf-8")
