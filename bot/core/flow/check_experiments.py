"""What can be wrong between flows and experiments: names and arms that the other side does not have."""

from collections.abc import Iterable, Iterator, Mapping

from bot.core.errors import FlowError
from bot.core.flow.check_flow import Complaint, complaint
from bot.core.flow.compiled import Flow, Split
from bot.core.flow.experiments_file import ExperimentPart, declared_in, read_experiments
from bot.core.flow.parse import suggestion
from bot.core.flow.reader import Document, Path
from bot.core.flow.season_file import Whole
from bot.core.flow.shares import shares_left
from bot.core.flow.variables_file import read_variables
from bot.core.loyalty.eligibility import conditions_in


def experiments_wrong(document: Document | None, flows: Iterable[Flow]) -> Iterator[FlowError]:
    """Complain of what flows and experiments.yaml (None: there is none) say of each other."""
    known = read_experiments(document).experiments if document is not None else {}
    declared: dict[str, Flow] = {}
    for flow in flows:
        for step in flow.steps:
            if not isinstance(step, Split):
                continue
            if step.inline is not None:
                found = _twice(step, flow, declared, known)
                declared.setdefault(step.experiment, flow)
            else:
                found = _unlike(step, flow, known)
            if found is not None:
                yield FlowError(flow.file, *step.mark, *found)


def shares_short(document: Document | None, flows: Iterable[Flow]) -> Iterator[Complaint]:
    """Warn of arms that leave people over: a slip of ten percent is seen nowhere else."""
    if document is not None:
        for name, part in read_experiments(document).experiments.items():
            found = shares_left(part.arms)
            if found is not None:
                yield Complaint(document.complaint(("experiments", name, "arms"), *found), is_warning=True)
    for flow in flows:
        for step in flow.steps:
            if isinstance(step, Split) and step.inline is not None:
                found = shares_left({arm.name: arm.share for arm in step.inline.arms})
                if found is not None:
                    yield complaint(flow, step, *found, is_warning=True)


def variants_wrong(document: Document, known: Mapping[str, ExperimentPart]) -> Iterator[FlowError]:
    """Complain of variants of variables.yaml that are not arms of experiments.yaml (`known`), or of both."""
    for name, experiment in read_variables(document).experiments.items():
        part = known.get(name)
        path: Path = ("experiments", name)
        if all(one.percent is not None for one in experiment.variants.values()):
            if part is not None:
                problem = f"the experiment `{name}` is declared in experiments.yaml too"
                yield document.complaint(path, problem, "leave `percent` out here, or call it otherwise")
        elif part is None:
            remedy = "declare it there, or give each variant its `percent`"
            yield document.complaint(path, f"experiments.yaml has no experiment `{name}`", remedy)
        else:
            for variant in experiment.variants:
                if variant not in part.arms:
                    problem = f"the experiment `{name}` has no arm `{variant}`"
                    remedy = f"name one of {', '.join(part.arms)}"
                    yield document.complaint((*path, "variants", variant), problem, remedy, at_key=True)


def arms_wrong(
    whole: Whole, known: Mapping[str, ExperimentPart], flows: Iterable[Flow]
) -> Iterator[FlowError]:
    """Complain of benefits of the program and its seasons that are for arms which are not there."""
    arms = {name: tuple(part.arms) for name, part in known.items()}
    for name, one in declared_in(flows):
        arms.setdefault(name, tuple(arm.name for arm in one.arms))
    for at, whom in conditions_in(whole.program):
        if whom.experiment is None:
            continue
        path, (experiment, _, arm) = (*at, "experiment"), whom.experiment.partition("/")
        if experiment not in arms:
            remedy = "declare it in experiments.yaml, or leave `experiment` out"
            yield whole.complaint(path, f"there is no experiment `{experiment}`", remedy)
        elif arm not in arms[experiment]:
            remedy = f"name one of {', '.join(arms[experiment])}"
            yield whole.complaint(path, f"the experiment `{experiment}` has no arm `{arm}`", remedy)


def _twice(
    step: Split, flow: Flow, declared: Mapping[str, Flow], known: Mapping[str, ExperimentPart]
) -> tuple[str, str] | None:
    """Say what is wrong with an experiment that a flow declares."""
    where = "experiments.yaml" if step.experiment in known else None
    if step.experiment in declared:
        where = declared[step.experiment].file
    if where is not None:
        problem = f"the experiment `{step.experiment}` is declared in {where} already"
        return problem, "leave `shares` out here, or call it otherwise"
    if not flow.goals:
        return (
            f"nothing tells which arm of `{step.experiment}` does better",
            "give the flow `goals:`, or declare the experiment in experiments.yaml",
        )
    return None


def _unlike(step: Split, flow: Flow, known: Mapping[str, ExperimentPart]) -> tuple[str, str] | None:
    """Say what is wrong with a split by an experiment of experiments.yaml."""
    part = known.get(step.experiment)
    if part is None:
        meant = suggestion(step.experiment, known)
        remedy = f"did you mean `{meant}`?" if meant else "declare it there, or give it `shares` here"
        return f"experiments.yaml has no experiment `{step.experiment}`", remedy
    for arm, _ in step.ways:
        if arm not in part.arms:
            arms = ", ".join(part.arms)
            return f"the experiment `{step.experiment}` has no arm `{arm}`", f"name one of {arms}"
    if not part.goals and not flow.goals:
        return (
            f"nothing tells which arm of `{step.experiment}` does better",
            "give it a `goal:` in experiments.yaml, or the flow `goals:`",
        )
    return None
