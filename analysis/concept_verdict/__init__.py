"""Whether a set of concepts is useful: six gates, each a file, and the rule that turns them into a word.

May import: analysis.charts, analysis.pages, analysis.report_parts, search.cli, search.execution,
    search.ledger, search.run_dir, search.space, search.study, trainables.concepts, trainables.data,
    trainables.metrics, trainables.pipeline, trainables.stages.
"""
