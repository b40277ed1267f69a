"""What a schema cannot say, for Schemathesis: every request is a new one, and cursors come from pages."""

import re
from typing import Any
from uuid import uuid4

import schemathesis

KEY = "Idempotency-Key"
_KEY = re.compile(r"[!-~]{1,200}")
_CURSOR = re.compile(r"[0-9A-Za-z_=-]{0,200}")


@schemathesis.hook
def before_call(_context: Any, case: Any, _arguments: dict[str, Any]) -> None:  # noqa: ANN401  # its own types
    """Give a good request a key of its own, and none of ours as a cursor: what is wrong stays as it is."""
    if getattr(case.meta.phase.data, "parameter", None) == "Authorization":
        return  # it leaves it out, as long as nobody touches the headers
    if case.headers and _KEY.fullmatch(str(case.headers.get(KEY, ""))):
        case.headers[KEY] = f"st-{uuid4()}"
    if case.query and _CURSOR.fullmatch(str(case.query.get("cursor", "\n"))):
        del case.query["cursor"]
