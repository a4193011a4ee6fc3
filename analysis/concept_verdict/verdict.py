"""The gates in their order, until one decides."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from analysis.concept_verdict.causal import Arms, Causal, judge
from analysis.concept_verdict.evidence import Evidence
from analysis.concept_verdict.gates import Gate, decodable, hard_bits, hygiene, sufficient
from analysis.concept_verdict.rule import Rule, Word
from analysis.concept_verdict.shapley import GroupValue, group_values

Say = Callable[[str], None]


@dataclass(frozen=True)
class Screened:
    """What the gates without an SAE say. word: of the gate that decided, None where none did."""

    gates: tuple[Gate, ...]
    groups: tuple[GroupValue, ...]
    word: Word | None

    @property
    def drop(self) -> dict[str, str]:
        """Concepts that the set would do as well without, and why."""
        told = {name: why for gate in self.gates for name, why in gate.drop.items()}
        for group in self.groups:
            if group.lower <= 0 or group.spare:
                value = f"{group.value:+.4f}, from {group.lower:+.4f}"
                why = f"{group.group} adds nothing to reading the class ({value})"
                if group.lower > 0:
                    why = f"without {group.group} the others read the class as well"
                told |= {name: why for name in group.concepts if name not in told}
        return told


@dataclass(frozen=True)
class Verdict:
    """The word, why, and all that is behind it. look: which this is; replicates: how many seeds it saw."""

    concepts: str
    word: Word
    reasons: tuple[str, ...]
    screened: Screened
    causal: Causal | None
    look: int
    replicates: int
    rule: Rule
    beside: Mapping[str, Mapping[str, float]]
    """Arm -> metric -> mean."""


def screen(evidence: Evidence, dropped: Mapping[str, str], say: Say = lambda _: None) -> Screened:
    """G0 to G4. Concepts that the plain network does not tell are not seen by the gates after G1."""
    gates: list[Gate] = []

    def passed(gate: Gate) -> bool:
        gates.append(gate)
        say(f"{gate.name}: {gate.sentence}")
        return gate.word is None

    groups: tuple[GroupValue, ...] = ()
    if not passed(hygiene(evidence, dropped)) or not passed(decodable(evidence)):
        return Screened(tuple(gates), groups, gates[-1].word)
    left = evidence.only([i for i, name in enumerate(evidence.names) if name not in gates[-1].drop])
    if not passed(sufficient(left)):
        return Screened(tuple(gates), groups, gates[-1].word)
    groups = group_values(left)
    say("G3 necessary: " + ", ".join(f"{g.group} {g.value:+.3f}" for g in groups))
    passed(hard_bits(left))
    return Screened(tuple(gates), groups, gates[-1].word)


def concluded(
    concepts: str,
    screened: Screened,
    arms: Arms | None,
    look: int,
    rule: Rule,
    replicates: int,
) -> Verdict:
    """The verdict; `arms` are needed where no gate has decided."""
    if screened.word is not None or arms is None:
        gate = screened.gates[-1]
        word = screened.word or Word.INCONCLUSIVE
        return Verdict(
            concepts, word, (f"{gate.name}: {gate.sentence}",), screened, None, look, replicates, rule, {}
        )
    causal = judge(arms, look, rule)
    beside = {
        arm: {metric: sum(values) / len(values) for metric, values in own.items()}
        for arm, own in arms.items()
    }
    return Verdict(concepts, causal.word, causal.reasons, screened, causal, look, replicates, rule, beside)


def as_json(verdict: Verdict) -> dict[str, Any]:
    """All of it as plain data."""
    causal = verdict.causal
    return {
        "concepts": verdict.concepts,
        "verdict": str(verdict.word),
        "reasons": list(verdict.reasons),
        "rule": list(verdict.rule.said()),
        "look": verdict.look,
        "seeds": verdict.replicates,
        "drop": verdict.screened.drop,
        "gates": [
            {"gate": gate.name, "says": gate.sentence, "decides": gate.word, "numbers": dict(gate.numbers)}
            for gate in verdict.screened.gates
        ],
        "groups": [
            {
                "group": g.group,
                "adds": g.value,
                "lower": g.lower,
                "upper": g.upper,
                "concepts": list(g.concepts),
            }
            for g in verdict.screened.groups
        ],
        "arms": {arm: dict(own) for arm, own in verdict.beside.items()},
        **({} if causal is None else {"causal": _causal(causal)}),
    }


def _causal(causal: Causal) -> dict[str, Any]:
    return {
        "level": causal.level,
        "power": causal.power,
        "seeds_needed": causal.seeds,
        "p": dict(causal.p),
        "comparisons": [
            {
                "metric": c.metric,
                "against": c.against,
                "n": c.found.n,
                "difference": c.found.mean,
                "lower": c.lower,
                "upper": c.upper,
                "pooled_sd": c.found.pooled,
                "p": c.p,
            }
            for c in causal.comparisons
        ],
    }
