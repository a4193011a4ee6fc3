"""Whether a set of concepts is useful: six gates, each a file, and the rule that turns them into a word.

May import: analysis.cli, analysis.pages, analysis.reading, search.cli, search.execution, search.ledger,
    search.run_dir, search.scheduling, search.space, search.study, trainables.concepts, trainables.data,
    trainables.metrics, trainables.model, trainables.pipeline, trainables.stages.
"""
