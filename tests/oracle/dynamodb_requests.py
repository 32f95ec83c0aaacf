"""Which operations may be asked of a DynamoDB table? Hypothesis strategies for tables, items and expressions.

Keys and attributes are few, so that operations meet; most requests are sound, and some are wrong on purpose.
"""

from dataclasses import dataclass, field
from typing import Any

from hypothesis import strategies as st

from tests.emulator.dynamodb.corpus_format import Body
from tests.emulator.dynamodb.engines import a_table, an_index

Step = tuple[str, Body]
"""An operation and its parameters; `TableName` is filled in when it is played."""

TABLE = "Compared"

SHAPES: tuple[Body, ...] = (
    a_table(
        TABLE,
        types={"n": "N", "m": "N"},
        global_indexes={"ByGroup": an_index("g n"), "Keys": an_index("g", "KEYS_ONLY")},
        local_indexes={"Local": an_index("pk m", "INCLUDE", "a b")},
    ),
    a_table(
        TABLE, "pk sk", types={"sk": "N", "n": "N"}, global_indexes={"ByGroup": an_index("g", "INCLUDE", "a")}
    ),
    a_table(TABLE, "pk", types={"pk": "N"}),
    a_table(TABLE, "pk sk", types={"sk": "B"}),
)

# --- values -----------------------------------------------------------------------------------------------

_ODD = ["0.1", "1E-3", "-0", "12345678901234567890", "9e125", "1.50", "007", "-1e-130"]
NUMBERS = st.sampled_from(["0", "1", "2", "3", "-1", "1.5", "10", "1e2", "100", *_ODD]) | st.integers(
    -20, 20
).map(str)
TEXTS = st.sampled_from(["", "a", "ab", "abc", "b", "é", "S", "N", "L", "z" * 300])
BYTES = st.sampled_from([b"", b"a", b"ab", b"b", b"\xff"])
SCALARS = st.one_of(
    NUMBERS.map(lambda n: {"N": n}),
    TEXTS.map(lambda s: {"S": s}),
    NUMBERS.map(lambda n: {"N": n}),
    BYTES.map(lambda b: {"B": b}),
    st.booleans().map(lambda b: {"BOOL": b}),
    st.just({"NULL": True}),
)
SETS = st.one_of(
    st.lists(st.sampled_from(["a", "b", "ab", "c"]), min_size=1, max_size=3, unique=True).map(
        lambda s: {"SS": s}
    ),
    st.lists(st.sampled_from(["1", "2", "3.0", "10"]), min_size=1, max_size=3, unique=True).map(
        lambda s: {"NS": s}
    ),
    st.lists(st.sampled_from([b"a", b"b"]), min_size=1, max_size=2, unique=True).map(lambda s: {"BS": s}),
)
VALUES: st.SearchStrategy[Body] = st.recursive(
    SCALARS | SETS,
    lambda inner: (
        st.lists(inner, max_size=3).map(lambda one: {"L": one})
        | st.dictionaries(st.sampled_from("xyz"), inner, max_size=3).map(lambda one: {"M": one})
    ),
    max_leaves=5,
)
LISTS = st.lists(SCALARS, max_size=3).map(lambda one: {"L": one})
MAPS = st.dictionaries(st.sampled_from("xyz"), VALUES, min_size=1, max_size=3).map(lambda one: {"M": one})
BY_ATTRIBUTE: dict[str, st.SearchStrategy[Body]] = {
    "a": NUMBERS.map(lambda n: {"N": n}) | VALUES,
    "b": NUMBERS.map(lambda n: {"N": n}),
    "c": TEXTS.map(lambda s: {"S": s}) | VALUES,
    "d": MAPS,
    "e": LISTS,
    "f": SETS,
    "g": st.sampled_from(["g", "h"]).map(lambda s: {"S": s}),
    "n": NUMBERS.map(lambda n: {"N": n}),
    "m": st.integers(0, 5).map(lambda n: {"N": str(n)}),
}
KEY_VALUES = {
    "S": st.sampled_from(["a", "b", "ab", "é"]).map(lambda s: {"S": s}),
    "N": st.sampled_from(["1", "1.0", "-2", "10", "0"]).map(lambda n: {"N": n}),
    "B": st.sampled_from([b"a", b"ab", b"\x00"]).map(lambda b: {"B": b}),
}
WRONG_KEYS = st.sampled_from([{"S": ""}, {"N": "7"}, {"NULL": True}, {"S": "q"}])


def types_of(shape: Body) -> dict[str, str]:
    """The type of each key attribute."""
    return {one["AttributeName"]: one["AttributeType"] for one in shape["AttributeDefinitions"]}


def key_names(schema: list[Body]) -> list[str]:
    """The names in a KeySchema."""
    return [one["AttributeName"] for one in schema]


@st.composite
def keys(draw: st.DrawFn, shape: Body) -> Body:
    """A key, once in a while not one of the table."""
    names, types = key_names(shape["KeySchema"]), types_of(shape)
    key = {name: draw(KEY_VALUES[types[name]]) for name in names}
    if draw(st.integers(0, 39)) == 0:
        key[draw(st.sampled_from([*names, "x"]))] = draw(WRONG_KEYS)
    return key


@st.composite
def items(draw: st.DrawFn, shape: Body) -> Body:
    """An item of the table."""
    chosen = draw(st.lists(st.sampled_from(sorted(BY_ATTRIBUTE)), max_size=9, unique=True))
    return draw(keys(shape)) | {name: draw(BY_ATTRIBUTE[name]) for name in chosen}


# --- expressions ------------------------------------------------------------------------------------------

_NAMES = {"#a": "a", "#d": "d", "#x": "x", "#g": "g", "#status": "status"}


@dataclass
class Placeholders:
    """The names and values that expressions of one request used so far."""

    draw: st.DrawFn
    names: dict[str, str] = field(default_factory=dict)
    values: Body = field(default_factory=dict)

    def value(self, strategy: st.SearchStrategy[Body] = VALUES) -> str:
        """A new value's placeholder."""
        name = f":v{len(self.values)}"
        self.values[name] = self.draw(strategy)
        return name

    def path(self) -> str:
        """A document path."""
        root = self.pick("a", "b", "c", "d", "e", "f", "g", "n", "#a", "#d", "absent")
        while self.chance(4):
            root += self.pick(".x", ".y", "[0]", "[1]", ".#x", "[5]")
        self.names |= {
            name: full
            for name, full in _NAMES.items()
            if name in root.replace(".", " ").split("[")[0].split()
        }
        self.names |= {"#x": "x"} if ".#x" in root else {}
        return root

    def pick(self, *of: str) -> str:
        return self.draw(st.sampled_from(of))

    def chance(self, one_in: int) -> bool:
        return self.draw(st.integers(1, one_in)) == 1

    def asked(self) -> Body:
        """The request's parameters for them."""
        asked: Body = {"ExpressionAttributeNames": dict(self.names)} if self.names else {}
        return asked | ({"ExpressionAttributeValues": dict(self.values)} if self.values else {})


def operand(of: Placeholders) -> str:
    kind = of.pick("path", "path", "value", "value", "size")
    if kind == "size":
        return f"size({of.path()})"
    return of.path() if kind == "path" else of.value(SCALARS | VALUES)


def condition(of: Placeholders, depth: int = 0) -> str:
    """A condition, at times with operands that DynamoDB refuses."""
    match of.pick(
        "compare", "compare", "between", "in", "exists", "function", "function", "and", "or", "not", "group"
    ):
        case "between":
            return f"{operand(of)} BETWEEN {of.value(SCALARS)} AND {of.value(SCALARS)}"
        case "in":
            return f"{operand(of)} IN ({operand(of)}, {operand(of)})"
        case "exists":
            return f"{of.pick('attribute_exists', 'attribute_not_exists')}({of.path()})"
        case "function":
            return function(of)
        case ("and" | "or") as word if depth < 2:
            return f"{condition(of, depth + 1)} {word.upper()} {condition(of, depth + 1)}"
        case "not" if depth < 2:
            return f"NOT {condition(of, depth + 1)}"
        case "group" if depth < 2:
            return f"({condition(of, depth + 1)})"
    return f"{operand(of)} {of.pick('=', '<>', '<', '<=', '>', '>=')} {operand(of)}"


def function(of: Placeholders) -> str:
    match of.pick("begins_with", "contains", "contains", "attribute_type"):
        case "begins_with":
            return f"begins_with({of.path()}, {of.value(TEXTS.map(lambda s: {'S': s}) | VALUES)})"
        case "contains":
            return f"contains({of.path()}, {operand(of)})"
    kinds = st.sampled_from(["S", "N", "B", "BOOL", "NULL", "SS", "L", "M"]).map(lambda s: {"S": s})
    return f"attribute_type({of.path()}, {of.value(kinds)})"


def update(of: Placeholders) -> str:
    """An UpdateExpression of one to three clauses."""
    verbs = of.draw(
        st.lists(
            st.sampled_from(["SET", "SET", "REMOVE", "ADD", "DELETE"]), min_size=1, max_size=3, unique=True
        )
    )
    return " ".join(
        f"{verb} {', '.join(action(of, verb) for _ in range(of.draw(st.integers(1, 2))))}" for verb in verbs
    )


def action(of: Placeholders, verb: str) -> str:
    number = NUMBERS.map(lambda n: {"N": n})
    match verb:
        case "SET":
            return f"{_target(of, 'a', 'b', 'c', 'e[0]', 'd.x')} = {assigned(of)}"
        case "REMOVE":
            return _target(of, "a", "e[1]", "d.y", "f", "g")
        case "ADD":
            target = _target(of, "b", "n", "f", "x")
            return f"{target} {of.value(number if target in 'bnx' else number | SETS)}"
    return f"{_target(of, 'f')} {of.value(SETS)}"


def _target(of: Placeholders, *usual: str) -> str:
    """Mostly a path that such an update is made for."""
    return of.path() if of.chance(4) else of.pick(*usual)


def assigned(of: Placeholders) -> str:
    match of.pick("plain", "plain", "sum", "append", "default"):
        case "sum":
            number = NUMBERS.map(lambda n: {"N": n})
            return f"{of.pick('a', 'b', 'n')} {of.pick('+', '-')} {of.value(number)}"
        case "append":
            return f"list_append({of.pick('e', of.path())}, {of.value(LISTS)})"
        case "default":
            return f"if_not_exists({of.path()}, {of.value()})"
    return of.path() if of.chance(4) else of.value()


def projection(of: Placeholders) -> str:
    return ", ".join(of.path() for _ in range(of.draw(st.integers(1, 3))))


# --- operations -------------------------------------------------------------------------------------------


@st.composite
def steps(draw: st.DrawFn, shape: Body) -> Step:
    """One operation on a table of that shape."""
    of = Placeholders(draw)
    operation = of.pick(*_OPERATIONS)
    return operation, _OPERATIONS[operation](of, shape)


def put_item(of: Placeholders, shape: Body) -> Body:
    asked: Body = {"Item": of.draw(items(shape))}
    return asked | _conditioned(of) | _told(of, "NONE", "ALL_OLD")


def delete_item(of: Placeholders, shape: Body) -> Body:
    return {"Key": of.draw(keys(shape))} | _conditioned(of) | _told(of, "NONE", "ALL_OLD")


def update_item(of: Placeholders, shape: Body) -> Body:
    asked: Body = {"Key": of.draw(keys(shape)), "UpdateExpression": update(of)}
    returned = _told(of, "NONE", "ALL_OLD", "ALL_NEW", "ALL_NEW", "UPDATED_OLD", "UPDATED_NEW")
    return asked | _conditioned(of) | of.asked() | returned


def get_item(of: Placeholders, shape: Body) -> Body:
    return {"Key": of.draw(keys(shape))} | _projected(of) | of.asked() | _told(of)


def query(of: Placeholders, shape: Body) -> Body:
    indexes = [*shape.get("GlobalSecondaryIndexes", ()), *shape.get("LocalSecondaryIndexes", ())]
    index = of.draw(st.sampled_from([None, None, *indexes]))
    schema = key_names((shape if index is None else index)["KeySchema"])
    asked: Body = {"KeyConditionExpression": _key_condition(of, schema, types_of(shape))}
    asked |= {"IndexName": index["IndexName"]} if index else _limited(of)
    asked |= {"FilterExpression": condition(of)} if of.chance(2) else {}
    asked |= {"ScanIndexForward": False} if of.chance(3) else {}
    return asked | _projected(of) | of.asked() | _told(of)


def scan(of: Placeholders, shape: Body) -> Body:
    asked: Body = {"FilterExpression": condition(of)} if not of.chance(4) else {}
    return asked | _projected(of) | of.asked() | _told(of)


def batch_write_item(of: Placeholders, shape: Body) -> Body:
    requests = [
        {"PutRequest": {"Item": of.draw(items(shape))}}
        if of.chance(2)
        else {"DeleteRequest": {"Key": of.draw(keys(shape))}}
        for _ in range(of.draw(st.integers(1, 3)))
    ]
    return {"RequestItems": {TABLE: requests}} | _told(of)


def batch_get_item(of: Placeholders, shape: Body) -> Body:
    asked: Body = {"Keys": [of.draw(keys(shape)) for _ in range(of.draw(st.integers(1, 3)))]} | _projected(of)
    return {"RequestItems": {TABLE: asked | of.asked()}} | _told(of)


def transact_write_items(of: Placeholders, shape: Body) -> Body:
    return {"TransactItems": [_transacted(of, shape) for _ in range(of.draw(st.integers(1, 3)))]}


def _transacted(of: Placeholders, shape: Body) -> Body:
    one = Placeholders(of.draw)
    match of.pick("Put", "Delete", "Update", "ConditionCheck"):
        case "Put":
            return {"Put": {"TableName": TABLE, "Item": of.draw(items(shape))} | _conditioned(one)}
        case "Delete":
            return {"Delete": {"TableName": TABLE, "Key": of.draw(keys(shape))} | _conditioned(one)}
        case "Update":
            asked = {"TableName": TABLE, "Key": of.draw(keys(shape)), "UpdateExpression": update(one)}
            return {"Update": asked | one.asked()}
    asked = {"TableName": TABLE, "Key": of.draw(keys(shape)), "ConditionExpression": condition(one)}
    return {"ConditionCheck": asked | one.asked()}


def transact_get_items(of: Placeholders, shape: Body) -> Body:
    count = of.draw(st.integers(1, 2))
    return {
        "TransactItems": [{"Get": {"TableName": TABLE, "Key": of.draw(keys(shape))}} for _ in range(count)]
    }


_OPERATIONS = {
    "PutItem": put_item,
    "UpdateItem": update_item,
    "DeleteItem": delete_item,
    "GetItem": get_item,
    "Query": query,
    "Scan": scan,
    "BatchWriteItem": batch_write_item,
    "BatchGetItem": batch_get_item,
    "TransactWriteItems": transact_write_items,
    "TransactGetItems": transact_get_items,
}


def _conditioned(of: Placeholders) -> Body:
    if not of.chance(3):
        return {}
    asked: Body = {"ConditionExpression": condition(of)}
    if of.chance(2):
        asked["ReturnValuesOnConditionCheckFailure"] = "ALL_OLD"
    return asked | of.asked()


def _told(of: Placeholders, *returned: str) -> Body:
    asked: Body = {"ReturnValues": of.pick(*returned)} if returned else {}
    return asked | ({"ReturnConsumedCapacity": of.pick("TOTAL", "INDEXES")} if of.chance(3) else {})


def _projected(of: Placeholders) -> Body:
    return {"ProjectionExpression": projection(of)} if of.chance(3) else {}


def _limited(of: Placeholders) -> Body:
    return {"Limit": of.draw(st.integers(1, 4))} if of.chance(3) else {}


def _key_condition(of: Placeholders, schema: list[str], types: dict[str, str]) -> str:
    def value(name: str) -> str:
        strategy: st.SearchStrategy[Any] = KEY_VALUES[types[name]]
        return of.value(BY_ATTRIBUTE.get(name, strategy) if name in "gnm" else strategy)

    text = f"{schema[0]} = {value(schema[0])}"
    if len(schema) == 1 or of.chance(2):
        return text
    name = schema[1]
    match of.pick("=", "<", "<=", ">", ">=", "BETWEEN", "begins_with"):
        case "BETWEEN":
            return f"{text} AND {name} BETWEEN {value(name)} AND {value(name)}"
        case "begins_with":
            return f"{text} AND begins_with({name}, {value(name)})"
        case operator:
            return f"{text} AND {name} {operator} {value(name)}"
