"""What a trial can be told: its sections, and the kinds that each of them has.

Nothing here or in `trainables.settings` imports torch, so a space file is checked in a fraction of a
second. A section with kinds takes whichever class of settings its `kind` stands for in the family's registry.
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator, Field, SerializeAsAny, ValidationError

from trainables import registry
from trainables.errors import MemberError
from trainables.registry import Registry
from trainables.settings.auxiliary import AuxiliaryConfig
from trainables.settings.basis import BasisConfig, RawBasisConfig
from trainables.settings.classifier import ClassifierTrainingConfig, MlpClassifierConfig
from trainables.settings.loop import LoopConfig, NoLoopConfig
from trainables.settings.rules import Rule
from trainables.settings.sae import SaeTrainingConfig, TopKSaeConfig
from trainables.settings.section import Implemented, Section

# Sections with kinds. One left out of a space file takes TrialConfig's default.
KINDS: dict[str, Registry] = {
    "classifier": registry.CLASSIFIERS,
    "basis": registry.BASES,
    "sae": registry.SAES,
    "loop": registry.LOOPS,
}


def _of_kind(section: str) -> BeforeValidator:
    """A mapping with `kind` -> the settings of that kind."""

    def read(value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        if not KINDS[section].is_named(value.get("kind")):
            raise ValueError(f"no {KINDS[section].noun} is called {value.get('kind')!r}")
        try:
            return KINDS[section][value["kind"]].read(value)
        except MemberError as error:
            raise ValueError(str(error)) from error
        except ValidationError as error:
            faults = (f"{'.'.join(map(str, part['loc']))}: {part['msg']}" for part in error.errors())
            raise ValueError("; ".join(faults)) from error

    return BeforeValidator(read)


def _auxiliary(value: Any) -> Any:
    return AuxiliaryConfig.read(value) if isinstance(value, dict) else value


class TrialConfig(Section):
    """Everything that distinguishes one trial from another."""

    classifier: SerializeAsAny[Annotated[ClassifierTrainingConfig, _of_kind("classifier")]] = (
        MlpClassifierConfig()
    )
    basis: SerializeAsAny[Annotated[BasisConfig, _of_kind("basis")]] = RawBasisConfig()
    sae: SerializeAsAny[Annotated[SaeTrainingConfig, _of_kind("sae")]] = TopKSaeConfig()
    auxiliary: SerializeAsAny[Annotated[AuxiliaryConfig, BeforeValidator(_auxiliary)]] = AuxiliaryConfig()
    loop: SerializeAsAny[Annotated[LoopConfig, _of_kind("loop")]] = NoLoopConfig()
    replicate: int = Field(
        0, ge=0, le=1_000_000, description="Enters every stage's seed; pairs trials of one design."
    )


def built_in_rules() -> list[Rule]:
    """Every rule that the kinds and losses of this repository declare, each once."""
    models: list[type[Implemented]] = [AuxiliaryConfig]
    for family in KINDS.values():
        models += [family[kind] for kind in family.built_in]
    return list(dict.fromkeys(rule for model in models for rule in model.all_rules()))


# Sections without kinds.
PLAIN: dict[str, type[Section]] = {"auxiliary": AuxiliaryConfig}
# Fields of the trial itself.
SCALARS: tuple[str, ...] = ("replicate",)
