"""What journeys come to: figures of steps, conversions, experiments, feedback, invitations, verdicts."""

from sqlalchemy import BigInteger, Index, Integer, Text

from bot.storage.tables.base import (
    CLUSTERED,
    NAME,
    Row,
    column,
    id_column,
    instant_column,
    key,
    minor_column,
    name_column,
    where,
)


class StepFigureRow(Row, table=True):
    """How often what happened at a step of a revision on a day, as which arms of experiments.

    In slots, so that no two batches wait for a row.
    """

    __tablename__ = "step_figure"
    __table_args__ = CLUSTERED
    flow: str = key(NAME)
    revision: int = key(Integer)
    step: str = key(NAME)
    variant: str = key(NAME)
    """The run's arms, as `experiment=arm`, sorted, with commas; empty: it was in no experiment."""
    on_day: str = key(NAME)
    """The day in the shop's zone; empty: before figures were kept by day."""
    what: str = key(NAME)
    slot: int = key(Integer)
    times: int = column(BigInteger, 0)
    amount: int = column(BigInteger, 0)
    """What comes along: segments, money in minor units."""


class ConversionRow(Row, table=True):
    """A goal that a run's contact reached within its time: once for each run and goal."""

    __tablename__ = "conversion"
    __table_args__ = CLUSTERED
    bucket: int = key(Integer)
    contact: str = key()
    run: str = key()
    goal: int = key(Integer)
    """Which of the flow's goals, from 0: the primary one."""
    at: int = instant_column()
    event: str = id_column()
    flow: str = name_column()
    revision: int
    step: str = name_column("")
    """The step whose message was the last that the contact received before; empty: none was."""
    variant: str = name_column("")
    order_id: str = name_column("")
    revenue_minor: int = minor_column()
    """Of the order, net of what came back since."""
    currency: str = name_column("")


class ExposureRow(Row, table=True):
    """The first time that a contact met an arm of an experiment; the arm stays."""

    __tablename__ = "exposure"
    __table_args__ = (Index("ix_exposure_experiment", "bucket", "experiment", "at"), CLUSTERED)
    bucket: int = key(Integer)
    contact: str = key()
    experiment: str = key(NAME)
    arm: str = name_column()
    at: int = instant_column()
    run: str = id_column()
    facts: str = column(Text, "{}")


class ExperimentNoteRow(Row, table=True):
    """What people wrote of an experiment: its hypothesis, decisions, what was learnt."""

    __tablename__ = "experiment_note"
    __table_args__ = CLUSTERED
    id: str = key()
    experiment: str = name_column()
    kind: str = name_column()
    at: int = instant_column()
    actor: str
    words: str = column(Text, "")
    facts: str = column(Text, "{}")


class AnswerRow(Row, table=True):
    """An answer to a question of a flow, and what became of the wish to quote it; `kind` says which sort."""

    __tablename__ = "answer"
    __table_args__ = (
        Index("ix_answer_flow", "bucket", "flow", "step", "at"),
        Index("ix_answer_quote", "bucket", "at", **where("quote_state IS NOT NULL")),
    )
    bucket: int = key(Integer)
    contact: str = key()
    id: str = key()
    flow: str = name_column()
    revision: int
    step: str = name_column()
    variant: str = name_column("")
    run: str = id_column()
    kind: str = name_column()
    at: int = instant_column()
    channel: str = name_column("")
    language: str = name_column("")
    choice: str = name_column("")
    score: int | None = column(BigInteger, None, nullable=True)
    words: str = column(Text, "")
    quote_state: str | None = name_column(None, nullable=True)
    quote: str | None = column(Text, None, nullable=True)
    """The words as they may be shown, and by whom."""
    decided_at: int | None = instant_column(nullable=True)
    decided_by: str | None = name_column(None, nullable=True)


class InvitationRow(Row, table=True):
    """A code by which a text from a number that we do not know joins the profile that was written to."""

    __tablename__ = "invitation"
    __table_args__ = CLUSTERED
    bucket: int = key(Integer)
    contact: str = key()
    code: str = key(NAME)
    flow: str = name_column("")
    made_at: int = instant_column()
    expires_at: int = instant_column()
    used_at: int | None = instant_column(nullable=True)
    facts: str = column(Text, "{}")


class EvaluationRow(Row, table=True):
    """What was decided about a contact at the door or a step of a flow, since when, by which values."""

    __tablename__ = "evaluation"
    __table_args__ = CLUSTERED
    bucket: int = key(Integer)
    contact: str = key()
    flow: str = key(NAME)
    step: str = key(NAME)
    """Empty: at its door."""
    at: int = key(BigInteger)
    last_at: int = instant_column()
    """When it was decided so for the last time; the facts are of then."""
    verdict: str = name_column()
    facts: str = column(Text, "{}")
