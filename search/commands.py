"""Commands as they are printed: each runs as it stands, from the folder in which it was printed."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

from search.formatting import shown

ROOT = Path(__file__).parents[1]


def python_command(script: str, *words: str) -> str:
    """A script of this project with the interpreter that runs now: `.venv/bin/python search/run.py WORDS`."""
    return " ".join([_program("python", Path(sys.executable)), shown(ROOT / script), *words])


def module_command(module: str, *words: str) -> str:
    """A module of this project, which is found from any folder because the project is installed."""
    return " ".join([_program("python", Path(sys.executable)), "-m", module, *words])


def tensorboard_command(logdir: Path) -> str:
    """TensorBoard of the environment that runs now, on a folder of event files."""
    beside = Path(sys.executable).with_name("tensorboard")
    return f"{_program('tensorboard', beside)} --logdir {shown(logdir)}"


def _program(name: str, path: Path) -> str:
    """The bare name where this shell would find the same program by it, else the path."""
    found = shutil.which(name)
    is_same = found is not None and os.path.abspath(found) == os.path.abspath(path)
    return name if is_same or not path.exists() else shown(path)
