"""The part of `flows/policy.yaml` about the global control group."""

import re
from decimal import Decimal
from typing import Annotated

from pydantic import BeforeValidator, Field

from bot.core.control_group import PARTS, ControlGroup
from bot.core.flow.fields import Part, wrong

_SHARE = re.compile(r"(\d{1,2}(?:\.\d{1,2})?)\s*%", re.ASCII)
_SHARE_MAX = 15


def _share(value: object) -> object:
    found = _SHARE.fullmatch(str(value).strip())
    share = Decimal(found[1]) if found is not None else Decimal(0)
    if not 0 < share <= _SHARE_MAX:
        raise wrong(f"'{value}' is no share of contacts", f"write it like 5%, at most {_SHARE_MAX}%")
    return int(share * (PARTS // 100))


class ControlPart(Part):
    """The global control group: who is in it stays in it, and as many others are what it is compared with.

    Required and service messages go on, and so does whatever answers a contact.
    """

    share: Annotated[int, BeforeValidator(_share, json_schema_input_type=str)] = Field(
        description=f"How large it is, as in 5%; at most {_SHARE_MAX}%.", examples=["5%"]
    )
    salt: str = Field("", max_length=100, description="Other words draw it anew; not more than once a month.")

    def control(self) -> ControlGroup:
        """Return it as the door of a flow asks for it."""
        return ControlGroup(self.share, self.salt)
