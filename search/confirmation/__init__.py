"""`search/confirm.py`: the best trials again with fresh seeds, scored on the test split, beside controls.

May import: search.cli, search.execution, search.ledger, search.loggers, search.ranking, search.run_dir,
    search.scheduling, search.storage, search.study, trainables.confirmation, trainables.metrics,
    trainables.pipeline, trainables.storage, trainables.workers.
"""
