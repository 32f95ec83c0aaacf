# ruff: noqa: E501 - a case reads best in one line, and a theme in one list
"""Cases of the corpus on Query and Scan: key conditions, indexes, pages."""

from collections.abc import Iterator, Mapping
from itertools import product
from typing import Any

from tests.emulator.dynamodb.corpus_cases import (
    a_case,
)
from tests.emulator.dynamodb.corpus_format import Body, Case
from tests.emulator.dynamodb.engines import item


def key_conditions() -> Iterator[Case]:
    strings = [item(pk="p", sk=sk) for sk in ("", "a", "ab", "abc", "b", "é", "￿")[1:]] + [
        item(pk="q", sk="a")
    ]
    numbers = [item(pk="p", n=n) for n in (-10, -1, 0, 1, 2, 10, 100)]
    blobs = [{"pk": {"S": "p"}, "b": {"B": b}} for b in ("AA==", "YQ==", "YWI=", "/w==")]
    ranges: Mapping[str, tuple[list[Body], str, Body, Body]] = {
        "Things": (strings, "sk", {"S": "ab"}, {"S": "b"}),
        "Numbers": (numbers, "n", {"N": "-1"}, {"N": "10"}),
        "Blobs": (blobs, "b", {"B": "YQ=="}, {"B": "YWI="}),
    }
    for table, (entries, name, low, high) in ranges.items():
        for forward, text in product(
            (True, False), ("= :l", "< :l", "<= :l", "> :l", ">= :l", "BETWEEN :l AND :h")
        ):
            values: Body = {":p": {"S": "p"}, ":l": low} | ({":h": high} if ":h" in text else {})
            yield a_case(
                f"{table}: {name} {text} {'forward' if forward else 'backward'}",
                "Query",
                table=table,
                items=entries,
                values=values,
                KeyConditionExpression=f"pk = :p AND {name} {text}",
                ScanIndexForward=forward,
            )
        yield a_case(f"{table}: begins_with", "Query", table=table, items=entries, values={":p": {"S": "p"}, ":l": low},
                     KeyConditionExpression=f"pk = :p AND begins_with({name}, :l)")  # fmt: skip
    for text in (
        "pk = :p",
        "sk = :l AND pk = :p",
        "(pk = :p) AND (sk = :l)",
        "((pk = :p AND sk = :l))",
        "pk = :p AND sk <> :l",
        "pk = :p OR sk = :l",
        "pk <> :p",
        "pk > :p",
        "begins_with(pk, :p)",
        "sk = :l",
        "pk = :p AND pk = :l",
        "pk = :p AND sk = :l AND sk = :l",
        "pk = :p AND x = :l",
        "pk = :p AND NOT sk = :l",
        "pk = :p AND sk IN (:l)",
        "pk = :p AND contains(sk, :l)",
        "pk = :p AND attribute_exists(sk)",
        "pk = :p AND size(sk) = :l",
        "pk = sk",
        ":p = pk",
        "pk = :p AND :l = sk",
        "pk = :p AND :l < sk",
        "pk.x = :p",
        "pk = :p AND begins_with(:l, sk)",
        "pk = :p AND sk",
        "pk",
        "",
        "pk = :p AND sk BETWEEN :l AND :p",
        "pk = :p AND sk BETWEEN :p AND :l",
        "#k = :p",
        "pk = :p AND sk = :n",
        "pk = :n",
        "pk = :e",
        "pk = :p AND sk = :e",
        "pk = :p AND begins_with(sk, :e)",
        "pk = :p AND sk > :e",
        "x = :p AND y = :l",
    ):
        known: Body = {":p": {"S": "p"}, ":l": {"S": "ab"}, ":n": {"N": "1"}, ":e": {"S": ""}}
        used = {name: value for name, value in known.items() if name in text}
        yield a_case(
            f"Query {text!r}", "Query", items=strings, values=used or None, KeyConditionExpression=text
        )
    yield Case("a Query without a condition", "Query", {"TableName": "Things"})


GROUP = [{**item(pk=f"p{n}", sk=str(n), g="g", n=n, x=f"x{n}", m=10 - n), "l": {"S": "l"}} for n in range(6)]
GROUP += [item(pk="p0", sk=f"z{n}", m=n) for n in range(4)] + [item(pk="p9", sk="9", g="h")]


def reading(name: str, operation: str, **request: Any) -> Case:
    """A read of GROUP."""
    return a_case(name, operation, table="Indexed", items=GROUP, **request)


def indexes() -> Iterator[Case]:
    group: Body = {":g": {"S": "g"}}
    for index in ("ByGroup", "ByNumber"):
        for forward in (True, False):
            order = "forward" if forward else "backward"
            yield reading(f"Query {index} {order}", "Query", IndexName=index, values=group,
                          KeyConditionExpression="g = :g", ScanIndexForward=forward)  # fmt: skip
        for select in ("ALL_ATTRIBUTES", "ALL_PROJECTED_ATTRIBUTES", "COUNT", "SPECIFIC_ATTRIBUTES", "FOO"):
            yield reading(f"Query {index} selecting {select}", "Query", IndexName=index, values=group,
                          KeyConditionExpression="g = :g", Select=select)  # fmt: skip
    variants: Mapping[str, Body] = {
        "consistently": {"ConsistentRead": True},
        "with a filter": {
            "FilterExpression": "x > :x",
            "ExpressionAttributeValues": {**group, ":x": {"S": "x2"}},
        },
        "with a filter of its key": {"FilterExpression": "n > :g"},
        "projecting what it has not": {"ProjectionExpression": "l"},
        "projecting its key": {"ProjectionExpression": "pk"},
        "limited": {"Limit": 2},
        "limited and filtered": {
            "Limit": 3,
            "FilterExpression": "x = :x",
            "ExpressionAttributeValues": {**group, ":x": {"S": "x5"}},
        },
        "by capacity": {"ReturnConsumedCapacity": "INDEXES"},
        "from after a row": {"ExclusiveStartKey": item(pk="p2", sk="2", g="g", n=2)},
        "from after a row that is not there": {"ExclusiveStartKey": item(pk="p2", sk="2x", g="g", n=2)},
        "from after a table's key": {"ExclusiveStartKey": item(pk="p2", sk="2")},
        "from after another group": {"ExclusiveStartKey": item(pk="p2", sk="2", g="h", n=2)},
        "from after a wrong type": {"ExclusiveStartKey": {**item(pk="p2", sk="2", g="g"), "n": {"S": "2"}}},
    }
    for name, request in variants.items():
        asked: Body = {"values": group} | request
        if "ExpressionAttributeValues" in request:
            asked.pop("values")
        yield reading(
            f"Query ByNumber {name}", "Query", IndexName="ByNumber", KeyConditionExpression="g = :g", **asked
        )
    here: Body = {":p": {"S": "p0"}}
    local: Mapping[str, Body] = {
        "": {},
        " consistently": {"ConsistentRead": True, "ReturnConsumedCapacity": "INDEXES"},
        " for all attributes": {"Select": "ALL_ATTRIBUTES", "ReturnConsumedCapacity": "INDEXES"},
        " for what is not projected": {"ProjectionExpression": "x, n", "ReturnConsumedCapacity": "TOTAL"},
    }
    for index in ("ByM", "ByL"):
        for name, request in local.items():
            yield reading(f"Query {index}{name}", "Query", IndexName=index, values=here, KeyConditionExpression="pk = :p",
                          **request)  # fmt: skip
    for index in ("ByGroup", "ByNumber", "Keys", "ByM"):
        yield reading(f"Scan {index}", "Scan", IndexName=index)
        yield reading(f"Scan {index} consistently", "Scan", IndexName=index, ConsistentRead=True)
        yield reading(
            f"Count {index}", "Scan", IndexName=index, Select="COUNT", ReturnConsumedCapacity="INDEXES"
        )
    yield reading(
        "an index that is not there",
        "Query",
        IndexName="Nothing",
        values=group,
        KeyConditionExpression="g = :g",
    )
    yield reading("Scan an index that is not there", "Scan", IndexName="Nothing")
    yield reading(
        "an index by the table's key",
        "Query",
        IndexName="ByGroup",
        values=here,
        KeyConditionExpression="pk = :p",
    )


def pagination() -> Iterator[Case]:
    rows = [item(pk="p", sk=f"{n}", v=n) for n in range(6)]
    values: Body = {":p": {"S": "p"}}
    for limit, forward in product((1, 3, 5, 6, 7), (True, False)):
        yield a_case(f"limit {limit} {'forward' if forward else 'backward'}", "Query", items=rows, values=values,
                     KeyConditionExpression="pk = :p", Limit=limit, ScanIndexForward=forward)  # fmt: skip
    for start, forward in product(("2", "25", "9", "0"), (True, False)):
        yield a_case(f"from after {start} {'forward' if forward else 'backward'}", "Query", items=rows, values=values,
                     KeyConditionExpression="pk = :p", ExclusiveStartKey=item(pk="p", sk=start), Limit=3,
                     ScanIndexForward=forward)  # fmt: skip
    for name, start_key in {
        "nothing": {},
        "half a key": item(pk="p"),
        "more than a key": item(pk="p", sk="1", v=1),
        "a wrong type": {"pk": {"S": "p"}, "sk": {"N": "1"}},
        "another partition": item(pk="q", sk="1"),
        "an empty value": item(pk="p", sk=""),
    }.items():
        yield a_case(f"Query from after {name}", "Query", items=rows, values=values, KeyConditionExpression="pk = :p",
                     ExclusiveStartKey=start_key)  # fmt: skip
        if name != "another partition":  # the order of partitions is nobody's to know
            yield a_case(f"Scan from after {name}", "Scan", items=rows, ExclusiveStartKey=start_key)
    for count in (0, -1, 1):
        yield a_case(f"Scan with limit {count}", "Scan", items=rows, Limit=count)
    yield a_case("a page that is empty and not the last", "Query", items=rows, values={**values, ":v": {"N": "5"}},
                 KeyConditionExpression="pk = :p", FilterExpression="v = :v", Limit=2)  # fmt: skip
    yield a_case("from after beyond the range", "Query", items=rows, values={**values, ":s": {"S": "3"}},
                 KeyConditionExpression="pk = :p AND sk < :s", ExclusiveStartKey=item(pk="p", sk="4"))  # fmt: skip
    big = [item(pk="p", sk=f"{n}", x="x" * 300_000) for n in range(5)]
    yield a_case("a page of 1 MB", "Query", items=big, values=values, KeyConditionExpression="pk = :p",
                 ProjectionExpression="sk", ReturnConsumedCapacity="TOTAL")  # fmt: skip
    yield a_case("a page of 1 MB before the filter", "Query", items=big, values={**values, ":x": {"S": "y"}},
                 KeyConditionExpression="pk = :p", FilterExpression="x = :x", ConsistentRead=True,
                 ReturnConsumedCapacity="TOTAL")  # fmt: skip
    for segment, total in ((0, 1), (0, None), (None, 2), (2, 2), (-1, 2), (0, 0), (0, 1_000_001)):
        asked: Body = {"Segment": segment, "TotalSegments": total}
        request: Body = {name: value for name, value in asked.items() if value is not None}
        yield a_case(f"Scan {request}", "Scan", items=rows, **request)
    for select in ("ALL_ATTRIBUTES", "COUNT", "SPECIFIC_ATTRIBUTES", "ALL_PROJECTED_ATTRIBUTES", "FOO"):
        yield a_case(f"Scan selecting {select}", "Scan", items=rows, Select=select)
        yield a_case(
            f"Scan selecting {select} and a projection",
            "Scan",
            items=rows,
            Select=select,
            ProjectionExpression="v",
        )
