"""The sections of `analysis/report.py`, one a file, as blocks that become HTML and Markdown.

May import: analysis.charts, analysis.cli, analysis.effects, analysis.pages, search.confirmation,
    search.console, search.ledger, search.ranking, search.stages, search.study, trainables.confirmation,
    trainables.metrics, trainables.pictures, trainables.pipeline, trainables.stages.
"""
