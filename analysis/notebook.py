"""A search from a notebook or a program of one's own.

    from analysis.notebook import load_space
    space = load_space("sae.yaml", {"budget.trials": 20, "trial.sae.k": {"int": [2, 8]}})
    run = space.run()               # progress as in the terminal; the run directory as ever
    run.leaderboard()
    z = run.best()(run.data().val.images[:8])

What `run` returns is what `analysis.load.load_run` reads from the directory, now or in a year.
"""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from analysis.load import Run, load_run
from search.cli.options import DEFAULT_OUT, New, Options, Resume
from search.cli.search_command import resume, search_anew
from search.errors import SpaceError
from search.space.loader import LoadedSpace, load_study
from search.study.study import Study


@dataclass(frozen=True)
class Space:
    """A space file that was read and found right, with what was set on top of it; see `load_space`."""

    path: Path
    loaded: LoadedSpace
    overrides: tuple[str, ...] = ()

    @property
    def study(self) -> Study:
        """What will be searched, every default filled in."""
        return self.loaded.study

    def __repr__(self) -> str:
        changed = f", {', '.join(self.overrides)}" if self.overrides else ""
        return f"Space({self.study.name}: {self.study.question}{changed})"

    def run(
        self,
        name: str | None = None,
        out: str | Path = DEFAULT_OUT,
        address: str = "local",
        storage: str | None = None,
    ) -> Run:
        """Search it; the finished run. Arguments are those of `python search/run.py`.

        Raises what `search.errors` has; a run that was interrupted lies in `out` all the same, and
        `resume_run` goes on with it.
        """
        options = Options(
            New(self.path, self.overrides, name=name),
            out=Path(out),
            address=address,
            storage=storage,
            report=False,
        )
        return load_run(search_anew(self.loaded, name, options).path)


def load_space(
    path: str | Path,
    overrides: Mapping[str, object] | None = None,
    metrics: Iterable[Callable[..., Any] | str] = (),
) -> Space:
    """Read and check a space file. SpaceError lists every mistake with its place.

    overrides: dotted key of the file -> value, which may be a domain: {"trial.sae.k": {"int": [2, 8]}}.
    metrics: functions of a module that workers can import (from the folder of the notebook or of the space),
    or import paths; each is measured at every rung and may be an objective by its name, `own/<function>`.
    """
    given: dict[str, Any] = {**(overrides or {})}
    paths = [metric if isinstance(metric, str) else _import_path(metric) for metric in metrics]
    if paths:
        # An override takes the place of the file's own list, which is to stay.
        listed: Any = given.get("metrics") or load_study(path).study.metrics
        given["metrics"] = list(dict.fromkeys([*listed, *paths]))
    words = tuple(f"{key}={_yaml(key, value)}" for key, value in given.items())
    return Space(Path(path), load_study(path, words), words)


def resume_run(path: str | Path, trials: int | None = None, address: str = "local") -> Run:
    """Go on with a run, to `trials` in all if that is given; the finished run."""
    old = Resume(str(path), trials=trials)
    resume(old, Options(old, address=address, report=False))
    return load_run(path)


def _yaml(key: str, value: Any) -> str:
    try:
        return json.dumps(value)
    except TypeError:
        raise SpaceError(
            f"{key}: a {type(value).__name__} cannot stand in a space file; numbers, texts, lists, dicts can"
        ) from None


def _import_path(function: Callable[..., Any]) -> str:
    module, name = function.__module__, function.__qualname__
    if module == "__main__" or "<" in name or not inspect.isfunction(function):
        raise SpaceError(
            f"{name} of {module} cannot be imported by a worker; write it as a function into a file beside "
            f"the notebook, and import it: from measures import {name.split('.')[-1]}, if it is measures.py"
        )
    return f"{module}:{name}"
