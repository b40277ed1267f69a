"""What was last decided about contacts at the doors of flows, as rows."""

from bot.core.flow.door import Evaluation
from bot.core.ids import bucket_of, microseconds
from bot.storage.rows import RowValues, to_json


def evaluation_row(contact_id: str, one: Evaluation) -> RowValues:
    """Values of `evaluation`."""
    bucket = bucket_of(contact_id)
    return (
        bucket,
        contact_id,
        one.flow,
        one.step,
        microseconds(one.at),
        one.verdict,
        to_json(dict(one.facts)),
    )
