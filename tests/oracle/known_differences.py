# ruff: noqa: E501 - a wording reads best in one line
"""Why may DynamoDB Local's answer differ from ours? Where it is known not to do as AWS does, by rule.

A rule is a reason and what it looks like on both sides, so that it excuses nothing else. The corpus and the
differential test share the rules; docs/parity.md lists the reasons that a case of the corpus shows.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from tests.emulator.dynamodb.corpus_format import Body

CONSTRAINT = r"\d+ validation errors? detected: .*"
WORDS = "DynamoDB Local words this error otherwise than AWS does."
CONSTRAINTS = "DynamoDB Local checks the shape of a request with texts of its own, or not at all."
KEYS = "DynamoDB Local has texts of its own for keys; AWS's are those of D-11 to D-19."
NO_TABLE = "DynamoDB Local words the absence of a table otherwise than AWS does."


@dataclass(frozen=True, slots=True)
class Wording:
    """Two patterns, each of a whole message, for one and the same mistake."""

    local: str
    ours: str
    why: str = WORDS


_INVALID = "One or more parameter values were invalid: "
_KEY_ELEMENT = "The provided key element does not match the schema"
_TYPE_MISMATCH = _INVALID + r"Type mismatch for (Index Key|key) .*"
_NUMBER = r"(ExpressionAttributeValues contains invalid value: )?"

_ABOUT_KEYS = (
    r"(The number of conditions on the keys|One of the required keys|Invalid attribute value type|"
    rf"{_INVALID}Type mismatch|One or more parameter values are not valid\.|Key attributes must be scalars).*"
)
_OF_THE_ITEM = (
    r"(The document path provided in the update|The provided expression refers to|An operand in the update|"
    r"Number (over|under)flow|DynamoDB only supports precision|Attempting to store).*"
)

WORDINGS: Sequence[Wording] = (
    Wording(_ABOUT_KEYS, r"Invalid \w+Expression: .*", "AWS looks at expressions before it looks at keys."),
    Wording(r"Provided list of item keys contains duplicates", r"Invalid \w+Expression: .*",
            "AWS looks at expressions before it looks at keys."),
    Wording(r"Provided list of item keys contains duplicates", _ABOUT_KEYS,
            "Of two mistakes in one batch AWS tells the first that it finds."),
    Wording(_INVALID + r"Global secondary index \w+ does not project .*", _INVALID + r"Global secondary index \w+ does not .*",
            "The list of attributes comes in the order of a hash table."),
    Wording(_OF_THE_ITEM, _OF_THE_ITEM, "Of two mistakes in one expression AWS tells the first that it finds."),
    Wording(_ABOUT_KEYS, rf"{_KEY_ELEMENT}|{_TYPE_MISMATCH}", KEYS),
    Wording(r"The number of conditions on the keys is invalid", _KEY_ELEMENT, KEYS),
    Wording(r"One of the required keys was not given a value", rf"{_KEY_ELEMENT}|{_INVALID}Missing the key .*", KEYS),
    Wording(_INVALID + r"Type mismatch for key", rf"{_KEY_ELEMENT}|{_TYPE_MISMATCH}", KEYS),
    Wording(
        r"Invalid attribute value type",
        rf"{_TYPE_MISMATCH}|{_KEY_ELEMENT}|The update expression attempted to update the secondary index key .*",
        KEYS,
    ),
    Wording(r"Hash primary key values must be under 2048 bytes.*", _INVALID + r"(Size of hashkey|Aggregated size) .*", KEYS),
    Wording(_INVALID + r"Size limit exceeded", _INVALID + r"(Size of hashkey|Aggregated size) .*", KEYS),
    Wording(r"Query condition missed key schema element", r"Query condition missed key schema element: \w+"),
    Wording(r"Cannot do operations on a non-existent table", r"Requested resource not found(: .*)?", NO_TABLE),
    Wording(r"Consistent read cannot be true when (querying|scanning) a GSI", "Consistent reads are not supported on .*",
            "D-8: AWS says it otherwise."),
    Wording(r"(Exclusive Start Key must have same size as table's key schema|Type mismatch for attribute to update)",
            r"The provided starting key is invalid.*"),
    Wording(r"The provided starting key does not match the range key predicate",
            r"The provided starting key is outside query boundaries based on provided conditions"),
    Wording(_NUMBER + r"A value provided cannot be converted into a number.*",
            _NUMBER + r"The parameter cannot be converted to a numeric value.*"),
    Wording(_NUMBER + r"DynamoDB only supports precision up to 38 digits.*",
            _NUMBER + r"(Attempting to store more than 38 significant digits in a Number.*|Number (over|under)flow.*)"),
    Wording(r"Invalid \w+: Incorrect operand type for operator or function; operator or function: attribute_type, .*",
            r"Invalid \w+: Incorrect operand type for operator or function; operator or function: attribute_type, .*",
            "The list of types comes in the order of a hash table."),
    Wording(_INVALID + r"Input collection .* contains duplicates", _INVALID + r"Input collection .* contains duplicates\."),
    Wording(r"The supplied Item contains a null AttributeValue.*", CONSTRAINT, CONSTRAINTS),
    Wording(r"Too many items requested for the Batch(Get|Write)Item call", CONSTRAINT, CONSTRAINTS),
    Wording(r"(The list of keys in RequestItems|BatchGetItem must have|BatchWriteItem cannot have|The batch write request) .*",
            CONSTRAINT, CONSTRAINTS),
    Wording(r"(Member must|Value .* at '\w).*", CONSTRAINT, CONSTRAINTS),
    Wording(r"1 validation error detected: Value '-?\d+' at 'segment' .*",
            rf"{CONSTRAINT}|The Segment parameter is zero-based .*", CONSTRAINTS),
    Wording(r"(Limit must be|Limit in ListTables|Select must be|Return values set|Cannot have null key|Item to put) .*",
            rf"{CONSTRAINT}|ReturnValues can only be ALL_OLD or NONE", CONSTRAINTS),
    Wording(r"If (segment|total segments) is specified, .*", r"The (TotalSegments|Segment) parameter is required .*"),
    Wording(r"Cannot specify the ProjectionExpression when choosing to get ALL_PROJECTED_ATTRIBUTES",
            r"ALL_PROJECTED_ATTRIBUTES can be used only when Querying using an IndexName"),
    Wording(r"Invalid table/index name\. .*",
            rf"{CONSTRAINT}|TableName must be at least 3 .*|The parameter 'TableName' is required .*", CONSTRAINTS),
    Wording(r"Transaction cancelled, .*", r"Transaction cancelled, .*"),
    Wording(r"", r"An error occurred \(IdempotentParameterMismatchException\).*"),
    Wording(r"Invalid \w+: Two document paths overlap .*", r"Invalid \w+: Two document paths overlap .*",
            "Of two paths that overlap DynamoDB Local may name one that does not."),
    Wording(r"Invalid \w+: The BETWEEN operator requires .*", r"Invalid \w+: The BETWEEN operator requires .*",
            "DynamoDB Local repeats a number as it was written."),
    Wording(_INVALID + r"Input collection of type BS .*", _INVALID + r"Input collection \[.*\]of type BS .*"),
    # tables
    Wording(r"Nothing to update", _INVALID + r"At least one of ProvisionedThroughput, .*"),
    Wording(r"No provisioned throughput specified for .*", _INVALID + r".*(must both be specified when|is not specified for index: ).*"),
    Wording(r"The requested throughput value equals the current value", r"The provisioned throughput for the table will not .*"),
    Wording(r"No Attribute Schema Defined", rf"{_INVALID}Some index key attributes .*|{CONSTRAINT}"),
    Wording(r"Update global secondary index action is null", _INVALID + r"At least one of Create, .*"),
    Wording(r"Table read and write throughput must be .*", CONSTRAINT, CONSTRAINTS),
    Wording(r"(No defined key schema|No Hash Key specified|Key Schema too big).*", CONSTRAINT, CONSTRAINTS),
    Wording(r"(Too many hash keys|Invalid key order).*", _INVALID + r"Invalid KeySchema: .*"),
    Wording(r"Two keys can not have the same name", r"Both the Hash Key and the Range Key element .*"),
    Wording(r"The number of attributes in key schema must match .*", _INVALID + r"Number of attributes in KeySchema .*"),
    Wording(r".* not specified in Attribute Definitions\. ?.*", _INVALID + r"Some index key attributes are not defined .*"),
    Wording(r"Two global secondary indices have the same name", _INVALID + r"Duplicate index name: .*"),
    Wording(r"Local Secondary Indices AND Global .*", _INVALID + r"Duplicate index name: .*"),
    Wording(r"GSI list is empty/invalid", _INVALID + r"List of GlobalSecondaryIndexes is empty"),
    Wording(r"(Indexes must have a projection|Projection type must be) .*", rf"{CONSTRAINT}|{_INVALID}Unknown ProjectionType.*"),
    Wording(r"If Projection type INCLUDE is specified, .*|No attributes should be specified .*", _INVALID + r"ProjectionType is .*"),
    Wording(r"GlobalSecondaryIndex count exceeds the per-table limit", _INVALID + r"GlobalSecondaryIndex count .* 20"),
    Wording(r"Cannot have more than 5 local secondary indexes .*", _INVALID + r"Number of LocalSecondaryIndexes .*"),
    Wording(r"Local [Ss]econdary indices .*", _INVALID + r"(Index|Table) KeySchema does not have .*"),
    Wording(r"Invalid StreamViewType: .*", _INVALID + r"Invalid StreamViewType: .*"),
    Wording(r"Cannot create preexisting table", r"Table already exists: \w+"),
    # time to live
    Wording(r"(AttributeName cannot be null|Names of key attributes|TimeToLiveSpecification cannot be) .*", CONSTRAINT, CONSTRAINTS),
    Wording(r"Invalid \w+: The expression has redundant parentheses;", r"Invalid \w+: Syntax error; token: \"<EOF>\".*",
            "Of two mistakes in one expression AWS tells the first that it finds."),
)  # fmt: skip


def why_different(operation: str, request: Body, *, local: Body, ours: Body) -> str | None:
    """The reason for which both may be right by their own lights; None for a difference that nothing explains."""
    theirs, our = local.get("error"), ours.get("error")
    if theirs is not None and our is not None:
        return _why_other_error(theirs, our)
    if theirs is not None:
        return "DynamoDB Local breaks down on this request." if _is_breakdown(theirs) else None
    if our is not None:
        return _why_refused(our)
    for rule in _ANSWERS:
        why = rule(operation, request, local["answer"], ours["answer"])
        if why is not None:
            return why
    return None


def _why_other_error(local: Body, ours: Body) -> str | None:
    if _is_breakdown(local):
        return "DynamoDB Local breaks down on this request."
    if ours["code"] == "TransactionCanceledException" and _is_cancelled_for(local, ours):
        return "AWS cancels a transaction for what is wrong with one of its items; DynamoDB Local answers its error."
    if ours["message"] == "Transaction request cannot include multiple operations on one item":
        return "AWS looks at the keys of a transaction before it looks at its items."
    if local["code"] != ours["code"]:
        return None
    for wording in WORDINGS:
        if re.fullmatch(wording.local, local["message"] or "", re.S) and re.fullmatch(
            wording.ours, ours["message"], re.S
        ):
            return wording.why
    return None


def _is_breakdown(error: Body) -> bool:
    return error["code"] in ("InternalFailure", "InternalServerError")


def _is_cancelled_for(local: Body, ours: Body) -> bool:
    codes = [reason["Code"] for reason in ours.get("CancellationReasons", ())]
    return "ValidationError" in codes and local["code"] in (
        "ValidationException",
        "TransactionCanceledException",
    )


def _why_refused(ours: Body) -> str | None:
    message = ours["message"]
    if ours["code"] == "SerializationException":
        return "DynamoDB Local does not check the JSON types of what it reads."
    if re.fullmatch(CONSTRAINT, message, re.S):
        return CONSTRAINTS
    if re.fullmatch(_TYPE_MISMATCH, message) or "update the secondary index key" in message:
        return "DynamoDB Local lets an update give an index's key another type; AWS does not (D-16, D-17)."
    if "reserved keyword: size" in message:
        return "DynamoDB Local takes `size` for a name; it is in AWS's list of reserved words."
    if message == "Transaction request cannot include multiple operations on one item":
        return "AWS looks at the keys of a transaction before it looks at its items."
    if _is_cancelled_for({"code": "ValidationException"}, ours):
        return "DynamoDB Local lets an update give an index's key another type; AWS does not (D-16, D-17)."
    if "when BillingMode is PAY_PER_REQUEST" in message:
        return "DynamoDB Local lets an on-demand table have provisioned throughput."
    if message == "Provided list of item keys contains duplicates":
        return "AWS compares the keys of a batch by value; DynamoDB Local by how a number is written."
    if "cannot be converted to a numeric value" in message:
        return "DynamoDB Local reads the digits of any script."
    return None


# --- answers ----------------------------------------------------------------------------------------------


def _capacity(operation: str, request: Body, local: Body, ours: Body) -> str | None:
    if _without(local, "ConsumedCapacity") != _without(ours, "ConsumedCapacity"):
        return None
    if operation.startswith("Transact"):
        return "A transaction costs twice as much as the operations in it, checks and repetitions too; Local counts less."
    if operation == "DeleteItem" and request.get("ReturnConsumedCapacity", "NONE") == "NONE":
        return "DynamoDB Local tells the capacity of a delete that finds nothing unasked."
    if operation == "BatchWriteItem":
        return "DynamoDB Local counts a delete that finds nothing in a batch twice."
    if local["ConsumedCapacity"] != ours["ConsumedCapacity"] and operation in (
        "Query",
        "Scan",
        "BatchGetItem",
    ):
        return "D-5: to read nothing costs half a unit; DynamoDB Local says 0."
    return None


def _collections(operation: str, request: Body, local: Body, ours: Body) -> str | None:
    if "ItemCollectionMetrics" in ours and _without(ours, "ItemCollectionMetrics") == local:
        return "DynamoDB Local has no ItemCollectionMetrics."
    return None


def _nested_updates(operation: str, request: Body, local: Body, ours: Body) -> str | None:
    if request.get("ReturnValues") in ("UPDATED_OLD", "UPDATED_NEW") and _is_part(
        ours.get("Attributes", {}), local.get("Attributes", {})
    ):
        return "UPDATED_OLD and UPDATED_NEW give the nested elements that changed; Local gives the whole attribute."
    return None


def _is_part(part: Any, whole: Any) -> bool:
    """Whether maps have no more members, and lists no other elements."""
    match part, whole:
        case dict(), dict():
            return all(name in whole and _is_part(one, whole[name]) for name, one in part.items())
        case list(), list():
            return all(any(_is_part(one, other) for other in whole) for one in part)
    return bool(part == whole)


def _pages(operation: str, request: Body, local: Body, ours: Body) -> str | None:
    if (
        operation in ("Query", "Scan")
        and request.get("FilterExpression")
        and local["ScannedCount"] > ours["ScannedCount"]
    ):
        return "D-1: a page is 1 MB before the filter; DynamoDB Local fills it with what passes."
    return None


def _last_of_one(operation: str, request: Body, local: Body, ours: Body) -> str | None:
    if operation == "Query" and request.get("Limit") == 1 and _without(ours, "LastEvaluatedKey") == local:
        return "D-2: a page that the limit ends has a LastEvaluatedKey, the only item of a table without a range key too."
    return None


def _descriptions(operation: str, request: Body, local: Body, ours: Body) -> str | None:
    if operation in ("CreateTable", "UpdateTable", "DeleteTable", "DescribeTable"):
        return "DynamoDB Local is done with a table at once, so its description says nothing of the change."
    return None


_ANSWERS: Sequence[Callable[[str, Body, Body, Body], str | None]] = (
    _capacity,
    _collections,
    _nested_updates,
    _pages,
    _last_of_one,
    _descriptions,
)


def _without(body: Body, member: str) -> Body:
    return {name: value for name, value in body.items() if name != member}
