"""A search from a program: overrides, functions as metrics, runs that come back, mistakes that are told."""

from __future__ import annotations

from pathlib import Path

import pytest

from analysis.notebook import load_space, resume_run
from search.errors import SpaceError

TINY = Path(__file__).parents[1] / "search_tests" / "spaces" / "tiny.yaml"
MEASURE = '''
def widest(inputs):
    """The share of images on which the latent that fires most often fires."""
    return float(inputs.measured.firing.max()) / len(inputs.measured.val_z)


class Measured:
    def method(self, inputs):
        return 0.0
'''


pytestmark = pytest.mark.usefixtures("folder")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder with a space and a module of one's own."""
    (tmp_path / "own_measure_of_width.py").write_text(MEASURE)
    (tmp_path / "tiny.yaml").write_text(TINY.read_text())
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("SAE_SEARCH_CACHE", str(tmp_path / "cache"))
    return tmp_path


def test_overrides_are_checked_like_a_file() -> None:
    space = load_space("tiny.yaml", {"budget.trials": 2, "trial.sae.k": {"int": [2, 4]}})
    assert space.study.budget.trials == 2
    assert "trial.sae.k" in repr(space)
    with pytest.raises(SpaceError, match="widht"):
        load_space("tiny.yaml", {"trial.sae.widht": 3})


def test_what_a_worker_cannot_import_is_refused() -> None:
    from own_measure_of_width import Measured

    for wrong in (lambda _: 0.0, Measured().method):
        with pytest.raises(SpaceError, match=r"measures\.py"):
            load_space("tiny.yaml", metrics=[wrong])


@pytest.mark.slow
def test_a_search_with_a_function_as_objective_comes_back_as_a_run() -> None:
    from own_measure_of_width import widest

    objectives = [{"metric": "own/widest", "mode": "min"}, {"metric": "probe/accuracy", "mode": "max"}]
    given = {"budget.trials": 2, "budget.trial_timeout_s": 900, "objectives": objectives}
    space = load_space("tiny.yaml", given, metrics=[widest])
    run = space.run("mine")
    assert run.path == Path("runs/mine").absolute()
    assert len(run.ranked()) == 2
    assert all(0 <= trial.values[0] <= 1 for trial in run.ranked())
    assert "own/widest" in run.leaderboard().columns
    assert len(resume_run("runs/mine", trials=3).history.trials) == 3
