# ruff: noqa: E501, PLR0915 - a case reads best in one line, and a theme in one list
"""Which requests make up the corpus? One function for each theme; what they are answered is recorded, not written."""

from collections.abc import Callable, Iterator, Mapping
from itertools import product
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
    types = ", ".join(f"{name} {_brief(value)}" for name, value in (values or {}).items())
    return a_case(
        f"{text} with {types}" if types else text,
        "Scan",
        items=VARIETY,
        names=names,
        values=values,
        FilterExpression=text,
        ProjectionExpression="sk",
    )


def _brief(value: Body) -> str:
    ((kind, content),) = value.items() if value else (("nothing", ""),)
    return f"{kind} {content}" if isinstance(content, str | bool) else f"{kind} of {len(content)}"


# --- conditions -------------------------------------------------------------------------------------------


def comparisons() -> Iterator[Case]:
    for operator, value in product(("=", "<>", "<", "<=", ">", ">="), BY_TYPE.values()):
        yield filtered(f"v {operator} :v", values={":v": value})
    for text in ("v = v", "v <> v", "v = absent", "absent <> v", "absent = absent", "sk > v", "v < sk"):
        yield filtered(text)
    for value in (
        {"N": "5.0"},
        {"N": "+5"},
        {"N": "5e0"},
        {"N": "-5.00"},
        {"SS": ["ab", "a"]},
        {"NS": ["7.0", "5"]},
    ):
        yield filtered("v = :v", values={":v": value})
    for low, high in ((BY_TYPE["S"], {"S": "b"}), ({"N": "-5"}, {"N": "5"}), ({"B": "YQ=="}, {"B": "YWI="})):
        yield filtered("v BETWEEN :low AND :high", values={":low": low, ":high": high})
        yield filtered("NOT v BETWEEN :low AND :high", values={":low": low, ":high": high})
        yield filtered("v BETWEEN :high AND :low", values={":low": low, ":high": high})
    yield filtered("v BETWEEN :low AND :high", values={":low": {"S": "a"}, ":high": {"N": "1"}})
    yield filtered("v BETWEEN :low AND :high", values={":low": {"BOOL": True}, ":high": {"BOOL": True}})
    yield filtered(":v BETWEEN v AND v", values={":v": {"N": "5"}})
    for one, other in product(("S", "N", "L", "SS", "NULL"), ("B", "BOOL", "M")):
        yield filtered("v IN (:a, :b)", values={":a": BY_TYPE[one], ":b": BY_TYPE[other]})
    yield filtered("sk IN (v, :v)", values={":v": {"S": "N"}})


def condition_functions() -> Iterator[Case]:
    for function in ("begins_with", "contains"):
        for value in BY_TYPE.values():
            yield filtered(f"{function}(v, :v)", values={":v": value})
    for kind in (*BY_TYPE, "X", "", "s"):
        yield filtered("attribute_type(v, :type)", values={":type": {"S": kind}})
    yield filtered("attribute_type(v, :type)", values={":type": {"N": "1"}})
    for text in (
        "attribute_exists(v)",
        "attribute_not_exists(v)",
        "attribute_exists(v.x)",
        "attribute_exists(v[0])",
        "attribute_exists(v[2].x)",
        "attribute_not_exists(v.y[0])",
        "contains(v, sk)",
        "contains(sk, v)",
        "begins_with(sk, v)",
        "size(v) = size(sk)",
    ):
        yield filtered(text)
    for operator, count in product(("=", ">", "<="), (0, 1, 2, 3)):
        yield filtered(f"size(v) {operator} :n", values={":n": {"N": str(count)}})
    for text in ("v.x = :v", "v[0] = :v", "v.y[0] = :v", "v[9] = :v", "v.x.y = :v", "contains(v.x, :v)"):
        yield filtered(text, values={":v": {"S": "ab"}})
    yield filtered("size(v) BETWEEN :a AND :b", values={":a": {"N": "1"}, ":b": {"N": "2"}})
    yield filtered("size(v) IN (:a, :b)", values={":a": {"N": "1"}, ":b": {"N": "3"}})
    yield filtered("size(v) = :s", values={":s": {"S": "2"}})
    yield filtered("size(:v) = :n", values={":v": {"S": "ab"}, ":n": {"N": "2"}})
    yield filtered("contains(:v, v)", values={":v": {"SS": ["a", "b"]}})


def condition_logic() -> Iterator[Case]:
    values: Body = {":a": {"S": "ab"}, ":n": {"N": "5"}}
    for text in (
        "v = :a OR v = :n",
        "v = :a AND v = :n",
        "NOT v = :a AND NOT v = :n",
        "NOT (v = :a OR v = :n)",
        "v = :a OR v = :n AND attribute_exists(absent)",
        "(v = :a OR v = :n) AND attribute_exists(absent)",
        "NOT NOT v = :a AND v <> :n",
        "((v = :a)) OR ((v = :n))",
        "(v) = :a OR v = (:n)",
        "v=:a or v=:n",
        "v = :a aNd NoT v = :n",
        "#v = :a OR #v IN (:n)",
        "#v.x = :a OR #v[1] = :n",
    ):
        yield filtered(text, names={"#v": "v"} if "#v" in text else None, values=values)


def condition_errors() -> Iterator[Case]:
    one: Body = {":v": {"S": "x"}}
    for text in (
        "",
        " ",
        "v",
        "v =",
        "v = :v AND",
        "v = :v)",
        "(v = :v",
        "v == :v",
        "v ! :v",
        "v = 'x'",
        "v = 5",
        "v = :v OR OR v = :v",
        "AND v = :v",
        "NOT",
        "v IN :v",
        "v IN ()",
        "v BETWEEN :v",
        "v BETWEEN :v OR :v",
        "foo(v, :v)",
        "size(v)",
        "size(v, :v) = :v",
        "size(size(v)) = :v",
        "attribute_exists(v, :v)",
        "attribute_exists(:v)",
        "attribute_exists()",
        "attribute_type(v, sk) AND v = :v",
        "begins_with(v)",
        "begins_with(v, :v) = :v",
        "contains(v)",
        "begins_with(:v, :v)",
        "if_not_exists(v, :v)",
        "list_append(v, :v)",
        "(v, v) = :v",
        "v = :v, v = :v",
        "v.x. = :v",
        "v[a] = :v",
        "v[-1] = :v",
        "v[1 = :v",
        "v..x = :v",
        ".v = :v",
        "#v = :v",
        "v = :missing",
        "# = :v",
        "v = :",
        "v = :v AND w <> :v ;",
        "((((v = :v)))",
        "size = :v",
        "name = :v",
        "v.status = :v",
        ":v = :v",
        "NOT v",
        "v <> :v AND (v = :v OR)",
    ):
        yield filtered(text, values=one)
    yield filtered("v = :v", values=one | {":unused": {"N": "1"}})
    yield filtered("v = :v", names={"#unused": "v"}, values=one)
    yield filtered("v = :v", names={"#u": "v", "#w": "w"}, values=one)
    yield filtered("v = :v", names={"u": "v"}, values=one)
    yield filtered("v = :v", names={"#": "v"}, values=one)
    yield filtered("#v = :v", names={"#v": ""}, values=one)
    yield filtered("v = :v", values={"v": {"S": "x"}})
    yield filtered("v = :v", values={":v": {}})
    yield filtered("v = :v", values={":v": {"N": "abc"}})
    yield filtered("v = :v", values={":v": {"SS": []}})
    yield filtered("v = :v", values={":v": {"NS": ["1", "1.0"]}})
    yield filtered("v = :v", values={":v": {"NULL": False}})
    for name, sized in (
        ("size of text", "v = :v" + " OR v = :v" * 500),
        ("operators", "v = :v" + " OR v = :v" * 160),
    ):
        yield a_case(name, "Scan", values=one, FilterExpression=sized)
    for text in ("pk = :v", "pk = :v OR v = :v", "NOT sk = :v", "attribute_exists(pk)"):
        yield a_case(
            f"a Query that filters its key with {text}",
            "Query",
            values={":v": {"S": "x"}},
            KeyConditionExpression="pk = :v",
            FilterExpression=text,
        )


# --- projections ------------------------------------------------------------------------------------------


def projections() -> Iterator[Case]:
    whole = {**KEY, "l": BY_TYPE["L"], "m": BY_TYPE["M"], "s": {"S": "x"}, "a.b": {"N": "1"}}
    names = {"#a": "a.b", "#s": "s", "#m": "m", "#status": "status"}
    for text in (
        "s",
        "pk, sk",
        "s, s",
        "absent",
        "l[0]",
        "l[2], l[0]",
        "l[1], l[2].x",
        "l[7]",
        "m.x",
        "m.y[0]",
        "m.x, m.y",
        "m.absent",
        "s.x",
        "s[0]",
        "m[0]",
        "l.x",
        "#a",
        "#m.x, #s",
        "#s, s",
        "m, m.x",
        "m.x, m",
        "l[0], l[0]",
        "#m.y[0], l[2]",
        "a.b",
        "#status",
        "status",
        "s,",
        ",s",
        "s sk",
        "s = sk",
        "size(s)",
        "",
        ":s",
        "(s)",
        "s, m.",
        "l[]",
        "#missing",
        "l[99999999999]",
        "m.x.y, m.x",
    ):
        used = {name: names[name] for name in names if name in text}
        yield a_case(
            f"projects {text!r}",
            "GetItem",
            items=[whole],
            names=used or None,
            Key=KEY,
            ProjectionExpression=text,
        )


def reserved_words() -> Iterator[Case]:
    words = "abort all count date day name order role status timestamp ttl type uuid value values year zone"
    free = "channel market price symbol trader expireat connectedat pk sk id email"
    for word in (*words.split(), *free.split()):
        for written in (word, word.upper(), f"m.{word}"):
            yield a_case(f"projects {written}", "GetItem", items=[KEY], Key=KEY, ProjectionExpression=written)


# --- updates ----------------------------------------------------------------------------------------------

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
    types = ", ".join(f"{name} {_brief(value)}" for name, value in (values or {}).items())
    asked = {"Key": KEY, "UpdateExpression": text, "ReturnValues": "ALL_NEW"} | request
    more = f" returning {request['ReturnValues']}" if "ReturnValues" in request else ""
    return a_case(
        f"{text} {types}{more}".strip(), "UpdateItem", items=[OLD], names=names, values=values, **asked
    )


def updates() -> Iterator[Case]:
    number: Body = {":v": {"N": "3"}}
    for text in (
        "SET n = :v",
        "SET new = :v",
        "SET n = n + :v",
        "SET n = n - :v",
        "SET n = :v - n",
        "SET n = n + n, new = n + :v",
        "SET absent = absent + :v",
        "SET n = s + :v",
        "SET n = n + :v + :v",
        "SET n = (n + :v)",
        "SET n = if_not_exists(n, :v)",
        "SET new = if_not_exists(new, :v)",
        "SET new = if_not_exists(n, :v)",
        "SET new = if_not_exists(absent, :v) + :v",
        "SET n = if_not_exists(:v, n)",
        "SET l[0] = :v",
        "SET l[1] = :v, l[7] = :v",
        "SET l[5] = :v, l[3] = :v",
        "SET m.n = :v",
        "SET m.new = :v",
        "SET m.m.new = :v",
        "SET m.absent.x = :v",
        "SET absent.x = :v",
        "SET absent[0] = :v",
        "SET s.x = :v",
        "SET m[0] = :v",
        "SET l.x = :v",
        "SET n = l[0] + :v",
        "SET n = l[9], new = :v",
        "SET n = absent, new = :v",
        "SET n = :v, n = :v",
        "SET m = :v, m.n = :v",
        "SET m.n = :v REMOVE m",
        "SET m.n = :v REMOVE m.m",
        "SET l[0] = :v REMOVE l[1]",
        "SET n = :v SET s = :v",
        "SET",
        "SET n",
        "SET n =",
        "SET n = :v,",
        "set n = :v",
        "n = :v",
        "SET n := :v",
        "SET n = size(s), new = :v",
        "SET n = foo(:v)",
        "SET :v = n",
        "SET pk = :v",
        "SET sk = :v",
        "SET n * :v",
        "SET n = :v * :v",
        "ADD n :v",
        "ADD new :v",
        "ADD n :v, new :v",
        "ADD m.n :v",
        "ADD m.new :v",
        "ADD l[0] :v",
        "ADD n n",
        "ADD n = :v",
        "ADD pk :v",
        "DELETE n :v",
        "REMOVE n SET new = :v ADD m.n :v",
        "SET new = :v ADD new :v",
        "SET status = :v",
        "SET #s = :v",
        "SET n = :missing",
    ):
        yield updated(text, values=number)
    for text in (
        "REMOVE n",
        "REMOVE absent",
        "REMOVE l[0]",
        "REMOVE l[0], l[2]",
        "REMOVE l[9]",
        "REMOVE m.n",
        "REMOVE m.m.s",
        "REMOVE m.absent",
        "REMOVE absent.x",
        "REMOVE s.x",
        "REMOVE pk",
        "REMOVE n, n",
        "REMOVE m, m.n",
        "REMOVE n s",
        "REMOVE n,",
        "SET n = s, s = n",
        "SET n = m, m.n = n",
        "SET l[0] = l[1], l[1] = l[0]",
        "SET new = m.m.s REMOVE m",
        "SET m.copy = m.m",
        "",
        "FOO n",
    ):
        yield updated(text)


def update_types() -> Iterator[Case]:
    for verb, target, (kind, value) in product(
        ("ADD", "DELETE"), ("n", "s", "ss", "ns", "l", "new"), BY_TYPE.items()
    ):
        if kind in ("N", "SS", "NS", "BS", "S", "L"):
            yield updated(f"{verb} {target} :v", values={":v": value})
    for one, other in product(("l", "s", "absent", ":v"), ("l", ":v", "absent", "n")):
        values = {":v": {"L": [{"S": "new"}]}}
        yield updated(f"SET l = list_append({one}, {other})", values=values if ":v" in one + other else None)
    yield updated("SET l = list_append(l, :v)", values={":v": {"S": "no list"}})
    yield updated(
        "SET new = list_append(if_not_exists(new, :e), :v)", values={":e": {"L": []}, ":v": BY_TYPE["L"]}
    )
    yield updated("DELETE ss :v", values={":v": {"SS": ["a", "b", "c"]}})
    yield updated("DELETE ss :v", values={":v": {"SS": ["zz"]}})
    yield updated("SET n = n + :v", values={":v": {"S": "1"}})
    yield updated("SET n = :v + :v", values={":v": {"SS": ["1"]}})
    for kind, value in BY_TYPE.items():
        yield updated(f"SET x = :v, y = if_not_exists(n, :v), {kind.lower()}2 = :v", values={":v": value})


def numbers() -> Iterator[Case]:
    for text in (
        "0", "-0", "0.0", "+1", "1.", ".5", "01", "1.50", "100", "1e2", "1E+2", "1e-2", "-1.5e-3", "00.10",
        "9" * 38, "9" * 39, "1" + "0" * 38, "1" * 20 + "." + "1" * 18, "1" * 20 + "." + "1" * 19,
        "9.99e125", "9.9999999999999999999999999999999999999E+125", "1e126", "-1e126", "1e-130", "1e-131", "-1e-130",
        "1e500", "abc", "", " ", " 1", "1 ", "1,5", "0x10", "NaN", "Infinity", "1e", "e5", "--1", "1.2.3", "\u0661",
    ):  # fmt: skip
        yield updated("SET x = :v", values={":v": {"N": text}}, ReturnValues="UPDATED_NEW")
    for one, other in (
        ("0.1", "0.2"),
        ("9" * 38, "1"),
        ("9" * 38, "0.1"),
        ("1e125", "1"),
        ("9e125", "9e125"),
        ("1e-130", "1e-130"),
        ("-5", "5"),
        ("1.10", "2.20"),
        ("1e20", "1e-18"),
        ("1e20", "1e-17"),
    ):
        for operator in "+-":
            yield updated(f"SET x = :a {operator} :b", values={":a": {"N": one}, ":b": {"N": other}})
    yield updated("ADD ns :v", values={":v": {"NS": ["3.0", "1e0"]}})


# --- items and keys ---------------------------------------------------------------------------------------


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
            f"{text} {_brief(value)}",
            "UpdateItem",
            table="Indexed",
            items=[entry],
            values={":v": value},
            Key=KEY,
            UpdateExpression=text,
            ReturnValues="ALL_NEW",
            ReturnConsumedCapacity="INDEXES",
        )


# --- reads ------------------------------------------------------------------------------------------------


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


# --- what comes back --------------------------------------------------------------------------------------


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


# --- batches and transactions -----------------------------------------------------------------------------


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


# --- tables -----------------------------------------------------------------------------------------------


def tables() -> Iterator[Case]:
    fine = a_table("Made")

    def create(name: str, **changes: Any) -> Case:
        return Case(
            f"create {name}", "CreateTable", {k: v for k, v in (fine | changes).items() if v is not None}
        )

    keys, types = fine["KeySchema"], fine["AttributeDefinitions"]
    throughput = {"ReadCapacityUnits": 1, "WriteCapacityUnits": 2}
    index = {"IndexName": "One", **an_index("sk")}
    yield create("on demand")
    yield create("provisioned", BillingMode=None, ProvisionedThroughput=throughput)
    yield create("provisioned by name", BillingMode="PROVISIONED", ProvisionedThroughput=throughput)
    yield create("without throughput", BillingMode=None)
    yield create("with both", ProvisionedThroughput=throughput)
    yield create(
        "with no capacity",
        BillingMode=None,
        ProvisionedThroughput={"ReadCapacityUnits": 0, "WriteCapacityUnits": 1},
    )
    yield create("with an unknown mode", BillingMode="FOO")
    yield create("without a name", TableName=None)
    yield create("with a short name", TableName="ab")
    yield create("with a long name", TableName="a" * 256)
    yield create("with a bad name", TableName="a;b")
    yield create("without keys", KeySchema=None)
    yield create("with no keys", KeySchema=[])
    yield create("with three keys", KeySchema=[*keys, keys[0]])
    yield create("with two hashes", KeySchema=[keys[0], keys[0] | {"AttributeName": "sk"}])
    yield create("with the range first", KeySchema=keys[::-1])
    yield create("with one key twice", KeySchema=[keys[0], keys[1] | {"AttributeName": "pk"}])
    yield create("with a hash only and two types", KeySchema=keys[:1])
    yield create("with a key without a type", AttributeDefinitions=types[:1])
    yield create("without types", AttributeDefinitions=None)
    yield create(
        "with an unknown type", AttributeDefinitions=[types[0] | {"AttributeType": "BOOL"}, types[1]]
    )
    yield create("with a type twice", AttributeDefinitions=[*types, types[0]])
    yield create("with an index", GlobalSecondaryIndexes=[index])
    yield create("with an index twice", GlobalSecondaryIndexes=[index, index])
    yield create("with no indexes", GlobalSecondaryIndexes=[])
    yield create(
        "with an index without a type", GlobalSecondaryIndexes=[{"IndexName": "One", **an_index("zz")}]
    )
    yield create(
        "with an index without a projection",
        GlobalSecondaryIndexes=[{k: index[k] for k in ("IndexName", "KeySchema")}],
    )
    yield create(
        "with a bad projection", GlobalSecondaryIndexes=[index | {"Projection": {"ProjectionType": "FOO"}}]
    )
    yield create("with an empty projection", GlobalSecondaryIndexes=[index | {"Projection": {}}])
    yield create(
        "with INCLUDE of nothing",
        GlobalSecondaryIndexes=[index | {"Projection": {"ProjectionType": "INCLUDE"}}],
    )
    yield create(
        "with ALL and names", GlobalSecondaryIndexes=[{"IndexName": "One", **an_index("sk", "ALL", "x")}]
    )
    yield create("with a short index name", GlobalSecondaryIndexes=[index | {"IndexName": "a"}])
    yield create(
        "with 21 indexes", GlobalSecondaryIndexes=[index | {"IndexName": f"I{n:02}"} for n in range(21)]
    )
    yield create(
        "with 20 indexes", GlobalSecondaryIndexes=[index | {"IndexName": f"I{n:02}"} for n in range(20)]
    )
    yield create(
        "with an index's throughput on demand",
        GlobalSecondaryIndexes=[index | {"ProvisionedThroughput": throughput}],
    )
    yield create(
        "provisioned with an index without",
        BillingMode=None,
        ProvisionedThroughput=throughput,
        GlobalSecondaryIndexes=[index],
    )
    local = {"IndexName": "Two", **an_index("pk lk")}
    more = [*types, {"AttributeName": "lk", "AttributeType": "N"}]
    yield create("with a local index", AttributeDefinitions=more, LocalSecondaryIndexes=[local])
    yield create(
        "with 6 local indexes",
        AttributeDefinitions=more,
        LocalSecondaryIndexes=[local | {"IndexName": f"I{n:02}"} for n in range(6)],
    )
    yield create(
        "with a local index of another hash",
        LocalSecondaryIndexes=[{"IndexName": "Two", **an_index("sk pk")}],
    )
    yield create(
        "with a local index without a range", LocalSecondaryIndexes=[{"IndexName": "Two", **an_index("pk")}]
    )
    yield create(
        "with a local index and a hash only",
        KeySchema=keys[:1],
        AttributeDefinitions=[types[0], more[2]],
        LocalSecondaryIndexes=[local],
    )
    yield create(
        "with one name for two indexes",
        AttributeDefinitions=more,
        LocalSecondaryIndexes=[local],
        GlobalSecondaryIndexes=[index | {"IndexName": "Two"}],
    )
    yield create("with a stream", StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"})
    yield create("with a stream of no kind", StreamSpecification={"StreamEnabled": True})
    yield create(
        "with a kind of stream and none",
        StreamSpecification={"StreamEnabled": False, "StreamViewType": "NEW_IMAGE"},
    )
    yield Case("create one that is there", "CreateTable", TABLES["Things"], {"Things": []})
    for name in ("Things", "Indexed", "Provisioned", "Nowhere", "a"):
        for operation in ("DescribeTable", "DeleteTable"):
            yield Case(f"{operation} {name}", operation, {"TableName": name}, {"Things": [KEY]})
    yield Case("list", "ListTables", {}, {"Things": [], "Indexed": [], "Hashed": []})
    yield Case("list one", "ListTables", {"Limit": 1}, {"Things": [], "Indexed": [], "Hashed": []})
    yield Case(
        "list from",
        "ListTables",
        {"ExclusiveStartTableName": "Hashed"},
        {"Things": [], "Indexed": [], "Hashed": []},
    )
    yield Case("list 0", "ListTables", {"Limit": 0})
    yield Case("list 101", "ListTables", {"Limit": 101})


def table_updates() -> Iterator[Case]:
    throughput = {"ReadCapacityUnits": 3, "WriteCapacityUnits": 3}
    index = {"IndexName": "New", **an_index("x")}
    kinds = [{"AttributeName": "x", "AttributeType": "S"}]

    def update(name: str, table: str = "Things", **request: Any) -> Case:
        return a_case(name, "UpdateTable", table=table, **request)

    yield update("nothing")
    yield update("a table that is not there", "Nowhere", BillingMode="PAY_PER_REQUEST")
    yield update("to provisioned", BillingMode="PROVISIONED", ProvisionedThroughput=throughput)
    yield update("to provisioned without figures", BillingMode="PROVISIONED")
    yield update("throughput on demand", ProvisionedThroughput=throughput)
    yield update("throughput", "Provisioned", ProvisionedThroughput=throughput)
    yield update(
        "the same throughput",
        "Provisioned",
        ProvisionedThroughput={"ReadCapacityUnits": 5, "WriteCapacityUnits": 6},
    )
    yield update("to on demand", "Provisioned", BillingMode="PAY_PER_REQUEST")
    yield update("an index more", AttributeDefinitions=kinds, GlobalSecondaryIndexUpdates=[{"Create": index}])
    yield update("an index without a type", GlobalSecondaryIndexUpdates=[{"Create": index}])
    yield update("two indexes at once", AttributeDefinitions=kinds,
                 GlobalSecondaryIndexUpdates=[{"Create": index}, {"Create": index | {"IndexName": "Other"}}])  # fmt: skip
    yield update(
        "an index that is there",
        "Indexed",
        GlobalSecondaryIndexUpdates=[{"Create": {"IndexName": "ByGroup", **an_index("g")}}],
    )
    yield update(
        "without an index", "Indexed", GlobalSecondaryIndexUpdates=[{"Delete": {"IndexName": "ByGroup"}}]
    )
    yield update(
        "without an index that is not there",
        "Indexed",
        GlobalSecondaryIndexUpdates=[{"Delete": {"IndexName": "Nothing"}}],
    )
    yield update("an empty change", GlobalSecondaryIndexUpdates=[{}])
    yield update("a stream", StreamSpecification={"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"})
    yield update("no stream", StreamSpecification={"StreamEnabled": False})
    yield update("protection", DeletionProtectionEnabled=True)


def time_to_live() -> Iterator[Case]:
    on = {"TableName": "Things", "TimeToLiveSpecification": {"Enabled": True, "AttributeName": "ttl"}}
    off = {"TableName": "Things", "TimeToLiveSpecification": {"Enabled": False, "AttributeName": "ttl"}}
    enabled = [("UpdateTimeToLive", on)]
    yield Case("describe none", "DescribeTimeToLive", {"TableName": "Things"})
    yield Case("describe nowhere", "DescribeTimeToLive", {"TableName": "Nowhere"})
    yield Case("enable", "UpdateTimeToLive", on)
    yield Case("enable nowhere", "UpdateTimeToLive", on | {"TableName": "Nowhere"})
    yield Case("disable what is off", "UpdateTimeToLive", off)
    yield Case("describe one", "DescribeTimeToLive", {"TableName": "Things"}, {"Things": []}, before=enabled)
    yield Case("enable twice", "UpdateTimeToLive", on, {"Things": []}, before=enabled)
    yield Case(
        "enable without a name",
        "UpdateTimeToLive",
        {"TableName": "Things", "TimeToLiveSpecification": {"Enabled": True}},
    )
    yield Case(
        "enable an empty name",
        "UpdateTimeToLive",
        {"TableName": "Things", "TimeToLiveSpecification": {"Enabled": True, "AttributeName": ""}},
    )
    yield Case("no specification", "UpdateTimeToLive", {"TableName": "Things"})


LEGACY = "The parameters of before 2014 are not emulated: expressions replaced them; they are refused with a clear text."


def legacy_parameters() -> Iterator[Case]:
    equals = {"AttributeValueList": [{"S": "a"}], "ComparisonOperator": "EQ"}
    for operation, more, name, value, instead in (
        ("GetItem", {"Key": KEY}, "AttributesToGet", ["pk"], "ProjectionExpression"),
        ("PutItem", {"Item": KEY}, "Expected", {"x": {"Exists": False}}, "ConditionExpression"),
        ("DeleteItem", {"Key": KEY}, "Expected", {"x": {"Exists": False}}, "ConditionExpression"),
        ("UpdateItem", {"Key": KEY}, "AttributeUpdates", {"x": {"Value": {"S": "a"}}}, "UpdateExpression"),
        ("UpdateItem", {"Key": KEY}, "Expected", {"x": {"Exists": False}}, "ConditionExpression"),
        ("Query", {}, "KeyConditions", {"pk": equals}, "KeyConditionExpression"),
        ("Scan", {}, "ScanFilter", {"x": equals}, "FilterExpression"),
        ("Scan", {}, "AttributesToGet", ["pk"], "ProjectionExpression"),
    ):
        request = {"TableName": "Things", **more, name: value}
        text = f"The legacy parameter {name} is not emulated by fanout-harness; use {instead} instead."
        refusal = {"error": {"code": "ValidationException", "message": text}}
        yield Case(f"{operation} with {name}", operation, request, here=refusal, differs=LEGACY)
        yield Case(
            f"{operation} with {name} and {instead}", operation, request | {instead: "attribute_exists(pk)"}
        )


THEMES: Mapping[str, Callable[[], Iterator[Case]]] = {
    theme.__name__: theme
    for theme in (
        comparisons, condition_functions, condition_logic, condition_errors, projections, reserved_words, updates,
        update_types, numbers, put_errors, key_errors, index_key_updates, key_conditions, indexes, pagination,
        return_values, capacity, batches, transactions, tables, table_updates, time_to_live, legacy_parameters,
    )
}  # fmt: skip
"""The themes, by the name of their file."""
