"""Cases of the corpus on expressions: conditions, projections, updates."""

from collections.abc import Iterator
from itertools import product

from tests.emulator.dynamodb.corpus_cases import (
    BY_TYPE,
    KEY,
    a_case,
    filtered,
    updated,
)
from tests.emulator.dynamodb.corpus_format import Body, Case


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
