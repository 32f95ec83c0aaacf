"""Cases of the corpus: the tables and items that they find there, and how one is built."""

from collections.abc import Mapping
from typing import Any

from tests.emulator.dynamodb.corpus_format import Body, Case
from tests.emulator.dynamodb.engines import a_table, an_index, item

TABLES: Mapping[str, Body] = {
    "Things": a_table("Things"),
    "Numbers": a_table("Numbers", "pk n", types={"n": "N"}),
    "Blobs": a_table("Blobs", "pk b", types={"b": "B"}),
    "Hashed": a_table("Hashed", "id", types={"id": "N"}),
    "Indexed": a_table(
        "Indexed",
        types={"n": "N", "m": "N"},
        global_indexes={
            "ByGroup": an_index("g pk"),
            "ByNumber": an_index("g n", "INCLUDE", "x"),
            "Keys": an_index("n", "KEYS_ONLY"),
        },
        local_indexes={"ByM": an_index("pk m", "KEYS_ONLY"), "ByL": an_index("pk l")},
    ),
    "Provisioned": a_table(
        "Provisioned", ProvisionedThroughput={"ReadCapacityUnits": 5, "WriteCapacityUnits": 6}
    ),
    "hello": a_table("hello", global_indexes={"hello-index": an_index("hello")}),
}
"""The tables that a case may name; it finds those there that it names."""

KEY = item(pk="a", sk="1")

BY_TYPE: Mapping[str, Body] = {
    "S": {"S": "ab"},
    "N": {"N": "5"},
    "B": {"B": "YWI="},
    "BOOL": {"BOOL": True},
    "NULL": {"NULL": True},
    "SS": {"SS": ["a", "ab"]},
    "NS": {"NS": ["5", "7"]},
    "BS": {"BS": ["YQ==", "YWI="]},
    "L": {"L": [{"S": "ab"}, {"N": "5"}, {"M": {"x": {"N": "1"}}}]},
    "M": {"M": {"x": {"S": "ab"}, "y": {"L": [{"N": "5"}]}}},
}

_MORE: Mapping[str, Body] = {
    "S-a": {"S": "a"},
    "S-b": {"S": "b"},
    "S-empty": {"S": ""},
    "S-é": {"S": "é"},
    "N-10": {"N": "10"},
    "N-neg": {"N": "-5"},
    "N-frac": {"N": "5.5"},
    "B-a": {"B": "YQ=="},
    "B-zz": {"B": "eno="},
    "BOOL-false": {"BOOL": False},
    "SS-one": {"SS": ["ab"]},
    "L-empty": {"L": []},
    "M-empty": {"M": {}},
}

VARIETY = [
    *({**item(pk="v", sk=name), "v": value} for name, value in {**BY_TYPE, **_MORE}.items()),
    item(pk="v", sk="without"),
]
"""Items with an attribute `v` of every type, several values of some, and one without."""


def _request(request: Body, table: str, names: Mapping[str, str] | None, values: Body | None) -> Body:
    whole: Body = {"TableName": table} | request
    if names:
        whole["ExpressionAttributeNames"] = dict(names)
    if values:
        whole["ExpressionAttributeValues"] = values
    return whole


def a_case(
    name: str,
    operation: str,
    *,
    table: str = "Things",
    items: Mapping[str, list[Body]] | list[Body] | None = None,
    names: Mapping[str, str] | None = None,
    values: Body | None = None,
    **request: Any,
) -> Case:
    """A case on one table; `items` in it unless they are given by table."""
    setup = {table: items} if isinstance(items, list) else items or {}
    return Case(name, operation, _request(request, table, names, values), setup)


def filtered(text: str, *, names: Mapping[str, str] | None = None, values: Body | None = None) -> Case:
    """Which of VARIETY a filter finds; the name is its text and the values' types."""
    types = ", ".join(f"{name} {brief(value)}" for name, value in (values or {}).items())
    return a_case(
        f"{text} with {types}" if types else text,
        "Scan",
        items=VARIETY,
        names=names,
        values=values,
        FilterExpression=text,
        ProjectionExpression="sk",
    )


def brief(value: Body) -> str:
    ((kind, content),) = value.items() if value else (("nothing", ""),)
    return f"{kind} {content}" if isinstance(content, str | bool) else f"{kind} of {len(content)}"


OLD: Body = {
    **KEY,
    "n": {"N": "10"},
    "s": {"S": "x"},
    "l": {"L": [{"N": "1"}, {"N": "2"}, {"N": "3"}]},
    "m": {"M": {"n": {"N": "1"}, "m": {"M": {"s": {"S": "deep"}}}}},
    "ss": {"SS": ["a", "b"]},
    "ns": {"NS": ["1", "2"]},
}


def updated(
    text: str, *, values: Body | None = None, names: Mapping[str, str] | None = None, **request: Any
) -> Case:
    """What an update makes of OLD."""
    types = ", ".join(f"{name} {brief(value)}" for name, value in (values or {}).items())
    asked = {"Key": KEY, "UpdateExpression": text, "ReturnValues": "ALL_NEW"} | request
    more = f" returning {request['ReturnValues']}" if "ReturnValues" in request else ""
    return a_case(
        f"{text} {types}{more}".strip(), "UpdateItem", items=[OLD], names=names, values=values, **asked
    )
