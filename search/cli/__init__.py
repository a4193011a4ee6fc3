"""The commands of `search/run.py`: options, search, resume, dry run, reproduce, and how a script ends.

May import: search.console, search.execution, search.ledger, search.loggers, search.ranking, search.run_dir,
    search.scheduling, search.space, search.storage, search.study, trainables.data, trainables.metrics,
    trainables.pipeline.
"""
