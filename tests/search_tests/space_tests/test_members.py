"""Kinds and losses from outside: found beside the space file, checked, told where they fail."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from search.errors import SpaceError
from search.space.loader import load_study
from tests.search_tests.space_texts import with_trial
from trainables import foreign, registry
from trainables.config import TrialConfig
from trainables.errors import MemberError
from trainables.foreign import is_foreign
from trainables.metrics.catalog import METRICS
from trainables.settings.loop import JointLoopConfig
from trainables.workers.shipped_code import ShippedCode

SETTINGS = '''
from typing import ClassVar
from pydantic import Field
from trainables.metrics.metric import Metric
from trainables.settings.rules import Rule
from trainables.settings.sae import SaeTrainingConfig, TopKSaeConfig
from trainables.settings.section import LatentLossConfig, LossConfig

class GroupSaeConfig(SaeTrainingConfig):
    """The largest code of every group."""
    implementation: ClassVar[str] = "strange_work:GroupSae"
    rules: ClassVar[tuple[Rule, ...]] = (
        Rule(("sae.width", "sae.groups"), lambda w, g: w % g == 0, "sae.groups must divide sae.width"),
    )
    groups: int = Field(8, ge=1, le=64, description="Groups.")

class InkConfig(LossConfig):
    """Little ink."""
    implementation: ClassVar[str] = "strange_work:ink"
    ink: float = Field(0.0, ge=0, le=10, description="Weight of ink.")

class CalmConfig(LatentLossConfig):
    """Small latents."""
    implementation: ClassVar[str] = "strange_work:Calm"
    rules: ClassVar[tuple[Rule, ...]] = (
        Rule(("loop.calm_power", "loop.epochs"), lambda p, e: p < e, "loop.calm_power must be below epochs"),
    )
    calm: float = Field(0.0, ge=0, le=10, description="Weight of calm.")
    calm_power: int = Field(2, ge=1, le=4, description="The power.")

INK = Metric("strange/ink", "ink", "max", lambda inputs: 1.0, null="no ink")
TAKEN = Metric("sae/l0", "ours already", "max", lambda inputs: 1.0)
EPOCHS = Metric("strange/epochs", "too often", "max", lambda inputs: 1.0, "epoch")

class Lazy(TopKSaeConfig):
    """Says nothing of its own."""

class Hollow(SaeTrainingConfig):
    """Its implementation lacks what it must do."""
    implementation: ClassVar[str] = "strange_work:Hollow"

class Elsewhere(SaeTrainingConfig):
    """Its implementation is no SAE."""
    implementation: ClassVar[str] = "strange_work:ink"
'''
WORK = """
from trainables.saes.sparse_autoencoder import SparseAutoencoder

class GroupSae(SparseAutoencoder):
    def __init__(self, config, input_size):
        super().__init__(config, input_size)
        self.groups = config.groups

    def activate(self, u):
        grouped = u.unflatten(-1, (self.groups, -1))
        return (grouped.relu() * (grouped == grouped.amax(-1, keepdim=True))).flatten(-2)

class Hollow(SparseAutoencoder):
    pass

class Calm:
    def __init__(self, loop):
        self.power = loop.calm_power

    def __call__(self, batch):
        return batch.u.abs().pow(self.power).mean()

def ink(batch):
    return batch.hidden.abs().mean()
"""


@pytest.fixture
def space(tmp_path: Path) -> Iterator[Path]:
    """A space file's place beside the foreign code; afterwards nothing of it is known any more."""
    (tmp_path / "strange_kinds.py").write_text(SETTINGS)
    (tmp_path / "strange_work.py").write_text(WORK)
    (tmp_path / "strange_broken.py").write_text("\nraise OSError('no such device')\n")
    path, before = list(sys.path), list(foreign._folders)
    yield tmp_path / "x.yaml"
    sys.path[:], foreign._folders[:] = path, before
    for name in [name for name in sys.modules if name.startswith("strange_")]:
        del sys.modules[name]
    from trainables.settings.loss_section import _extended

    _extended.cache_clear()


GOOD = """\
  sae:
    kind: {choice: [topk, "strange_kinds:GroupSaeConfig"]}
    width: {choice: [64, 128]}
    groups: {choice: [4, 8]}
  auxiliary:
    losses: strange_kinds:InkConfig
    ink: {log_uniform: [0.1, 1], or: 0}
"""


def refused(space: Path, old: str, new: str) -> str:
    assert old in GOOD
    space.write_text(with_trial(GOOD.replace(old, new)))
    with pytest.raises(SpaceError) as caught:
        load_study(space)
    lines = str(caught.value).splitlines()
    assert len([line for line in lines if line.startswith(str(space))]) == 1, lines
    return lines[0]


def test_a_kind_and_a_loss_from_outside_are_searched_like_ours(space: Path) -> None:
    space.write_text(with_trial(GOOD))
    loaded = load_study(space)
    groups = next(p for p in loaded.study.parameters if p.path == "sae.groups")
    assert [c.allowed for c in groups.conditions] == [("strange_kinds:GroupSaeConfig",)]
    assert groups.default == 8
    trial = loaded.study.trial_config(
        {
            "sae.kind": "strange_kinds:GroupSaeConfig",
            "sae.width": 64,
            "sae.groups": 4,
            "auxiliary.ink?": False,
        }
    )
    assert is_foreign(type(trial.sae))
    assert TrialConfig.model_validate(trial.model_dump()) == trial
    assert list(trial.auxiliary.loss_classes())[-1] == "ink"
    (space.parent / "y.yaml").write_text(loaded.resolved_text)
    assert load_study(space.parent / "y.yaml").study == loaded.study


LATENTS = """\
  sae: {kind: batch_topk}
  loop:
    kind: {choice: [none, joint]}
    losses: strange_kinds:CalmConfig
    epochs: {choice: [2, 4]}
    calm: {log_uniform: [0.1, 1], or: 0}
    calm_power: 1
"""


def test_a_loss_on_latents_from_outside_is_searched_like_ours(space: Path) -> None:
    space.write_text(with_trial(LATENTS))
    loaded = load_study(space)
    calm = next(p for p in loaded.study.parameters if p.path == "loop.calm")
    assert ("joint",) in [c.allowed for c in calm.conditions]
    trial = loaded.study.trial_config({"loop.kind": "joint", "loop.calm": 0.5, "loop.epochs": 2})
    assert isinstance(trial.loop, JointLoopConfig)
    assert trial.loop.model_dump()["calm_power"] == 1
    assert trial.loop.kind == "joint"
    assert list(trial.loop.active()) == ["calm"]
    assert "calm code" in trial.loop.identity()
    assert TrialConfig.model_validate(trial.model_dump()) == trial
    (space.parent / "y.yaml").write_text(loaded.resolved_text)
    assert load_study(space.parent / "y.yaml").study == loaded.study
    none = loaded.study.trial_config({"loop.kind": "none"})
    assert none.loop.model_dump() == {"kind": "none"}


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("strange_kinds:Calm", "strange_kinds:Cal", "has no CalConfig; did you mean 'CalmConfig'?"),
        (
            "CalmConfig",
            "InkConfig",
            "must be a class that derives from trainables.settings.section.LatentLoss",
        ),
        ("strange_kinds:CalmConfig", "solo", "no loss on latents from elsewhere is called 'solo'"),
        ("calm_power: 1", "calm_power: 9", "wrong value 9; must be at most 4"),
        ("calm_power: 1", "calm_power: 3", "loop.calm_power must be below epochs"),
    ],
)
def test_a_loss_on_latents_that_cannot_be_used_is_one_sentence(
    space: Path, old: str, new: str, said: str
) -> None:
    space.write_text(with_trial(LATENTS.replace(old, new)))
    with pytest.raises(SpaceError) as caught:
        load_study(space)
    (line,) = [line for line in str(caught.value).splitlines() if line.startswith(str(space))]
    assert said in line


def test_its_code_is_part_of_what_it_is(space: Path) -> None:
    space.write_text(with_trial(GOOD))
    study = load_study(space).study
    trial = study.trial_config({"sae.kind": "strange_kinds:GroupSaeConfig", "sae.width": 64, "sae.groups": 4})
    before = trial.sae.identity()
    foreign.code_digest.cache_clear()
    (space.parent / "strange_kinds.py").write_text(SETTINGS + "\n# changed\n")
    assert trial.sae.identity() != before
    assert "code" not in TrialConfig().sae.identity()


def test_a_rule_that_is_not_monotone_is_held_against_every_value(space: Path) -> None:
    line = refused(space, "choice: [64, 128]", "log_int: [64, 512]")  # both ends are divisible by 4 and 8
    assert "sae.groups must divide sae.width; sae.width 65 with sae.groups 4 can be drawn" in line


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("GroupSaeConfig", "GroupSaeConfi", "strange_kinds.py has no GroupSaeConfi; did you mean 'GroupSaeC"),
        ("strange_kinds:Gr", "strange_kind:Gr", "there is no module strange_kind among the installed"),
        ("strange_kinds:Gr", "strange_broken:Gr", "strange_broken.py:2: OSError: no such device"),
        ("GroupSaeConfig", "SETTINGS", "has no SETTINGS"),
        ("GroupSaeConfig", "InkConfig", "must be a class that derives from trainables.settings.sae.SaeTrain"),
        ("GroupSaeConfig", "Lazy", "strange_kinds.py:35) names no implementation"),
        ("GroupSaeConfig", "Hollow", "strange_work.py:13) must define activate"),
        (
            "GroupSaeConfig",
            "Elsewhere",
            "must be a class that derives from trainables.saes.sparse_autoencoder",
        ),
        ("strange_kinds:Ink", "strange_kinds:Inc", "has no IncConfig; did you mean 'InkConfig'?"),
    ],
)
def test_what_cannot_be_used_is_one_sentence_at_its_place(space: Path, old: str, new: str, said: str) -> None:
    line = refused(space, old, new)
    assert said in line
    assert f"{space}:6:" in line or f"{space}:10:" in line


def test_a_run_directory_is_no_place_for_code(space: Path) -> None:
    space.write_text(with_trial(GOOD))
    (space.parent / "trials.jsonl").write_text("")
    with pytest.raises(SpaceError, match="there is no module strange_kinds"):
        load_study(space)


def test_code_travels_as_it_is_and_is_unpacked_where_the_folder_is_another(space: Path) -> None:
    shipped = ShippedCode.of(space.parent)
    for file in space.parent.glob("*.py"):
        file.unlink()
    shipped.activate()
    assert isinstance(foreign.import_object("strange_kinds:InkConfig"), type)
    assert str(sys.modules["strange_kinds"].__file__).startswith(str(Path(sys.path[-1])))


OBJECTIVE = "name: x\nquestion: q\nobjectives: [{{metric: {metric}, mode: max}}]\n"


def test_a_metric_from_outside_is_an_objective_and_stays_one(
    space: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(METRICS, "_columns", dict(METRICS._columns))
    space.write_text(OBJECTIVE.format(metric='"strange_kinds:INK"'))
    loaded = load_study(space)
    assert [objective.metric for objective in loaded.study.objectives] == ["strange/ink"]
    assert loaded.study.metrics == ("strange_kinds:INK",)
    space.write_text(loaded.resolved_text)
    assert load_study(space).study == loaded.study
    space.write_text(OBJECTIVE.format(metric="strange/ink_skill"))
    with pytest.raises(SpaceError, match="no metric listed under metrics reports strange/ink_skill"):
        load_study(space)
    space.write_text("metrics: strange_kinds:INK\n" + OBJECTIVE.format(metric="strange/ink_skill"))
    assert load_study(space).study.metrics == ("strange_kinds:INK",)


@pytest.mark.parametrize(
    ("named", "said"),
    [
        ("strange_kinds:INC", "has no INC; did you mean 'INK'?"),
        ("strange_kinds:Rule", "is a type; must be a trainables.metrics.metric.Metric or a function"),
        ("strange_kinds:TAKEN", "reports sae/l0, which sae/l0 reports already"),
        ("strange_kinds:EPOCHS", "take when='rung'"),
        ("strange_broken:INK", "strange_broken.py:2: OSError: no such device"),
    ],
)
def test_a_metric_that_cannot_be_used_is_one_sentence_at_its_place(
    space: Path, named: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(METRICS, "_columns", dict(METRICS._columns))
    space.write_text(OBJECTIVE.format(metric=f'"{named}"'))
    with pytest.raises(SpaceError) as caught:
        load_study(space)
    (line,) = [line for line in str(caught.value).splitlines() if line.startswith(str(space))]
    assert line.startswith(f"{space}:3:23: objectives[0].metric: {named}")
    assert said in line


def test_two_packages_that_give_one_name_are_both_told(monkeypatch: pytest.MonkeyPatch) -> None:
    points = tuple(EntryPoint("twice", f"{package}:Config", "sae_search.saes") for package in ("one", "two"))
    monkeypatch.setattr("trainables.registry._entry_points", lambda _: points)
    with pytest.raises(MemberError, match=r"several saes called 'twice'.* one:Config or two:Config"):
        registry.SAES["twice"]
