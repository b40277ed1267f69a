"""The script that turns a PostgreSQL database into a sharded Citus one, from the registry of tables."""

from sqlalchemy import Table

from bot.storage.tables import Kind, Row, kind_of

_SHARDS = 32
_OWN_COLUMN = {
    "directory": "value",
    "suppression": "address_hash",
    "parked_refund": "reference",
    "api_answer": "key",
    "counter": "name",
    "step_figure": "flow",
    "sender": "name",
    "tally": "name",
    "seen_message": "id",
    "audience_size": "audience",
    "learnt": "event",
    "built": "what",
}


def script() -> str:
    """SQL to run once on the coordinator, in this order: shared tables first, `contact` before its like."""
    tables = Row.metadata.sorted_tables
    lines = ["SET citus.enable_local_reference_table_foreign_keys TO off;"]
    lines += [_shared(table) for table in tables if kind_of(table) is Kind.SHARED]
    owned = [table for table in tables if kind_of(table) is Kind.CONTACT_OWNED]
    owned.sort(key=lambda table: table.name != "contact")
    lines += [_distributed(table, "contact") for table in owned]
    lines += [
        _distributed(table, None) for table in tables if kind_of(table) in {Kind.DIRECTORY, Kind.COUNTER}
    ]
    return "\n".join(lines)


def _shared(table: Table) -> str:
    return f"SELECT create_reference_table('{table.name}');"


def _distributed(table: Table, together_with: str | None) -> str:
    column = _OWN_COLUMN.get(table.name, "bucket")
    where = f"colocate_with => '{together_with}'"
    if together_with is None:
        where = f"colocate_with => 'none', shard_count => {_SHARDS}"
    elif together_with == table.name:
        where = f"shard_count => {_SHARDS}"
    return f"SELECT create_distributed_table('{table.name}', '{column}', {where});"
