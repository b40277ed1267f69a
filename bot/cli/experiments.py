"""`regulars experiments`: what is tried, what it came to, who decided what, and what was learnt."""

import asyncio
from typing import TYPE_CHECKING, Annotated, NoReturn

import orjson
import typer

from bot.cli.endings import PROBLEMS, WRONG_USE, end
from bot.cli.settings import read_settings
from bot.core.contact import JsonValue

if TYPE_CHECKING:
    from bot.conversation.publication import Publication

experiments = typer.Typer(
    help="Try arms against each other, and read out what came of it.", no_args_is_help=True
)

Name = Annotated[str, typer.Argument(help="the experiment, as experiments.yaml or its flow calls it")]
Json = Annotated[bool, typer.Option("--json", help="print one JSON object")]
_PARTS_IN_PERCENT = 100


def add_to(cli: typer.Typer) -> None:
    """Add the commands."""
    cli.add_typer(experiments, name="experiments")


@experiments.command("list")
def list_(*, json: Json = False) -> None:
    """List the experiments in force: their arms, where they are met, and whether they are decided."""
    asyncio.run(_list(is_json=json))


@experiments.command()
def show(name: Name, *, json: Json = False) -> None:
    """Read an experiment out: who met which arm, whether the arms are even, and what each came to."""
    asyncio.run(_show(name, is_json=json))


@experiments.command()
def check() -> None:
    """Look at all experiments: whether the arms are even, and what the winner rules say."""
    asyncio.run(_check())


@experiments.command()
def control(
    *,
    days: Annotated[int, typer.Option(min=1, help="how far back to look")] = 90,
    json: Json = False,
) -> None:
    """Compare who is held back from marketing (policy.yaml's control group) with as many who are not."""
    asyncio.run(_control(days, is_json=json))


@experiments.command()
def decide(
    name: Name,
    arm: Annotated[
        str, typer.Argument(help="the arm that everybody goes; left out, what the rule says")
    ] = "",
    *,
    because: Annotated[str, typer.Option(help="why: kept with the decision")] = "",
    yes: Annotated[bool, typer.Option("--yes", help="do not ask")] = False,
) -> None:
    """Let everybody go one arm: published as a revision, kept in the log with what was known."""
    asyncio.run(_decide(name, arm, because, yes=yes))


@experiments.command()
def log(
    name: Annotated[str, typer.Argument(help="one experiment; left out, all")] = "",
    *,
    learned: Annotated[str, typer.Option(help="write down what was learnt, instead of showing")] = "",
    json: Json = False,
) -> None:
    """Show hypotheses, decisions and learnings, also of experiments that are gone; or add a learning."""
    asyncio.run(_log(name, learned, is_json=json))


async def _list(*, is_json: bool) -> None:
    from bot import app
    from bot.cli.clock import now_of
    from bot.cli.database import opened
    from bot.cli.experiments_page import described, state
    from bot.conversation.experimenting import flows_of

    settings = read_settings(quiet=True)
    async with opened(settings) as database:
        publication = (await app.decisions(settings, database)).publication
    found = sorted(publication.shop.experiments.values(), key=lambda one: one.name)
    if is_json:
        listed: list[JsonValue] = [
            {**described(one), "flows": list(flows_of(publication, one.name))} for one in found
        ]
        typer.echo(orjson.dumps({"experiments": listed}).decode())
        return
    if not found:
        typer.echo("Nothing is tried: write flows/experiments.yaml, or a `split` with `shares`, and push it.")
    now = now_of(settings)
    for one in found:
        typer.echo(
            f"{one.name}  {state(one, now, publication.shop.zone)}{f'  {one.title}' if one.title else ''}"
        )
        arms = ", ".join(f"{arm.name} {arm.share / _PARTS_IN_PERCENT:g}%" for arm in one.arms)
        where = ", ".join(flows_of(publication, one.name)) or "no flow"
        typer.echo(f"    {arms}; in {where}")


async def _show(name: str, *, is_json: bool) -> None:
    from bot import app
    from bot.cli.checking import terms_of
    from bot.cli.clock import now_of
    from bot.cli.database import opened
    from bot.cli.experiments_page import as_json, noted, shown
    from bot.conversation import experimenting
    from bot.storage.experiments import notes

    settings = read_settings(quiet=True)
    now = now_of(settings)
    async with opened(settings) as database:
        publication = (await app.decisions(settings, database)).publication
        if name not in publication.shop.experiments:
            _unknown(name, publication)
        result = await experimenting.result(database, publication, name, now)
        kept = await database.query(lambda c: notes(c, name))
    if is_json:
        typer.echo(orjson.dumps(as_json(result)).decode())
        return
    price = terms_of(settings).price
    exponent = publication.shop.program.currency.exponent
    told = f"{price.amount} {price.currency}"
    for line in shown(result, now, exponent=exponent, price=told, zone=publication.shop.zone):
        typer.echo(line)
    for note in kept:
        typer.echo(noted(note))


async def _check() -> None:
    from bot import app
    from bot.cli.clock import now_of
    from bot.cli.database import opened
    from bot.cli.experiments_page import chance
    from bot.conversation import experimenting

    settings = read_settings(quiet=True)
    now, bad = now_of(settings), 0
    async with opened(settings) as database:
        publication = (await app.decisions(settings, database)).publication
        for name in sorted(publication.shop.experiments):
            result = await experimenting.result(database, publication, name, now)
            bad += result.read.is_blocked
            mark = "UNEVEN" if result.read.is_blocked else "ok    "
            even = f"chance of so uneven arms {chance(result.read.sample_ratio)}"
            decided = f"`{result.verdict.arm}`: " if result.verdict.arm else ""
            typer.echo(f"{mark} {name}: {even}; {decided}{result.verdict.why}")
    if bad:
        end(
            f"{bad} without a read-out: contacts are lost on the way in one arm; see docs/experiments.md",
            PROBLEMS,
        )


async def _control(days: int, *, is_json: bool) -> None:
    from bot import app
    from bot.cli.clock import now_of
    from bot.cli.database import opened
    from bot.cli.insights import show_section
    from bot.insights.control import control as read_control
    from bot.insights.sections import in_cash, of_control

    settings = read_settings(quiet=True)
    async with opened(settings) as database:
        shop = (await app.decisions(settings, database)).shop
        found = await read_control(database, shop, now_of(settings), days=days)
    if is_json:
        typer.echo(orjson.dumps({"control": found}).decode())
    else:
        show_section(of_control(found, in_cash(shop.program.currency)))


async def _decide(name: str, arm: str, because: str, *, yes: bool) -> None:
    from bot import app
    from bot.cli.actors import actor, is_meant
    from bot.cli.clock import now_of
    from bot.cli.database import opened
    from bot.conversation import experimenting
    from bot.core.errors import FlowError

    settings = read_settings(quiet=True)
    now = now_of(settings)
    async with opened(settings) as database:
        publication = (await app.decisions(settings, database)).publication
        experiment = publication.shop.experiments.get(name)
        if experiment is None:
            _unknown(name, publication)
        result = await experimenting.result(database, publication, name, now)
        if not arm:
            if result.verdict.arm is None:
                end(f"{name}: {result.verdict.why}", PROBLEMS)
            arm, because = result.verdict.arm, because or result.verdict.why
        if not experiment.has(arm):
            end(
                f"{name} has no arm {arm}; it has {', '.join(one.name for one in experiment.arms)}", WRONG_USE
            )
        if experiment.decided == arm:
            end(f"{name}: everybody goes `{arm}` already", PROBLEMS)
        if not because:
            end("say why, with --because: it is kept with the decision", WRONG_USE)
        uneven = " The arms are uneven: what they came to means nothing." if result.read.is_blocked else ""
        if not is_meant(f"Everybody goes `{arm}` of {name} from now on.{uneven} Shall they?", yes=yes):
            return
        decision = experimenting.Decision(name, arm, actor(), because, experimenting.told(result.read))
        try:
            published = await experimenting.decide(database, publication, decision, now)
        except FlowError as error:
            end(str(error))
    typer.echo(f"Everybody goes `{arm}`: revision {published.revision} of {published.file} is in force.")
    typer.echo("Your folder does not have it yet: `regulars flows pull` fetches it.")


async def _log(name: str, learned: str, *, is_json: bool) -> None:
    from bot import app
    from bot.cli.actors import actor
    from bot.cli.clock import now_of
    from bot.cli.database import opened
    from bot.cli.experiments_page import noted
    from bot.conversation import experimenting
    from bot.storage.experiments import notes

    settings = read_settings(quiet=True)
    async with opened(settings) as database:
        if learned:
            if not name:
                end("name the experiment that it was learnt from", WRONG_USE)
            await experimenting.learn(database, name, actor(), learned, now_of(settings))
            typer.echo("Written down.")
            return
        publication = (await app.decisions(settings, database)).publication
        found = await database.query(lambda c: notes(c, name))
    names = sorted(
        {one.experiment for one in found} | {one for one in publication.shop.experiments if name in {"", one}}
    )
    if is_json:
        logged: list[JsonValue] = [
            {
                "experiment": one.experiment,
                "kind": one.kind,
                "at": one.at.isoformat(),
                "actor": one.actor,
                "words": one.words,
                "facts": dict(one.facts),
            }
            for one in found
        ]
        typer.echo(orjson.dumps({"log": logged}).decode())
        return
    for each in names:
        known = publication.shop.experiments.get(each)
        said = next((one.facts["hypothesis"] for one in found if one.facts.get("hypothesis")), "")
        hypothesis = known.hypothesis if known is not None else said
        typer.echo(f"{each}{f': {hypothesis}' if hypothesis else ''}")
        for one in found:
            if one.experiment == each:
                typer.echo(noted(one))


def _unknown(name: str, publication: "Publication") -> NoReturn:
    known = ", ".join(sorted(publication.shop.experiments)) or "none"
    end(f"{name}: there is no such experiment in force; there are {known}", WRONG_USE)
