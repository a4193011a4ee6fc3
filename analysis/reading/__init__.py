"""Run directories as far as they are whole, for readers: ledger, checkpoints, data, confirmation, owner.

May import: search.confirmation, search.ledger, search.loggers, search.ranking, search.run_dir,
    search.study, trainables.confirmation, trainables.data, trainables.model, trainables.storage.
"""
