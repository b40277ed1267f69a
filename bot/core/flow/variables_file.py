"""`flows/variables.yaml`: named values for apps and pages, by audience, and experiments on them."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, Field

from bot.core.contact import JsonValue
from bot.core.errors import FlowError
from bot.core.experiments.experiment import Experiment as Tried
from bot.core.flow.experiment_parts import GoalPart, JudgedPart, WinnerPart, Words
from bot.core.flow.fields import Anything, Name, Part, listed, matching
from bot.core.flow.parse import validated
from bot.core.flow.reader import Document, Path, together
from bot.core.variables import PERCENT, VARIABLES, Experiment, ForAudience, Variable, Variables, Variant

_Title = Annotated[str, Field(min_length=1, max_length=120)]
VariableName = Annotated[
    str,
    BeforeValidator(
        matching(
            r"[A-Za-z_][A-Za-z0-9_ -]{0,63}",
            "a variable's name",
            "bannerText: letters, digits, _, - and spaces, a letter first",
        ),
        json_schema_input_type=str,
    ),
]
"""As apps call their variables: an app that moves here keeps its names."""


class ForPart(Part):
    """A value for the members of an audience."""

    audience: Name = Field(description="Its name in audiences.yaml.")
    value: Anything = Field(description="What they see instead.")


class VariablePart(Part):
    """A named value."""

    title: _Title | None = Field(None, description="What it is, for whoever changes it.")
    value: Anything = Field(description="What everyone sees: a text, a number, true or false, a list …")
    by_audience: Annotated[
        list[ForPart], BeforeValidator(listed, json_schema_input_type=ForPart | list[ForPart])
    ] = Field(
        [],
        alias="for",
        max_length=20,
        description="What some see, as `{audience, value}`; the first that fits.",
    )


def _variable(value: object) -> object:
    """Take a plain value for a variable without more."""
    return value if isinstance(value, dict | VariablePart) else {"value": value}


class VariantPart(Part):
    """One side of an experiment."""

    percent: int | None = Field(
        None,
        ge=1,
        le=PERCENT,
        description="Which share sees it; all together at most 100. Left out of all, experiments.yaml says, "
        "where the experiment has these arms.",
    )
    set: dict[VariableName, Anything] = Field({}, description="The variables it changes, with their values.")


class ExperimentPart(JudgedPart):
    """Variants that are tried out; each contact always sees the same one."""

    title: _Title | None = Field(None, description="What is tried.")
    hypothesis: Words | None = Field(
        None, description="What you expect, and why: it is kept beside what came out."
    )
    audience: Name | None = Field(None, description="Who takes part; left out, everyone does.")
    variants: dict[Name, VariantPart] = Field(
        min_length=1, max_length=10, description="By name; who is in none of them sees what is usual."
    )

    def compiled(self, name: str, zone: str) -> Experiment:
        """Return it as it is asked; `zone` is the shop's."""
        variants = tuple(Variant(each, one.percent, one.set) for each, one in self.variants.items())
        plain = Experiment(name, variants, self.audience)
        tried = Tried(
            name=name,
            arms=plain.arms,
            title=self.title or "",
            hypothesis=self.hypothesis or "",
            audience=self.audience,
            goals=self.goals_compiled,
            minimum_effect=self.effect,
            planned=self.contacts,
            ends_at=self.ends_at(zone),
            winner=self.rule,
            decided=self.decided,
            flow=VARIABLES,
        )
        return replace(plain, tried=tried) if plain.arms else plain


class VariablesFile(Part):
    """The whole file."""

    variables: dict[
        VariableName,
        Annotated[VariablePart, BeforeValidator(_variable, json_schema_input_type=VariablePart | Anything)],
    ] = Field(
        min_length=1,
        max_length=200,
        description="The variables by name: `{value, title, for}`, or the value alone where it is no "
        "`name: value` lines.",
    )
    experiments: dict[Name, ExperimentPart] = Field({}, max_length=50, description="Experiments by name.")
    open: Annotated[list[Name], BeforeValidator(listed, json_schema_input_type=Name | list[Name])] = Field(
        [],
        max_length=50,
        description="Audiences of which anyone may learn who is in them. An app's key is public and it only "
        "says who uses it: values and experiments of other audiences are for the shop's own pages, behind "
        "their log-in.",
    )

    def compiled(self, zone: str) -> Variables:
        """Return them as they are asked; `zone` is the shop's."""
        return Variables(
            tuple(
                Variable(
                    name, part.value, tuple(ForAudience(one.audience, one.value) for one in part.by_audience)
                )
                for name, part in self.variables.items()
            ),
            tuple(part.compiled(name, zone) for name, part in self.experiments.items()),
            frozenset(self.open),
        )

    def audiences(self) -> Iterator[tuple[Path, str]]:
        """Every audience it names, and where."""
        for name, variable in self.variables.items():
            for number, one in enumerate(variable.by_audience):
                yield ("variables", name, "for", number, "audience"), one.audience
        for name, experiment in self.experiments.items():
            if experiment.audience is not None:
                yield ("experiments", name, "audience"), experiment.audience
        for number, audience in enumerate(self.open):
            yield ("open", number), audience


def read_variables(document: Document) -> VariablesFile:
    """Return the variables that a document holds.

    Raises:
        FlowError: with one complaint for each mistake (see `others`).
    """
    file = validated(VariablesFile, document, _keys_at)
    wrong_ones = [*_values(document, file), *_shares(document, file)]
    if wrong_ones:
        raise together(wrong_ones)
    return file


_PARTS: Mapping[str, type[BaseModel]] = {"variables": VariablePart, "experiments": ExperimentPart}
_NAME_LENGTH = 2  # `variables`, a name: what stands below is the part's
_VARIANT_LENGTH = 4  # `experiments`, a name, `variants`, a name


def _keys_at(path: Path) -> list[str]:
    model: type[BaseModel] = VariablesFile
    if path and len(path) >= _NAME_LENGTH:
        model = _PARTS.get(str(path[0]), VariablesFile)
        if "for" in path:
            model = ForPart
        elif "winner" in path:
            model = WinnerPart
        elif "goal" in path:
            model = GoalPart
        elif path[0] == "experiments" and len(path) >= _VARIANT_LENGTH:
            model = VariantPart
    return [field.alias or name for name, field in model.model_fields.items()]


def _values(document: Document, file: VariablesFile) -> Iterator[FlowError]:
    """Complain of values of another kind than the variable's: an app that reads a number fails at a text."""
    for name, part in file.variables.items():
        for number, one in enumerate(part.by_audience):
            if _kind(one.value) != _kind(part.value):
                yield _other_kind(document, ("variables", name, "for", number, "value"), name, part.value)
    setters: dict[str, str] = {}
    for name, experiment in file.experiments.items():
        for variant, side in experiment.variants.items():
            for variable, value in side.set.items():
                path: Path = ("experiments", name, "variants", variant, "set", variable)
                known = file.variables.get(variable)
                if known is None:
                    yield document.complaint(
                        path, f"there is no variable `{variable}`", "name one of `variables:`", at_key=True
                    )
                elif _kind(value) != _kind(known.value):
                    yield _other_kind(document, path, variable, known.value)
                elif setters.setdefault(variable, name) != name:
                    yield document.complaint(
                        path,
                        f"the experiment `{setters[variable]}` sets `{variable}` already",
                        "let one experiment set it: of two, nobody could tell which worked",
                        at_key=True,
                    )


def _shares(document: Document, file: VariablesFile) -> Iterator[FlowError]:
    for name, experiment in file.experiments.items():
        told = [one.percent for one in experiment.variants.values() if one.percent is not None]
        if told and len(told) < len(experiment.variants):
            problem = "some of the variants have no `percent`"
            yield document.complaint(
                ("experiments", name, "variants"),
                problem,
                "give it to all, or to none: experiments.yaml says",
            )
        for path, arm in experiment.arms_named.items():
            if arm not in experiment.variants:
                named = ", ".join(experiment.variants)
                yield document.complaint(
                    ("experiments", name, *path), f"`{name}` has no variant `{arm}`", f"name one of {named}"
                )
        said = experiment.model_fields_set - {"title", "variants"}
        if not told and said:
            problem = "without `percent`, experiments.yaml says who takes part and what counts"
            yield document.complaint(("experiments", name), problem, "say it there")
        if experiment.winner is not None and not experiment.goals:
            problem = "its `winner:` asks what counts, and it has no goal"
            yield document.complaint(("experiments", name, "winner"), problem, "add `goal:`, an event")
        shares = sum(told)
        if shares > PERCENT:
            problem = f"the variants take {shares} percent of those who take part"
            yield document.complaint(("experiments", name, "variants"), problem, "100 percent are the most")


def _other_kind(document: Document, path: Path, name: str, usual: JsonValue) -> FlowError:
    return document.complaint(
        path, f"`{name}` is {_kind(usual)} everywhere else", f"write {_kind(usual)}, as apps expect it"
    )


def _kind(value: JsonValue) -> str:
    if isinstance(value, bool):
        return "true or false"
    if isinstance(value, int | float):
        return "a number"
    if isinstance(value, str):
        return "a text"
    if isinstance(value, list):
        return "a list"
    return "nothing" if value is None else "`name: value` lines"
