"""The case files of the platform's callback, where they are at hand."""

import json
from pathlib import Path
from typing import Any

import pytest

FOLDER = Path(__file__).parents[3].parent / "shared" / "vectors"
needs_vectors = pytest.mark.skipif(
    not FOLDER.is_dir(), reason="the shared vectors are not beside the project"
)


def cases(file: str) -> list[Any]:
    """Every case of a file as a parameter, named by its id; none where the files are not at hand."""
    path = FOLDER / file
    if not path.is_file():
        return [pytest.param({}, id="absent")]
    return [
        pytest.param(case, id=case["id"]) for case in json.loads(path.read_text(encoding="utf-8"))["cases"]
    ]
