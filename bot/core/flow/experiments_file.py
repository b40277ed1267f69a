"""`flows/experiments.yaml`: what is tried against what, on whom, and what decides."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, Field, model_validator

from bot.core.errors import FlowError
from bot.core.experiments.experiment import PARTS, Arm, Experiment
from bot.core.flow.compiled import Flow, Split
from bot.core.flow.experiment_parts import GoalPart, JudgedPart, WinnerPart, Words
from bot.core.flow.fields import Name, Part, wrong
from bot.core.flow.parse import validated
from bot.core.flow.reader import Document, Path, together
from bot.core.flow.shares import Share, Shares, shares_complaint

_Title = Annotated[str, Field(min_length=1, max_length=120)]


class LayerPart(Part):
    """A stretch of a layer: experiments of one layer never meet the same contact."""

    name: Name = Field(description="The layer's name.")
    begin: Share | None = Field(
        None, alias="from", description="Where its stretch begins, in percent: 0% unless given."
    )
    end: Share | None = Field(None, alias="to", description="Where it ends, 100% unless given.")

    @property
    def stretch(self) -> tuple[int, int]:
        """From where to where it goes."""
        return self.begin or 0, PARTS if self.end is None else self.end

    @model_validator(mode="after")
    def _has_room(self) -> "LayerPart":
        begin, end = self.stretch
        if begin >= end:
            raise wrong("the stretch ends before it begins", "write `from` before `to`, like 0% and 40%")
        return self


def _layer(value: object) -> object:
    return {"name": value} if isinstance(value, str) else value


class ExperimentPart(JudgedPart):
    """Arms that are tried against the first of them."""

    title: _Title | None = Field(None, description="What is tried.")
    hypothesis: Words = Field(description="What you expect, and why: it is kept beside what came out.")
    arms: Shares = Field(
        description="The arms with their shares, the one that everybody has now first: "
        "`{usual: 50%, shipping: 50%}`."
    )
    audience: Name | None = Field(None, description="Who takes part, by audiences.yaml; left out, everyone.")
    share: Share | None = Field(
        None,
        description="How many of them take part, 100% unless given. Raising it keeps who is in.",
    )
    layer: Annotated[LayerPart | None, BeforeValidator(_layer, json_schema_input_type=Name | LayerPart)] = (
        Field(None, description="`{name, from, to}`: its stretch of a layer.")
    )
    holdout: Share | None = Field(
        None,
        description="How many percent are kept out, to compare a whole layer with nothing; they go the first "
        "arm's way.",
    )

    def compiled(self, name: str, zone: str) -> Experiment:
        """Return it as it is asked; `zone` is the shop's."""
        return Experiment(
            name=name,
            arms=tuple(Arm(arm, share) for arm, share in self.arms.items()),
            title=self.title or "",
            hypothesis=self.hypothesis,
            audience=self.audience,
            share=PARTS if self.share is None else self.share,
            layer=self.layer.name if self.layer else None,
            part_of_layer=self.layer.stretch if self.layer else (0, PARTS),
            holdout=self.holdout or 0,
            goals=self.goals_compiled,
            minimum_effect=self.effect,
            planned=self.contacts,
            ends_at=self.ends_at(zone),
            winner=self.rule,
            decided=self.decided,
        )


class ExperimentsFile(Part):
    """The whole file."""

    experiments: dict[Name, ExperimentPart] = Field(
        min_length=1, max_length=100, description="The experiments by name."
    )

    def compiled(self, zone: str) -> dict[str, Experiment]:
        """Return them as they are asked, by name."""
        return {name: part.compiled(name, zone) for name, part in self.experiments.items()}

    def audiences(self) -> Iterator[tuple[Path, str]]:
        """Every audience it names, and where."""
        for name, part in self.experiments.items():
            if part.audience is not None:
                yield ("experiments", name, "audience"), part.audience


def read_experiments(document: Document) -> ExperimentsFile:
    """Return the experiments that a document holds.

    Raises:
        FlowError: with one complaint for each mistake (see `others`).
    """
    file = validated(ExperimentsFile, document, _keys_at)
    wrong_ones = [*_arms(document, file), *_overlaps(document, file)]
    if wrong_ones:
        raise together(wrong_ones)
    return file


def _arms(document: Document, file: ExperimentsFile) -> Iterator[FlowError]:
    for name, part in file.experiments.items():
        here: Path = ("experiments", name)
        found = shares_complaint(part.arms)
        if found is not None:
            yield document.complaint((*here, "arms"), *found)
        for path, arm in part.arms_named.items():
            if arm not in part.arms:
                yield document.complaint(
                    (*here, *path), f"`{name}` has no arm `{arm}`", f"name one of {', '.join(part.arms)}"
                )


def _overlaps(document: Document, file: ExperimentsFile) -> Iterator[FlowError]:
    """Complain of two experiments in one place of a layer: both would meet the same contacts."""
    taken: list[tuple[str, LayerPart]] = []
    for name, part in file.experiments.items():
        if part.layer is None or part.decided is not None:
            continue
        begin, end = part.layer.stretch
        for other, theirs in taken:
            if theirs.name == part.layer.name and theirs.stretch[0] < end and begin < theirs.stretch[1]:
                yield document.complaint(
                    ("experiments", name, "layer"),
                    f"`{other}` is in this stretch of the layer `{theirs.name}` already",
                    "give each its own, with `from` and `to`",
                )
        taken.append((name, part.layer))


_NAME_LENGTH = 2  # `experiments`, a name: what stands below is the part's
_PARTS: Mapping[str, type[BaseModel]] = {"layer": LayerPart, "winner": WinnerPart, "goal": GoalPart}


def _keys_at(path: Path) -> list[str]:
    model: type[BaseModel] = ExperimentsFile
    if len(path) >= _NAME_LENGTH:
        inner = str(path[_NAME_LENGTH]) if len(path) > _NAME_LENGTH else ""
        model = _PARTS.get(inner, ExperimentPart)
    return [field.alias or name for name, field in model.model_fields.items()]


def declared_in(flows: Iterable[Flow]) -> Iterator[tuple[str, Experiment]]:
    """The experiments that flows declare in their own `split` steps, by name."""
    for flow in flows:
        for step in flow.steps:
            if isinstance(step, Split) and step.inline is not None:
                yield step.experiment, replace(step.inline, flow=flow.name, title=flow.title)
