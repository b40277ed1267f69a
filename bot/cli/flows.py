"""`flows …`: what marketers write, checked, tested, published, fetched, translated."""

import asyncio
import contextlib
from pathlib import Path
from typing import Annotated

import typer

from bot.cli import copy_audit, flow_stats, halting
from bot.cli.endings import PROBLEMS, WRONG_USE, end
from bot.cli.settings import read_settings, settings_of_files

flows = typer.Typer(help="Check, test and publish the files in flows/.", no_args_is_help=True)


def add_to(cli: typer.Typer) -> None:
    """Add the commands."""
    halting.add_to(flows)
    copy_audit.add_to(flows)
    flow_stats.add_to(flows)
    cli.add_typer(flows, name="flows")


@flows.command()
def check(
    paths: Annotated[
        list[Path] | None, typer.Argument(help="files, folders or flows; the settings' folder unless given")
    ] = None,
    *,
    costs: Annotated[bool, typer.Option("--costs", help="show what every message costs as SMS")] = False,
    faces: Annotated[
        bool, typer.Option("--faces", help="show every message as it looks by SMS and on WeChat")
    ] = False,
) -> None:
    """Say everything that is wrong with the files, with file, line, column and remedy."""
    from bot import app
    from bot.cli.checking import counted, look_over, show_complaints, show_costs, terms_of, unpayable
    from bot.cli.faces import show_faces

    settings = settings_of_files()
    complaints = []
    files = 0
    for folder, only in _folders(paths or [settings.flows], settings.flows).items():
        look = look_over(folder, folder.parent / "locales", app.HANDLERS, terms_of(settings))
        if costs:
            show_costs(look)
        if faces:
            show_faces(look, {path.stem for path in only})
        files += len(only or look.folder.files)
        said = [*look.complaints, *unpayable(look, settings)]
        complaints += [one for one in said if not only or Path(one.error.file).absolute() in only]
    show_complaints(complaints)
    errors = sum(not complaint.is_warning for complaint in complaints)
    warnings = len(complaints) - errors
    verdict = f"{counted(errors, 'error')}, {counted(warnings, 'warning')}" if complaints else "all is well"
    typer.echo(f"{counted(files, 'file')} checked: {verdict}.", err=True)
    if errors:
        raise typer.Exit(PROBLEMS)


@flows.command("test")
def rehearse(
    names: Annotated[list[str] | None, typer.Argument(help="flows; all unless given")] = None,
    *,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="show every conversation")] = False,
) -> None:
    """Hold the conversations under `tests:` of the flows, on a clock of their own, and say what surprised."""
    from bot.cli.testing import run

    ended_well = asyncio.run(run(settings_of_files(), names or [], is_verbose=verbose))
    if not ended_well:
        raise typer.Exit(PROBLEMS)


@flows.command()
def push(
    *,
    force: Annotated[bool, typer.Option("--force", help="also over what was published elsewhere")] = False,
    skip_tests: Annotated[
        bool, typer.Option("--skip-tests", help="without holding the flows' tests")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="withdraw flows whose file is gone")] = False,
) -> None:
    """Test the flows and publish the files that have changed, after saying what becomes of waiting runs."""
    from bot.cli import revisions

    settings = read_settings(quiet=True)
    pushed = revisions.push(settings, force=force, is_tested=skip_tests, may_withdraw=yes)
    if not asyncio.run(pushed):
        raise typer.Exit(PROBLEMS)


@flows.command()
def pull(
    *, force: Annotated[bool, typer.Option("--force", help="also over changes made here")] = False
) -> None:
    """Fetch what is in force into the folder; changes that were never published are kept."""
    from bot.cli import revisions

    if not asyncio.run(revisions.pull(read_settings(quiet=True), force=force)):
        raise typer.Exit(PROBLEMS)


@flows.command()
def diff(
    one: Annotated[str | None, typer.Argument(help="a flow, a revision of it (name@3), or a file")] = None,
    other: Annotated[str | None, typer.Argument(help="what to compare it with")] = None,
    *,
    history: Annotated[str, typer.Option(help="how much of what happened to live through")] = "90d",
    json: Annotated[bool, typer.Option("--json", help="print one JSON object")] = False,
) -> None:
    """Show how the folder differs from what is in force; or what two flows would have done differently."""
    if one is None:
        from bot.cli import revisions

        asyncio.run(revisions.diff(read_settings(quiet=True)))
        return
    if other is None:
        end("name two flows, revisions or files to compare, or none", WRONG_USE)
    from bot.cli.simulating import compare

    asyncio.run(compare([one, other], history, is_json=json))


@flows.command()
def simulate(
    name: Annotated[str, typer.Argument(help="a flow, a revision of it (name@3), or a file")],
    *,
    history: Annotated[str, typer.Option(help="how much of what happened to live through")] = "90d",
    messages: Annotated[bool, typer.Option("--messages", help="show every message")] = False,
    json: Annotated[bool, typer.Option("--json", help="print one JSON object")] = False,
) -> None:
    """Let a flow live through what really happened, in a copy: who enters, every message, what it costs."""
    from bot.cli.simulating import simulate as live

    asyncio.run(live(name, history, is_json=json, messages=messages))


@flows.command()
def messages(
    *,
    locale: Annotated[
        list[str] | None, typer.Option(help="a language such as fr or pt_BR; all there are unless given")
    ] = None,
) -> None:
    """Collect what flows say into locales/messages.pot and bring the PO files up to date."""
    from bot.cli.messages import collect

    if not collect(settings_of_files(), locale or []):
        raise typer.Exit(PROBLEMS)


@flows.command()
def edit(
    name: Annotated[str, typer.Argument(help="the flow that is being written")],
    *,
    live: Annotated[
        bool, typer.Option("--live", help="publish every version that is well to the settings' database")
    ] = False,
    demo: Annotated[
        bool,
        typer.Option("--demo", help="publish to the demo in this folder, whose phone talks to it then"),
    ] = False,
) -> None:
    """Watch a flow that is being written: check it and hold its tests at every save."""
    from bot.cli.editing import demo_settings
    from bot.cli.editing import edit as watch

    if live and demo:
        end("give --live or --demo, not both", WRONG_USE)
    settings = read_settings(quiet=True) if live else settings_of_files()
    if demo:
        settings = demo_settings(settings)
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(watch(settings, name, is_live=live or demo))


def _folders(paths: list[Path], flows: Path) -> dict[Path, set[Path]]:
    """Folders to look at, and of each the files that were named, or are flows of these names (none: all)."""
    folders: dict[Path, set[Path]] = {}
    for named in paths:
        file = flows / f"{named}.yaml"
        path = file if not named.exists() and file.is_file() else named
        if path.is_dir():
            folders[path.absolute()] = set()
        elif path.is_file():
            folders.setdefault(path.absolute().parent, set()).add(path.absolute())
        else:
            end(f"{path}: there is no such file or folder", WRONG_USE)
    return folders
