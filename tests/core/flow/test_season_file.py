"""A season's file: joined to the program for its days, each mistake told where it stands."""

from datetime import date
from pathlib import Path

import pytest

from bot.core.errors import FlowError
from bot.core.flow.reader import Document, read
from bot.core.flow.season_file import read_season, read_seasoned_program

FLOWS = Path(__file__).parents[3] / "flows"
PROGRAM = """
program: Leaf Club
currency: {code: USD}
point_value: 0.01
earning:
  rate: 5%
  rules:
    - {id: gift, credit: 1.00}
tiers:
  per: year
  levels: [{id: gold, name: Gold, spend: 100}]
"""
HEAD = """\
season: autumn
from: 2026-11-01
until: 2026-11-30
"""
SEASON = (
    HEAD
    + """\
earning:
  rules:
    - {id: tea, category: tea, multiplier: 2, fund: autumn}
    - {id: week, rate: 1%, from: 2026-11-09, until: 2026-11-15}
  cards:
    - {id: tea, name: Tea, category: tea, buy: 4, get: {credit: 2.00}}
funds: {autumn: {limit: 100}}
rebates:
  - {id: back, rate: 10%}
tiers: {multipliers: [{tier: gold, multiplier: 2}]}
"""
)
ONCE = "drops: [{{id: roast, name: Roast, sku: A, price: 3, units: 4, at: {}}}]\n"


def season(text: str, name: str = "autumn") -> Document:
    return read(text, f"flows/seasons/{name}.yaml")


def complaint(*texts: str, program: str = PROGRAM) -> str:
    names = ["autumn", "other"]
    documents = [season(text, name) for text, name in zip(texts, names, strict=False)]
    with pytest.raises(FlowError) as raised:
        read_seasoned_program(read(program, "flows/program.yaml"), documents, [""] * len(documents))
    assert not raised.value.others
    return str(raised.value)


def test_what_a_season_adds_lasts_as_long_as_the_season() -> None:
    program = read_seasoned_program(read(PROGRAM, "program.yaml"), [season(SEASON)], ["seasons/autumn@3"])
    rules = {rule.id: rule for rule in program.earning.rules}
    assert list(rules) == ["gift", "tea", "week", "base"]
    assert rules["tea"].lasts(date(2026, 11, 1))
    assert rules["tea"].lasts(date(2026, 11, 30))
    assert not rules["tea"].lasts(date(2026, 10, 31))
    assert not rules["tea"].lasts(date(2026, 12, 1))
    assert not rules["week"].lasts(date(2026, 11, 16)), "a part of it may last less"
    assert rules["gift"].lasts(date(2027, 1, 1)), "the program's own go on"
    (card,) = program.earning.cards
    assert not card.lasts(date(2026, 12, 1))
    assert program.funds["autumn"].limit_minor == 10_000
    assert program.rebates[0].until_on == date(2026, 11, 30)
    assert program.tiers is not None
    assert program.tiers.multipliers[0].from_on == date(2026, 11, 1)


def test_its_rules_freeze_the_revision_of_its_file() -> None:
    program = read_seasoned_program(read(PROGRAM, "program.yaml"), [season(SEASON)], ["seasons/autumn@3"])
    policies = {rule.id: rule.policy for rule in program.earning.rules}
    assert policies == {"gift": "", "tea": "seasons/autumn@3", "week": "seasons/autumn@3", "base": ""}
    assert program.earning.cards[0].policy == "seasons/autumn@3"


def test_without_seasons_a_program_is_what_its_file_says() -> None:
    program = read_seasoned_program(read(PROGRAM, "program.yaml"), [], [])
    assert [rule.id for rule in program.earning.rules] == ["gift", "base"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            SEASON.replace("fund: autumn", "fund: fall"),
            "rule 'tea' is paid by the fund 'fall'",
        ),
        (SEASON.replace("id: tea, category", "id: gift, category"), "two rules are called 'gift'"),
        (
            SEASON.replace("rate: 1%", "rate: one"),
            "7:24: 'one' is not a number (write it in",
        ),
        (SEASON.replace("buy: 4", "buy: 1"), "9:48: Input should be greater than or equal to 2"),
        (SEASON.replace("limit: 100", "limit: 0"), "10:25: Input should be greater than 0"),
        (SEASON.replace("tier: gold", "tier: silver"), "there is no tier 'silver' (the tiers are gold)"),
        (SEASON.replace("2026-11-15", "2026-12-15"), "`earning.rules.1` lasts longer than its season"),
        (
            HEAD + ONCE.format("2026-10-31 23:59"),
            "`drops.0` opens outside its season (let `at` be within it)",
        ),
        (
            HEAD + ONCE.format("2026-12-01 00:00"),
            "`drops.0` opens outside its season (let `at` be within it)",
        ),
        (HEAD + ONCE.format("2026-11-27 10:00, from: 2026-11-20"), "`from` and `until` are for what comes"),
        (HEAD.replace("until: 2026-11-30", "until: 2026-10-30"), "it ends (2026-10-30) before it begins"),
        (HEAD.replace("until: 2026-11-30\n", ""), "1:1: 'until' is missing (add it)"),
        (HEAD.replace("autumn", "fall"), "1:9: the season is called 'fall' and its file 'autumn'"),
        (HEAD + "welcome: {credit: 9.00}\n", "4:10: 'welcome' is not known here"),
        (HEAD + "earning: {rate: 9%}\n", "4:17: 'rate' is not known here"),
    ],
)
def test_a_mistake_is_told_where_it_stands(text: str, said: str) -> None:
    found = complaint(text)
    assert found.startswith("flows/seasons/autumn.yaml:")
    assert said in found


def test_two_seasons_may_not_have_a_fund_of_one_name() -> None:
    other = SEASON.replace("autumn\nfrom", "other\nfrom").replace("{id: tea,", "{id: oat,")
    other = other.replace("id: week", "id: day").replace("id: back", "id: again")
    found = complaint(SEASON, other)
    assert found == (
        "flows/seasons/other.yaml:10:9: 'autumn' is in the program already (give it another name)"
    )


def test_a_mistake_in_the_program_is_the_programs() -> None:
    assert complaint(SEASON, program=PROGRAM.replace("5%", "x")).startswith("flows/program.yaml:6:")


def test_the_shipped_seasons_join_the_shipped_program() -> None:
    files = sorted((FLOWS / "seasons").glob("*.yaml"))
    assert files
    documents = [read(file.read_text(encoding="utf-8"), file.name) for file in files]
    program = read((FLOWS / "program.yaml").read_text(encoding="utf-8"), "program.yaml")
    found = read_seasoned_program(program, documents, [file.stem for file in files])
    assert {rule.policy for rule in found.earning.rules} >= {file.stem for file in files}
    assert read_season(documents[0]).title is not None


def test_every_section_that_lasts_may_be_in_a_season() -> None:
    text = (
        HEAD
        + "offers:\n"
        + "  tea: {title: Tea, percent: 10%}\n"
        + '  late: {title: Tea, percent: 10%, until: "2026-11-20 18:00"}\n'
        + "rewards: [{id: mug, name: Mug, cost: 5}]\n"
        + "bundles: [{id: two, name: Two, items: [A, B], less_share: 10%}]\n"
        + "drops: [{id: roast, name: Roast, sku: A, price: 3, units: 4, every: fri 10:00, open_for: 2d}]\n"
    )
    program = read_seasoned_program(read(PROGRAM, "program.yaml"), [season(text)], [""])
    last = date(2026, 11, 30)
    assert program.offers["tea"].ends is not None
    assert (program.offers["tea"].ends.day, program.offers["tea"].ends.clock) == (last, None)
    assert program.offers["late"].ends is not None
    assert program.offers["late"].ends.day == date(2026, 11, 20)
    ends = [program.rewards[0].until_on, program.bundles[0].until_on, program.drops[0].until_on]
    assert ends == [last] * 3


@pytest.mark.parametrize("at", ["2026-11-01 00:00", "2026-11-27 10:00", "2026-11-30 23:59"])
def test_a_drop_of_a_season_may_open_once(at: str) -> None:
    program = read_seasoned_program(read(PROGRAM, "program.yaml"), [season(HEAD + ONCE.format(at))], [""])
    (drop,) = program.drops
    assert (f"{drop.at:%Y-%m-%d %H:%M}", drop.from_on, drop.until_on) == (at, None, None)
