"""A flow may give what the program offers, or a season of it, and nothing else."""

import shutil
from pathlib import Path

import pytest

from bot.app import HANDLERS
from bot.conversation.checking import look_over

ROOT = Path(__file__).parents[2]
FLOW = """\
flow: spring
title: Give something in spring
start:
  - keyword: SPRINGTIME
steps:
  - offer: {name}
    as: given
    else:
      - end
  - say: "{{{{ given.title }}}}: {{{{ given.code }}}}"
"""
SEASON = """\
season: spring_days
from: 2027-03-01
until: 2027-03-31
offers:
  spring10:
    title: {en: 10% off in spring}
    percent: 10%
    most: 5.00
"""


def errors(folder: Path, offer: str) -> list[str]:
    """What is said of the shipped files with a season's offer and a flow that gives one."""
    flows = folder / "flows"
    shutil.copytree(ROOT / "flows", flows)
    (flows / "seasons" / "spring_days.yaml").write_text(SEASON, encoding="utf-8")
    (flows / "spring.yaml").write_text(FLOW.format(name=offer), encoding="utf-8")
    return [str(each) for each in look_over(flows, ROOT / "locales", HANDLERS).errors]


@pytest.mark.parametrize("offer", ["tea_time", "spring10"])
def test_offers_of_the_program_and_of_its_seasons_are_known(tmp_path: Path, offer: str) -> None:
    assert not errors(tmp_path, offer)


def test_an_offer_that_nobody_describes_is_refused_with_its_line(tmp_path: Path) -> None:
    (error,) = errors(tmp_path, "spring01")
    assert "spring.yaml:6:5: program.yaml has no offer 'spring01' (did you mean 'spring10'?)" in error
