"""The page on refills, stock, pairs and simulations: every figure and example on it is reckoned."""

import re
from datetime import date, timedelta
from pathlib import Path

import yaml

from bot.core.deeds.refill_turns import DUE
from bot.core.loyalty.pace import Paces, Purchase, law_of
from bot.core.loyalty.refill import PROMPT, WINDOW, RefillRules
from bot.core.loyalty.stock import BACK, LOW
from bot.insights.order_files import read_orders
from bot.insights.pairs import FALSE_MAX, TOGETHER_MIN

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "loyalty" / "refill.md").read_text(encoding="utf-8")
ROW = re.compile(
    r"^\| (\d+) days \| (\d+) \| after (\d+) days \| between (\d+) and (\d+) days \|$", re.MULTILINE
)


def block(language: str) -> str:
    found = re.search(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)
    assert found is not None
    return found[1]


def test_the_section_is_one() -> None:
    rules = RefillRules.model_validate(yaml.safe_load(block("yaml"))["refill"])
    assert rules.lasts("beans and leaves") == 30


def test_the_table_is_what_the_law_says() -> None:
    rows = [tuple(map(int, row)) for row in ROW.findall(PAGE)]
    assert len(rows) == 3
    for gap, times, *said in rows:
        days = [date(2026, 1, 1) + timedelta(days=gap * number) for number in range(times)]
        law = law_of([Purchase(day, 1) for day in days], Paces().of("beans", 30))
        assert [round(law.days(chance)) for chance in (PROMPT, *WINDOW)] == said
    assert f"of 100 chances, {PROMPT:.0%}"[:-1] in PAGE


def test_what_a_simulation_reads_is_written_so(tmp_path: Path) -> None:
    file = tmp_path / "orders.csv"
    file.write_text(block("csv"), encoding="utf-8")
    (past,) = read_orders(file, "UTC", 2)
    assert (past.order.total_minor, past.returned_at is not None) == (1190, True)


def test_the_figures_are_those_of_the_rules() -> None:
    assert f"A pair needs {TOGETHER_MIN} baskets" in PAGE
    assert f"{FALSE_MAX:.0%} may be false".replace("%", " %") in PAGE
    for event in (DUE, BACK, LOW):
        assert f"`{event}`" in PAGE
    measured = (ROOT / "benchmarks" / "README.md").read_text(encoding="utf-8")
    for figure in ("80.4 %", "12.6 days", "15.0"):
        assert figure in PAGE
        assert figure in measured
