"""A run looked at from outside while it grows, for `analysis/status.py`.

May import: analysis.reading, search.console, search.ledger, search.ranking, search.run_dir, search.storage,
    search.study, trainables.storage.
"""
