"""What was measured again with fresh seeds on the test split: the only numbers to be quoted."""

from __future__ import annotations

from analysis.pages.signed_number import signed
from analysis.report_parts.blocks import Block, Cell, Column, Section, Span, Table, cell, code, say
from analysis.report_parts.outlook import Outlook
from search.confirmation.estimates import Confirmed, Estimate
from search.confirmation.tables import SMALLEST_SHOWN, means, panel_order, row_words
from search.confirmation.verdict import sentences
from search.formatting import number, score
from search.ranking.floor import EXPLAINED, floor_words
from search.ranking.leaderboard import ALWAYS_SHOWN, key_metrics
from trainables.metrics.catalog import null_of


def confirmation(outlook: Outlook) -> Section:
    """Search value, confirmed mean and gap of each configuration, then the controls beside the pipeline."""
    found = outlook.run.confirmation
    results = [] if found is None else [r for r in found.results if r.seeds]
    if not results:
        text = "Nothing has been confirmed yet: every score on this page was selected on the images it is of."
        command = f"python search/confirm.py {outlook.run_as_typed}"
        return Section(
            "confirmation", "Confirmation", (say(text, " To get numbers to quote: ", code(command)),)
        )
    text = (
        "Each configuration was trained again with fresh seeds and scored once on the test split. The gap is "
        "the search's value minus the fresh seeds' mean on the validation split, the search's own images: "
        "what was won by selection alone (the winner's curse). "
        f"± is the standard error over seeds. {EXPLAINED[0].upper()}{EXPLAINED[1:]}."
    )
    blocks: list[Block] = [say(text)]
    for sentence in sentences(outlook.study, results):
        blocks.append(say(sentence, kind="warning" if sentence.startswith("Warning") else "note"))
    blocks += [_confirmed(outlook, results), *(_panel(outlook, result) for result in results)]
    failures = [(r.subject.trial, seed, reason) for r in results for seed, reason in r.failures]
    blocks += [say(f"Trial {t:04d}, seed {s} failed: {reason}.", kind="note") for t, s, reason in failures]
    return Section("confirmation", "Confirmation", tuple(blocks))


def _confirmed(outlook: Outlook, results: list[Confirmed]) -> Table:
    rows = []
    for result in results:
        for metric in _shown(outlook, result):
            gap = result.gaps.get(metric)
            mean = result.estimates["pipeline"].get(metric)
            null = result.estimates["pipeline"].get(null_of(metric) or "")
            rows.append(
                (
                    _name(outlook, result),
                    cell(metric),
                    cell(str(len(result.seeds)), sort=len(result.seeds)),
                    cell("–" if gap is None else score(gap.search), sort=None if gap is None else gap.search),
                    _estimate(mean, null, floor=floor_words(metric, means(result.estimates["pipeline"]))),
                    cell("–" if gap is None else signed(gap.gap), sort=None if gap is None else gap.gap),
                    _estimate(result.minus_default.get(metric), is_difference=True),
                )
            )
    heads = ("n", "search", "confirmed", "gap", "minus default")
    columns = (Column("trial"), Column("metric"), *(Column(head, numeric=True) for head in heads))
    return Table("Search against confirmed", columns, tuple(rows), sortable=True)


def _panel(outlook: Outlook, result: Confirmed) -> Table:
    """A row a model, a column a metric."""
    metrics = _shown(outlook, result)
    rows = tuple(
        (cell(row_words(name)), *(_estimate(result.estimates[name].get(metric)) for metric in metrics))
        for name in ("pipeline", *panel_order(result))
    )
    trial = f"trial {result.subject.trial:04d}" + (", the default" if result.subject.is_default else "")
    columns = (Column("codes"), *(Column(metric, numeric=True) for metric in metrics))
    caption = f"The sceptic's panel of {trial}: same network, width and L0, test split"
    return Table(caption, columns, rows, sortable=True)


def _shown(outlook: Outlook, result: Confirmed) -> list[str]:
    wished = dict.fromkeys([*key_metrics(outlook.study), *ALWAYS_SHOWN, "latents/supported"])
    return [metric for metric in wished if metric in result.estimates["pipeline"]]


def _name(outlook: Outlook, result: Confirmed) -> Cell:
    trial = outlook.run.history.trials[result.subject.trial]
    note = [Span(" default", "dim")] if result.subject.is_default else []
    return cell(outlook.link(trial), *note, sort=float(trial.number))


def _estimate(
    found: Estimate | None,
    null: Estimate | None = None,
    *,
    is_difference: bool = False,
    floor: str | None = None,
) -> Cell:
    if found is None:
        return cell("–")
    note = [Span(f" chance {number(round(null.mean, 4))}", "dim")] if null is not None else []
    note += [Span(f" {floor}", "dim")] if floor is not None else []
    return cell(plus_minus(found, is_difference=is_difference), *note, sort=found.mean)


def plus_minus(found: Estimate, *, is_difference: bool = False) -> str:
    """`0.913 ± 0.004`: three decimals, more only where the error is smaller than they can show."""
    mean = f"{found.mean:+.3f}" if is_difference else score(found.mean)
    if found.se is None:
        return mean.replace("-", "−")
    if 0 < found.se < SMALLEST_SHOWN:
        mean = f"{found.mean:+.4g}" if is_difference else number(found.mean)
        return f"{mean} ± {found.se:.1g}".replace("-", "−")
    return f"{mean} ± {found.se:.3f}".replace("-", "−")
