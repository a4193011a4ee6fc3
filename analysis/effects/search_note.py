"""What must be said beside the effects of a search."""

from __future__ import annotations

from collections.abc import Sequence

from analysis.effects.effect import DirectionEffect, chance_note
from search.formatting import count
from search.study.study import Study


def search_note(
    study: Study,
    effects: Sequence[DirectionEffect],
    early: Sequence[DirectionEffect],
    n_full: int,
    n_first: int,
    n_stopped: int,
) -> list[str]:
    """Method, assumptions and numbers of trials, then how many effects may be chance.

    `early` are the same effects at the first rung, empty if that has no more trials.
    """
    methods = {effect.method for effect in effects if effect.verdict != "too few"}
    said = [f"{_estimated(effects)} {count(n_full, 'different configuration')} trained in full."]
    if "model" in methods:
        said.append(
            "Method: model. A Bayesian regression, in which settings add up and may also work together "
            "smoothly, says by how much the objective would differ on average over the whole space if "
            "only this one setting were changed; the interval is its 95 % credible one. It assumes that "
            "trials alike in their settings score alike, and nothing of how strong or how noisy effects are; "
            "few trials for many settings make it wide. The trials with and without are counted beside it, "
            "but not compared directly."
        )
    if "matched" in methods:
        said.append(
            "Method: matched. Trials that differ in this setting alone, other ranges within 5 %, were "
            "compared in pairs; the interval is Student's t over the pairs. It holds where such pairs are, "
            "not for the whole space."
        )
    if study.sampler.name != "random" and methods:
        said.append(
            "The sampler went where results were good, so settings that go together in these trials need not "
            "have to: plain averages of trials with and without a setting would mislead. What was hardly "
            "tried together cannot be told apart, and its interval is wide."
        )
    if n_stopped:
        said.append(_stopped_note(effects, early, n_first, n_stopped))
    too_few = sum(effect.verdict == "too few" for effect in effects)
    if too_few:
        said.append(f"{count(too_few, 'effect')} had too few trials on a side to be told.")
    return [*said, chance_note(effects)] if methods else said


def _estimated(effects: Sequence[DirectionEffect]) -> str:
    """How, in the words that go before the number of trials."""
    methods = [effect.method for effect in effects if effect.verdict != "too few"]
    matched = methods.count("matched")
    if not methods:
        return "Nothing can be estimated from"
    if not matched:
        return "Nothing was paired beforehand, so effects are estimated by a model from"
    if matched == len(methods):
        return "Nothing was paired beforehand, so effects are estimated by matched trials from"
    return (
        f"Nothing was paired beforehand, so {count(matched, 'effect')} {'is' if matched == 1 else 'are'} "
        "estimated by matched trials and the rest by a model, from"
    )


def _stopped_note(
    effects: Sequence[DirectionEffect], early: Sequence[DirectionEffect], n_first: int, n_stopped: int
) -> str:
    said = (
        f"{count(n_stopped, 'trial')} stopped early because they looked bad are not among them, which makes "
        "effects look smaller."
    )
    clear = [
        (full, first)
        for full, first in zip(effects, early, strict=False)
        if full.is_clear and first.verdict != "too few"
    ]
    if not clear:
        return said
    agreeing = sum((full.mean > 0) == (first.mean > 0) for full, first in clear)
    opposed = sum(first.is_clear and first.verdict != full.verdict for full, first in clear)
    return (
        f"{said} At the first rung, where none had been stopped ({n_first} configurations, less training), "
        f"{agreeing} of {len(clear)} clear effects point the same way"
        + (f" and {opposed} clearly the other." if opposed else ", and none clearly the other.")
    )
