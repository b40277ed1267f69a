"""Reads `flows/program.yaml`: the loyalty program's rules, each complaint with its place."""

from pydantic import ValidationError

from bot.core.errors import FlowError
from bot.core.flow.reader import Document, together
from bot.core.loyalty.program import Program, problems


def read_program(document: Document) -> Program:
    """Return the program that a document holds.

    Raises:
        FlowError: with one complaint for each mistake (see `others`).
    """
    try:
        return Program.model_validate(document.value)
    except ValidationError as error:
        raise together(_complaints(document, error)) from error


def _complaints(document: Document, error: ValidationError) -> list[FlowError]:
    return [document.complaint(found.path, found.problem, found.remedy) for found in problems(error)]
