# ruff: noqa: E501 - a case reads best in one line, and a theme in one list
"""Cases of the corpus on items: keys, what comes back, batches and transactions."""

from collections.abc import Iterator, Mapping
from itertools import product
from typing import Any

from tests.emulator.dynamodb.corpus_cases import (
    KEY,
    OLD,
    a_case,
    brief,
    updated,
)
from tests.emulator.dynamodb.corpus_format import Body, Case
from tests.emulator.dynamodb.engines import item


def put_errors() -> Iterator[Case]:
    for name, value in (
        ("an empty value", {}),
        ("two types", {"S": "a", "N": "1"}),
        ("an unknown type", {"X": "a"}),
        ("a string that is a number", {"S": 5}),
        ("a number that is no text", {"N": 5}),
        ("a null that is false", {"NULL": False}),
        ("an empty string set", {"SS": []}),
        ("an empty number set", {"NS": []}),
        ("an empty binary set", {"BS": []}),
        ("a string twice in a set", {"SS": ["a", "b", "a"]}),
        ("a number twice in a set", {"NS": ["1", "1.0"]}),
        ("bytes twice in a set", {"BS": ["YQ==", "YQ=="]}),
        ("an empty string in a set", {"SS": ["", "a"]}),
        ("an empty string", {"S": ""}),
        ("empty bytes", {"B": ""}),
        ("bytes that are no base64", {"B": "a"}),
        ("an empty list", {"L": []}),
        ("an empty map", {"M": {}}),
        ("an empty name in a map", {"M": {"": {"S": "a"}}}),
        ("an empty value in a list", {"L": [{}]}),
        ("a map that is a list", {"M": []}),
        ("a list that is a map", {"L": {}}),
        ("a set that is a string", {"SS": "a"}),
        ("a bool that is a string", {"BOOL": "true"}),
        ("no value", None),
        ("a value that is text", "a"),
        ("31 levels", _nested(31)),
        ("32 levels", _nested(32)),
        ("33 levels", _nested(33)),
    ):
        yield a_case(f"puts {name}", "PutItem", Item={**KEY, "v": value})
    for name, entry in (
        ("no key", {}),
        ("no sort key", item(pk="a")),
        ("a number for a string key", {**item(sk="1"), "pk": {"N": "1"}}),
        ("a null for a key", {**item(sk="1"), "pk": {"NULL": True}}),
        ("an empty partition key", item(pk="", sk="1")),
        ("an empty sort key", item(pk="a", sk="")),
        ("a partition key of 2048 bytes", item(pk="a" * 2048, sk="1")),
        ("a partition key of 2049 bytes", item(pk="a" * 2049, sk="1")),
        ("a sort key of 1024 bytes", item(pk="a", sk="1" * 1024)),
        ("a sort key of 1025 bytes", item(pk="a", sk="1" * 1025)),
        ("400 KB", item(pk="a", sk="1", x="x" * (409600 - 7))),
        ("more than 400 KB", item(pk="a", sk="1", x="x" * (409600 - 6))),
    ):
        yield a_case(f"puts {name}", "PutItem", Item=entry)
    for name, more in (
        ("a number for an index's string", {"g": {"N": "1"}}),
        ("a null for an index's string", {"g": {"NULL": True}}),
        ("an empty string for an index's key", {"g": {"S": ""}}),
        ("a string for an index's number", {"n": {"S": "1"}}),
        ("a long key for an index", {"g": {"S": "g" * 2049}}),
        ("a wrong type for a local index", {"m": {"S": "1"}}),
    ):
        yield a_case(f"puts {name}", "PutItem", table="Indexed", Item={**KEY, **more})
    yield a_case(
        "puts null where hello is a key", "PutItem", table="hello", Item={**KEY, "hello": {"NULL": True}}
    )
    for name, request in (
        ("unknown ReturnValues", {"ReturnValues": "FOO"}),
        ("ReturnValues of an update", {"ReturnValues": "ALL_NEW"}),
        ("unknown ReturnConsumedCapacity", {"ReturnConsumedCapacity": "FOO"}),
        ("unknown ReturnItemCollectionMetrics", {"ReturnItemCollectionMetrics": "FOO"}),
        ("a table that is not there", {"TableName": "Nowhere"}),
        ("a table name that is too short", {"TableName": "a"}),
        ("a table name with a blank", {"TableName": "a b c"}),
        ("names without expressions", {"ExpressionAttributeNames": {"#a": "b"}}),
        ("values without expressions", {"ExpressionAttributeValues": {":a": {"S": "b"}}}),
        ("an empty condition", {"ConditionExpression": ""}),
    ):
        yield a_case(f"puts with {name}", "PutItem", **{"Item": KEY} | request)
    yield Case("puts no item", "PutItem", {"TableName": "Things"})
    yield Case("puts without a table", "PutItem", {"Item": KEY})
    yield Case("puts nothing", "PutItem", {})


def _nested(levels: int) -> Body:
    value: Body = {"S": "x"}
    for _ in range(levels - 1):
        value = {"L": [value]}
    return value


def key_errors() -> Iterator[Case]:
    keys: Mapping[str, Body] = {
        "nothing": {},
        "no sort key": item(pk="a"),
        "a wrong type": {"pk": {"S": "a"}, "sk": {"N": "1"}},
        "an empty sort key": item(pk="a", sk=""),
        "an empty partition key": item(pk="", sk="1"),
        "another attribute": item(pk="a", x="1"),
        "one attribute more": {**KEY, "x": {"S": "1"}},
        "a long partition key": item(pk="a" * 2049, sk="1"),
        "two types": {"pk": {"S": "a", "N": "1"}, "sk": {"S": "1"}},
        "no value": {"pk": {}, "sk": {"S": "1"}},
    }
    for (name, key), operation in product(keys.items(), ("GetItem", "DeleteItem", "UpdateItem")):
        yield a_case(f"{operation} with {name}", operation, Key=key)
    for operation in ("GetItem", "DeleteItem", "UpdateItem"):
        yield Case(f"{operation} without a key", operation, {"TableName": "Things"})
        yield a_case(f"{operation} of a table that is not there", operation, table="Nowhere", Key=KEY)
        yield a_case(f"{operation} of an item that is not there", operation, Key=KEY)
    yield a_case("GetItem with a number for a hash key", "GetItem", table="Hashed", Key={"id": {"N": "1.0"}},
                 items=[{"id": {"N": "1"}}])  # fmt: skip


def index_key_updates() -> Iterator[Case]:
    entry = {**KEY, "g": {"S": "g"}, "n": {"N": "1"}, "x": {"BOOL": True}}
    for text, value in (
        ("SET g = :v", {"S": "h"}),
        ("SET g = :v", {"N": "1"}),
        ("SET g = :v", {"S": ""}),
        ("SET g = :v", {"NULL": True}),
        ("SET n = :v", {"S": "a"}),
        ("ADD n :v", {"N": "1"}),
        ("ADD g :v", {"N": "1"}),
        ("SET y = :v, g = x", {"N": "1"}),
        ("SET y = :v, n = g", {"N": "1"}),
        ("SET y = :v REMOVE g", {"N": "1"}),
        ("SET g.x = :v", {"N": "1"}),
        ("SET m = :v", {"S": "a"}),
    ):
        yield a_case(
            f"{text} {brief(value)}",
            "UpdateItem",
            table="Indexed",
            items=[entry],
            values={":v": value},
            Key=KEY,
            UpdateExpression=text,
            ReturnValues="ALL_NEW",
            ReturnConsumedCapacity="INDEXES",
        )


def return_values() -> Iterator[Case]:
    kinds = ("NONE", "ALL_OLD", "UPDATED_OLD", "ALL_NEW", "UPDATED_NEW")
    texts = ("SET n = :v", "SET new = :v", "SET m.n = :v", "SET l[1] = :v", "SET l[9] = :v", "ADD n :v",
             "SET n = :v REMOVE s", "SET m.m.t = :v, m.n = :v")  # fmt: skip
    for kind, text in product(kinds, texts):
        yield updated(text, values={":v": {"N": "3"}}, ReturnValues=kind)
    for kind in kinds:
        yield updated("REMOVE m.n, l[0]", ReturnValues=kind)
        yield updated("DELETE ss :v", values={":v": {"SS": ["a"]}}, ReturnValues=kind)
        yield a_case(f"an update of nothing returning {kind}", "UpdateItem", Key=KEY, UpdateExpression="SET n = :v",
                     values={":v": {"N": "1"}}, ReturnValues=kind)  # fmt: skip
        yield a_case(f"an update without an expression returning {kind}", "UpdateItem", items=[OLD], Key=KEY,
                     ReturnValues=kind)  # fmt: skip
        yield a_case(f"a put returning {kind}", "PutItem", items=[OLD], Item=KEY, ReturnValues=kind)
        yield a_case(f"a first put returning {kind}", "PutItem", Item=KEY, ReturnValues=kind)
        yield a_case(f"a delete returning {kind}", "DeleteItem", items=[OLD], Key=KEY, ReturnValues=kind)
        yield a_case(f"a delete of nothing returning {kind}", "DeleteItem", Key=KEY, ReturnValues=kind)
    for operation, more in (
        ("PutItem", {"Item": KEY}),
        ("DeleteItem", {"Key": KEY}),
        ("UpdateItem", {"Key": KEY, "UpdateExpression": "REMOVE n"}),
    ):
        for present, told in product((True, False), ("NONE", "ALL_OLD", "FOO")):
            yield a_case(f"{operation} refused, {'an' if present else 'no'} item, returning {told}", operation,
                         items=[OLD] if present else [], **more, ReturnValuesOnConditionCheckFailure=told,
                         ConditionExpression="attribute_exists(absent)", ReturnConsumedCapacity="TOTAL")  # fmt: skip
        for text in ("attribute_exists(pk)", "attribute_not_exists(pk)", "n = n", "attribute_exists(pk"):
            yield a_case(f"{operation} if {text}", operation, items=[OLD], **more, ConditionExpression=text)


def capacity() -> Iterator[Case]:
    big, small = item(pk="a", sk="1", x="x" * 5000), item(pk="a", sk="2", x="y" * 10)
    for told in ("NONE", "TOTAL", "INDEXES"):
        for consistent in (True, False):
            tag = f"{told} {'consistent' if consistent else 'eventual'}"
            yield a_case(f"GetItem {tag}", "GetItem", items=[big], Key=KEY, ReturnConsumedCapacity=told,
                         ConsistentRead=consistent)  # fmt: skip
            yield a_case(f"Query {tag}", "Query", items=[big, small], values={":p": {"S": "a"}}, ConsistentRead=consistent,
                         KeyConditionExpression="pk = :p", ReturnConsumedCapacity=told)  # fmt: skip
            yield a_case(f"Scan filtered {tag}", "Scan", items=[big, small], values={":x": {"S": "z"}}, ConsistentRead=consistent,
                         FilterExpression="x = :x", ReturnConsumedCapacity=told)  # fmt: skip
        yield a_case(f"GetItem of nothing {told}", "GetItem", Key=KEY, ReturnConsumedCapacity=told)
        yield a_case(f"Query of nothing {told}", "Query", values={":p": {"S": "a"}}, KeyConditionExpression="pk = :p",
                     ReturnConsumedCapacity=told)  # fmt: skip
        yield a_case(f"DeleteItem {told}", "DeleteItem", items=[big], Key=KEY, ReturnConsumedCapacity=told)
        yield a_case(f"DeleteItem of nothing {told}", "DeleteItem", Key=KEY, ReturnConsumedCapacity=told)
        for name, before, after in (
            ("first", [], big),
            ("smaller", [big], item(pk="a", sk="1")),
            ("same", [big], big),
        ):
            yield a_case(
                f"PutItem {name} {told}", "PutItem", items=before, Item=after, ReturnConsumedCapacity=told
            )
        yield a_case(f"UpdateItem {told}", "UpdateItem", items=[big], Key=KEY, UpdateExpression="REMOVE x",
                     ReturnConsumedCapacity=told)  # fmt: skip
    indexed = item(pk="a", sk="1", g="g", n=1, x="x")
    for name, before, after in (
        ("in two indexes", [], indexed),
        ("unchanged", [indexed], indexed),
        ("with another group", [indexed], indexed | item(g="h")),
        ("with another number", [indexed], indexed | item(n=2)),
        ("out of the indexes", [indexed], KEY),
        ("with what one index includes", [indexed], indexed | item(x="y")),
        ("with what none includes", [indexed], indexed | item(y="y")),
        ("large", [indexed], indexed | item(y="y" * 3000)),
        ("in a local index", [], item(pk="a", sk="1", m=1)),
    ):
        yield a_case(f"PutItem {name}", "PutItem", table="Indexed", items=before, Item=after, ReturnConsumedCapacity="INDEXES",
                     ReturnItemCollectionMetrics="SIZE")  # fmt: skip
    yield a_case("DeleteItem out of indexes", "DeleteItem", table="Indexed", items=[indexed], Key=KEY,
                 ReturnConsumedCapacity="INDEXES", ReturnItemCollectionMetrics="SIZE")  # fmt: skip


def batches() -> Iterator[Case]:
    rows = [item(pk="a", sk=str(n), v=n) for n in range(3)]
    keys = [item(pk="a", sk=str(n)) for n in range(3)]

    def get(name: str, asked: Any, **more: Any) -> Case:
        return Case(f"get {name}", "BatchGetItem", {"RequestItems": asked, **more}, {"Things": rows})

    def write(name: str, asked: Any, **more: Any) -> Case:
        return Case(f"write {name}", "BatchWriteItem", {"RequestItems": asked, **more}, {"Things": rows})

    yield get("three", {"Things": {"Keys": keys}})
    yield get("one that is not there", {"Things": {"Keys": [item(pk="z", sk="z")]}})
    yield get("with a projection", {"Things": {"Keys": keys, "ProjectionExpression": "v"}})
    yield get(
        "with names",
        {"Things": {"Keys": keys, "ProjectionExpression": "#v", "ExpressionAttributeNames": {"#v": "v"}}},
    )
    yield get(
        "with an unused name",
        {"Things": {"Keys": keys, "ProjectionExpression": "v", "ExpressionAttributeNames": {"#v": "v"}}},
    )
    yield get("one twice", {"Things": {"Keys": [keys[0], keys[0]]}})
    yield get("none", {"Things": {"Keys": []}})
    yield get("nothing", {})
    yield get("of no table", {"Nowhere": {"Keys": keys}})
    yield get("with a wrong key", {"Things": {"Keys": [item(pk="a")]}})
    yield get("with a key too much", {"Things": {"Keys": [item(pk="a", sk="1", x="1")]}})
    yield get("101", {"Things": {"Keys": [item(pk="a", sk=str(n)) for n in range(101)]}})
    yield get("100", {"Things": {"Keys": [item(pk="a", sk=str(n)) for n in range(100)]}})
    yield get(
        "consistently", {"Things": {"Keys": keys, "ConsistentRead": True}}, ReturnConsumedCapacity="TOTAL"
    )
    yield get("eventually", {"Things": {"Keys": keys}}, ReturnConsumedCapacity="INDEXES")
    yield get(
        "of two tables",
        {"Things": {"Keys": keys}, "Hashed": {"Keys": [{"id": {"N": "1"}}]}},
        ReturnConsumedCapacity="TOTAL",
    )
    yield write(
        "a put", {"Things": [{"PutRequest": {"Item": item(pk="b", sk="1")}}]}, ReturnConsumedCapacity="TOTAL"
    )
    yield write(
        "a delete", {"Things": [{"DeleteRequest": {"Key": keys[0]}}]}, ReturnConsumedCapacity="INDEXES"
    )
    yield write(
        "both",
        {"Things": [{"DeleteRequest": {"Key": keys[0]}}, {"PutRequest": {"Item": item(pk="b", sk="1")}}]},
    )
    yield write(
        "one twice", {"Things": [{"DeleteRequest": {"Key": keys[0]}}, {"PutRequest": {"Item": rows[0]}}]}
    )
    yield write("nothing", {})
    yield write("none", {"Things": []})
    yield write("an empty request", {"Things": [{}]})
    yield write(
        "a request that is both",
        {"Things": [{"DeleteRequest": {"Key": keys[0]}, "PutRequest": {"Item": rows[1]}}]},
    )
    yield write("of no table", {"Nowhere": [{"DeleteRequest": {"Key": keys[0]}}]})
    yield write("26", {"Things": [{"PutRequest": {"Item": item(pk="b", sk=str(n))}} for n in range(26)]})
    yield write("25", {"Things": [{"PutRequest": {"Item": item(pk="b", sk=str(n))}} for n in range(25)]})
    yield write("a wrong key", {"Things": [{"DeleteRequest": {"Key": item(pk="a")}}]})
    yield write("no sort key", {"Things": [{"PutRequest": {"Item": item(pk="a")}}]})
    yield write("an empty key", {"Things": [{"PutRequest": {"Item": item(pk="a", sk="")}}]})
    yield write("too large", {"Things": [{"PutRequest": {"Item": item(pk="a", sk="1", x="x" * 409600)}}]})
    yield write("an empty set", {"Things": [{"PutRequest": {"Item": {**KEY, "x": {"SS": []}}}}]})


def transactions() -> Iterator[Case]:
    rows = [item(pk="a", sk=str(n), v=n) for n in range(3)]
    keys = [item(pk="a", sk=str(n)) for n in range(4)]

    def write(name: str, *asked: Body, **more: Any) -> Case:
        entries = [{kind: {"TableName": "Things"} | body for kind, body in one.items()} for one in asked]
        return Case(
            f"write {name}", "TransactWriteItems", {"TransactItems": entries, **more}, {"Things": rows}
        )

    def get(name: str, *asked: Body, **more: Any) -> Case:
        entries = [{"Get": {"TableName": "Things"} | one} for one in asked]
        return Case(f"get {name}", "TransactGetItems", {"TransactItems": entries, **more}, {"Things": rows})

    never = {"ConditionExpression": "attribute_exists(absent)"}
    one = {":v": {"N": "1"}}
    update = {"UpdateExpression": "SET v = v + :v", "ExpressionAttributeValues": one}
    yield write("a put", {"Put": {"Item": item(pk="b", sk="1")}})
    yield write("one of each", {"Put": {"Item": item(pk="b", sk="1")}}, {"Delete": {"Key": keys[0]}}, {"Update": {"Key": keys[1], **update}},
                {"ConditionCheck": {"Key": keys[2], "ConditionExpression": "attribute_exists(v)"}}, ReturnConsumedCapacity="TOTAL")  # fmt: skip
    yield write(
        "one of each with indexes' capacity",
        {"Put": {"Item": item(pk="b", sk="1")}},
        {"Delete": {"Key": keys[0]}},
        ReturnConsumedCapacity="INDEXES",
    )
    yield write("a condition that fails", {"Put": {"Item": rows[0], **never}})
    yield write(
        "the second fails", {"Put": {"Item": item(pk="b", sk="1")}}, {"Put": {"Item": rows[0], **never}}
    )
    yield write(
        "two fail", {"Delete": {"Key": keys[0], **never}}, {"ConditionCheck": {"Key": keys[1], **never}}
    )
    for kind, body in (
        ("Put", {"Item": rows[0]}),
        ("Delete", {"Key": keys[0]}),
        ("Update", {"Key": keys[0], **update}),
        ("ConditionCheck", {"Key": keys[0]}),
    ):
        yield write(
            f"{kind} fails and tells",
            {kind: {**body, **never, "ReturnValuesOnConditionCheckFailure": "ALL_OLD"}},
        )
    yield write(
        "fails and has nothing to tell",
        {"Delete": {"Key": keys[3], **never, "ReturnValuesOnConditionCheckFailure": "ALL_OLD"}},
    )
    yield write("one item twice", {"Put": {"Item": rows[0]}}, {"Delete": {"Key": keys[0]}})
    yield write("nothing")
    yield write("an empty entry", {})
    yield write("two in one entry", {"Put": {"Item": rows[0]}, "Delete": {"Key": keys[1]}})
    yield write("a check without a condition", {"ConditionCheck": {"Key": keys[0]}})
    yield write("an update without an expression", {"Update": {"Key": keys[0]}})
    yield write("a bad update", {"Update": {"Key": keys[0], "UpdateExpression": "SET v = absent"}})
    yield write(
        "a bad type",
        {
            "Update": {
                "Key": keys[0],
                "UpdateExpression": "SET v = v + :v",
                "ExpressionAttributeValues": {":v": {"S": "a"}},
            }
        },
    )
    yield write("a syntax error", {"Update": {"Key": keys[0], "UpdateExpression": "SET v ="}})
    yield write("a wrong key", {"Delete": {"Key": item(pk="a")}})
    yield write("a missing key", {"Put": {"Item": item(pk="a")}})
    yield write("an empty key", {"Put": {"Item": item(pk="a", sk="")}})
    yield write(
        "a key attribute changed",
        {"Update": {"Key": keys[0], "UpdateExpression": "SET sk = :v", "ExpressionAttributeValues": one}},
    )
    yield write(
        "an unused value",
        {
            "Delete": {
                "Key": keys[0],
                "ConditionExpression": "attribute_exists(v)",
                "ExpressionAttributeValues": one,
            }
        },
    )
    yield write("no table", {"Delete": {"Key": keys[0], "TableName": "Nowhere"}})
    yield write("101", *({"Put": {"Item": item(pk="b", sk=str(n))}} for n in range(101)))
    yield write("100", *({"Put": {"Item": item(pk="b", sk=str(n))}} for n in range(100)))
    yield write("with a token", {"Put": {"Item": rows[0]}}, ClientRequestToken="t")
    yield write("with a long token", {"Put": {"Item": rows[0]}}, ClientRequestToken="t" * 37)
    for name, key in (("the same", keys[0]), ("another", keys[1])):
        first = {
            "TransactItems": [{"Delete": {"TableName": "Things", "Key": keys[0]}}],
            "ClientRequestToken": name,
        }
        second = first | {"TransactItems": [{"Delete": {"TableName": "Things", "Key": key}}]}
        yield Case(f"write {name} with the same token", "TransactWriteItems", second | {"ReturnConsumedCapacity": "TOTAL"},
                   {"Things": rows}, before=[("TransactWriteItems", first)])  # fmt: skip
    yield get("two", {"Key": keys[0]}, {"Key": keys[3]}, ReturnConsumedCapacity="TOTAL")
    yield get("with a projection", {"Key": keys[0], "ProjectionExpression": "v"})
    yield get("with a bad projection", {"Key": keys[0], "ProjectionExpression": "v,"})
    yield get("one twice", {"Key": keys[0]}, {"Key": keys[0]})
    yield get("nothing")
    yield get("a wrong key", {"Key": item(pk="a")})
    yield get("of no table", {"Key": keys[0], "TableName": "Nowhere"})
    yield get("101", *({"Key": item(pk="b", sk=str(n))} for n in range(101)))
