"""JSON Schema of stack files, for editors: `python -m harness.stack.schema` writes it."""

import json
from pathlib import Path

from harness.stack.model import Stack

FILE = Path(__file__).with_name("stack.schema.json")


def stack_schema() -> str:
    """The text of `stack.schema.json`."""
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", **Stack.model_json_schema()}
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    FILE.write_text(stack_schema(), encoding="utf-8")
