"""The key of a quiz and the answers to it, as files."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from search.disk import write_bytes
from search.errors import SpaceError

KEY = "key.json"


@dataclass(frozen=True)
class Keyed:
    """A question with what nobody may see who answers: its source and right choice, and what metrics say."""

    id: str
    kind: str
    source: str
    run: str
    trial: int
    latent: int
    right: int
    choices: int
    metrics: Mapping[str, float]

    @property
    def chance(self) -> float:
        """How often a guess is right."""
        return 1 / self.choices


@dataclass(frozen=True)
class Answers:
    """One reader's file: question -> (choice, the name that was given to it, "" for none)."""

    path: Path
    reader: str
    given: Mapping[str, tuple[int, str]]


def quiz_id(questions: Sequence[Keyed]) -> str:
    """Short digest of the questions, by which answers are known to be theirs."""
    text = json.dumps([asdict(keyed) for keyed in questions], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def write_key(folder: Path, questions: Sequence[Keyed], command: str) -> None:
    """Write key.json into the quiz's folder. DiskError if it cannot be written."""
    document = {
        "format": 1,
        "quiz": quiz_id(questions),
        "command": command,
        "questions": [asdict(keyed) for keyed in questions],
    }
    write_bytes(folder / KEY, (json.dumps(document, indent=1) + "\n").encode())


def read_key(folder: Path) -> tuple[str, list[Keyed]]:
    """The quiz's id and its questions. SpaceError if there is no key, or it is not one of ours."""
    path = folder / KEY
    if not path.is_file():
        raise SpaceError(f"there is no {path}; python analysis/quiz.py RUN writes a quiz with its key")
    document = _document(path)
    try:
        questions = [Keyed(**row) for row in document["questions"]]
        name = document["quiz"]
    except (KeyError, TypeError) as error:
        raise SpaceError(f"{path} is not the key of a quiz: {error}") from None
    if name != quiz_id(questions):
        raise SpaceError(f"{path} was changed after it was written: its digest is not {name}")
    return name, questions


def read_answers(path: Path, quiz: str, questions: Sequence[Keyed]) -> Answers:
    """What a reader saved. SpaceError, saying where and what, for anything but answers to this quiz."""
    document = _document(path)
    if document.get("quiz") != quiz:
        raise SpaceError(f"{path} answers the quiz {document.get('quiz')}, and this is {quiz}")
    by_id = {keyed.id: keyed for keyed in questions}
    rows = document.get("answers")
    if not isinstance(rows, dict):
        raise SpaceError(f"{path}: answers must be an object of question -> answer")
    given = {}
    for name, row in rows.items():
        keyed = by_id.get(name)
        if keyed is None:
            raise SpaceError(f"{path}: answers.{name}: this quiz has no such question")
        choice = row.get("choice") if isinstance(row, dict) else None
        if not isinstance(choice, int) or isinstance(choice, bool) or not 0 <= choice < keyed.choices:
            most = keyed.choices - 1
            raise SpaceError(
                f"{path}: answers.{name}.choice: must be a whole number from 0 to {most}, got {choice!r}"
            )
        given[name] = (choice, str(row.get("name", "")))
    return Answers(path, str(document.get("reader", "")), given)


def _document(path: Path) -> dict[str, Any]:
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SpaceError(f"{path} cannot be read: {error.strerror}") from None
    except ValueError as error:
        raise SpaceError(f"{path} is not JSON: {error}") from None
    if not isinstance(document, dict):
        raise SpaceError(f"{path} is not a JSON object")
    return document
