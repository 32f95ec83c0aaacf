"""Names of resources for which a template gives none, as CloudFormation does it: stack-LogicalId-SUFFIX.

Pure. The suffix is drawn from the names and not by lot, so that every run has the same names.
"""

import base64
import hashlib
import re

SUFFIX = 12
FUNCTION_LENGTH = 64
QUEUE_LENGTH = 80
RULE_LENGTH = 64
TABLE_LENGTH = 255
TOPIC_LENGTH = 256
STACK_LENGTH = 40


def generated_name(stack: str, logical_id: str, *, longest: int) -> str:
    """`dex-Connections-4F6ZLXRPQ2VD`, its parts shortened so that it has `longest` letters at most."""
    digest = hashlib.sha256(f"{stack}/{logical_id}".encode()).digest()
    suffix = base64.b32encode(digest).decode()[:SUFFIX]
    room = longest - SUFFIX - 2
    resource = logical_id[: max(room // 2, room - len(stack))]
    return f"{stack[: room - len(resource)]}-{resource}-{suffix}"


def stack_name(folder: str, file: str) -> str:
    """What a stack is called that nobody named: as its file is, or as its folder if that says nothing."""
    stem = file.partition(".")[0]
    said = folder if stem in ("template", "packaged", "stack", "sam", "cloudformation") else stem
    name = re.sub(r"[^A-Za-z0-9]+", "-", said).strip("-")[:STACK_LENGTH].rstrip("-")
    return name if re.match("[A-Za-z]", name) else f"stack-{name}"[:STACK_LENGTH].rstrip("-")
