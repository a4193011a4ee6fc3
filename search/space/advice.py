"""What a valid space file had better say as well: sentences, each with the line to add; no errors."""

from __future__ import annotations

from search.study.study import Study
from trainables.metrics.catalog import METRICS

SPARSITY = ("sae/l0", "sae/dense_fraction")


def advice(study: Study) -> list[str]:
    """Warnings about objectives that say little, and about winners that will be dense; often none."""
    wanted = {objective.metric for objective in study.objectives}
    told = [_about(metric, "latents/readable" in wanted) for metric in sorted(wanted)]
    bounded = wanted | {limit.metric for limit in study.constraints if limit.max is not None}
    if not bounded & set(SPARSITY):
        told.append(
            "no constraint bounds how many latents fire, so the winners may be dense; add to constraints: "
            "{metric: sae/l0, max: 16}"
        )
    return [sentence for sentence in told if sentence]


def _about(metric: str, accompanied: bool) -> str:
    column = METRICS[metric]
    if column.role in ("null", "reference"):
        own = column.metric.name
        return f"the objective {metric} is no merit of the SAE ({column.description}); {own} is"
    if accompanied:
        return ""
    if metric.startswith(_FOR_NOTHING):
        return f"the objective {metric} can be had without reading anything; {_BESIDE}"
    if column.metric.proxy:
        return f"the objective {metric} is a proxy, which says little of planted parts; {_BESIDE}"
    return ""


# Gradient junk falls from .9 to .01 behind an ink threshold, with the same weights.
_FOR_NOTHING = "attribution/junk"
_BESIDE = "put {metric: latents/readable, mode: max} beside it"
