"""Requests of the corpus, by theme; what they are answered is recorded, not written."""

from collections.abc import Callable, Iterator, Mapping

from tests.emulator.dynamodb.corpus_expressions import (
    comparisons,
    condition_errors,
    condition_functions,
    condition_logic,
    numbers,
    projections,
    reserved_words,
    update_types,
    updates,
)
from tests.emulator.dynamodb.corpus_format import Case
from tests.emulator.dynamodb.corpus_items import (
    batches,
    capacity,
    index_key_updates,
    key_errors,
    put_errors,
    return_values,
    transactions,
)
from tests.emulator.dynamodb.corpus_reads import (
    indexes,
    key_conditions,
    pagination,
)
from tests.emulator.dynamodb.corpus_tables import (
    legacy_parameters,
    table_updates,
    tables,
    time_to_live,
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
