"""Errors of DynamoDB, each by AWS's name and in AWS's words."""

from collections.abc import Mapping, Sequence

VALIDATION = "ValidationException"

_FAILED_CONDITION = "The conditional request failed"
_PROVISIONED = (
    "The level of configured provisioned throughput for the table was exceeded. "
    "Consider increasing your provisioning level with the UpdateTable API."
)
_ON_DEMAND = (
    "Throughput exceeds the current capacity of your table or index. DynamoDB is automatically scaling your "
    "table or index so please try again shortly. If exceptions persist, check if you have a hot key: "
    "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/bp-partition-key-design.html"
)
_ACCOUNT = (
    "Throughput exceeds the current throughput limit for your account. "
    "Please contact AWS Support at https://aws.amazon.com/support to request a limit increase"
)


class DynamoDbError(Exception):
    """A refusal. `code` is AWS's name, without a namespace; `extra` are further members of the answer's body.

    All are answered with HTTP status 400, but `InternalServerError` with 500 (D-20).
    """

    def __init__(self, code: str, message: str, extra: Mapping[str, object] | None = None) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.extra: Mapping[str, object] = extra or {}


def validation(message: str) -> DynamoDbError:
    """What is wrong with the request, in AWS's words."""
    return DynamoDbError(VALIDATION, message)


def invalid_parameters(message: str) -> DynamoDbError:
    """A ValidationException of the form that most parameters' checks share."""
    return validation(f"One or more parameter values were invalid: {message}")


def serialization(message: str) -> DynamoDbError:
    """The body is no JSON, or a member has another JSON type than the model says."""
    return DynamoDbError("SerializationException", message)


def unknown_operation(operation: str) -> DynamoDbError:
    """An operation that is not emulated, refused by its name."""
    return DynamoDbError("UnknownOperationException", f"{operation} is not emulated by fanout-harness")


def resource_not_found(message: str = "Requested resource not found") -> DynamoDbError:
    """No such table, index or stream."""
    return DynamoDbError("ResourceNotFoundException", message)


def table_not_found(table: str) -> DynamoDbError:
    """What the control plane says of a missing table; the data plane says `resource_not_found()`."""
    return resource_not_found(f"Requested resource not found: Table: {table} not found")


def resource_in_use(message: str) -> DynamoDbError:
    """The table is not in a state for that, or exists."""
    return DynamoDbError("ResourceInUseException", message)


def table_exists(table: str) -> DynamoDbError:
    """CreateTable of a name that is taken."""
    return resource_in_use(f"Table already exists: {table}")


def limit_exceeded(message: str) -> DynamoDbError:
    """A quota of the control plane, such as one index change at a time."""
    return DynamoDbError("LimitExceededException", message)


def conditional_check_failed(item: Mapping[str, object] | None = None) -> DynamoDbError:
    """The condition did not hold; `item` only with ReturnValuesOnConditionCheckFailure=ALL_OLD (D-22)."""
    extra: Mapping[str, object] = {} if item is None else {"Item": item}
    return DynamoDbError("ConditionalCheckFailedException", _FAILED_CONDITION, extra)


def cancellation_reason(error: DynamoDbError | None = None) -> Mapping[str, object]:
    """Why one action of a transaction was not done, from the error it would have given alone; None for no cause."""
    if error is None:
        return {"Code": "None"}
    code = _REASON_CODES.get(error.code, error.code)
    return {"Code": code, "Message": error.message, **error.extra}


_REASON_CODES: Mapping[str, str] = {
    "ConditionalCheckFailedException": "ConditionalCheckFailed",
    "ItemCollectionSizeLimitExceededException": "ItemCollectionSizeLimitExceeded",
    "ProvisionedThroughputExceededException": "ProvisionedThroughputExceeded",
    "ThrottlingException": "ThrottlingError",
    "TransactionConflictException": "TransactionConflict",
    VALIDATION: "ValidationError",
}


def transaction_cancelled(reasons: Sequence[Mapping[str, object]]) -> DynamoDbError:
    """A transaction that was not done; one reason for each action, in their order."""
    codes = ", ".join(str(reason["Code"]) for reason in reasons)
    message = f"Transaction cancelled, please refer cancellation reasons for specific reasons [{codes}]"
    return DynamoDbError("TransactionCanceledException", message, {"CancellationReasons": list(reasons)})


def transaction_conflict() -> DynamoDbError:
    """Another transaction works on the item."""
    return DynamoDbError("TransactionConflictException", "Transaction is ongoing for the item")


def idempotent_parameter_mismatch() -> DynamoDbError:
    """A client request token came again with other parameters."""
    return DynamoDbError(
        "IdempotentParameterMismatchException",
        "An error occurred (IdempotentParameterMismatchException): The client request token was used with "
        "different parameters",
    )


def throughput_exceeded(reasons: Sequence[Mapping[str, object]] = ()) -> DynamoDbError:
    """A provisioned table or index is throttled (D-60); `reasons` as ThrottlingReasons (D-62)."""
    return DynamoDbError("ProvisionedThroughputExceededException", _PROVISIONED, _throttling(reasons))


def on_demand_throughput_exceeded(reasons: Sequence[Mapping[str, object]] = ()) -> DynamoDbError:
    """An on-demand table or index is throttled (D-61)."""
    return DynamoDbError("ThrottlingException", _ON_DEMAND, _throttling(reasons))


def request_limit_exceeded(reasons: Sequence[Mapping[str, object]] = ()) -> DynamoDbError:
    """The account is throttled (D-61)."""
    return DynamoDbError("RequestLimitExceeded", _ACCOUNT, _throttling(reasons))


def control_plane_throttled() -> DynamoDbError:
    """Too many control plane operations (D-61)."""
    return DynamoDbError("ThrottlingException", "Rate of requests exceeds the allowed throughput.")


def _throttling(reasons: Sequence[Mapping[str, object]]) -> Mapping[str, object]:
    return {"ThrottlingReasons": list(reasons)} if reasons else {}


def item_collection_too_large() -> DynamoDbError:
    """A collection of a table with local secondary indexes would outgrow 10 GB."""
    return DynamoDbError(
        "ItemCollectionSizeLimitExceededException", "Collection size exceeded. Collection size exceeds 10 GB"
    )


def trimmed_data(message: str) -> DynamoDbError:
    """A stream position whose records are gone."""
    return DynamoDbError("TrimmedDataAccessException", message)


def expired_iterator(
    message: str = "Iterator expired. The iterator was created too long ago",
) -> DynamoDbError:
    """A shard iterator that is older than 15 minutes."""
    return DynamoDbError("ExpiredIteratorException", message)
