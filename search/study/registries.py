"""The open families of a search: who proposes and who stops trials; see `trainables.registry`."""

from __future__ import annotations

from trainables.registry import Registry

# A function (study, seed) -> optuna.samplers.BaseSampler, asked anew for every trial; or a class of these.
SAMPLERS = Registry(
    "sampler",
    "samplers",
    {
        name: f"search.scheduling.samplers:{name}"
        for name in ("tpe", "random", "sobol", "gp", "nsga2", "cma_es")
    },
)
# A class that is made with the reduction factor and judges at rungs, as `SuccessiveHalving` does.
SCHEDULERS = Registry(
    "scheduler",
    "schedulers",
    {
        "asha": "search.scheduling.successive_halving:SuccessiveHalving",
        "promotion": "search.scheduling.promotion:Promotion",
        "median": "search.scheduling.successive_halving:MedianStopping",
        "none": "search.scheduling.successive_halving:SuccessiveHalving",
    },
    required=("record", "survives", "hopeless"),
)
# A function Outlook -> Section or None; ours are in `analysis.report_parts.sections`.
REPORT_SECTIONS = Registry("report section", "report_sections", {})
