"""What follows the ledger's events: study.db, the trials' files, TensorBoard. All can be made anew from it.

May import: search.console, search.ledger, search.ranking, search.run_dir, search.scheduling,
    search.study, trainables.metrics, trainables.pictures, trainables.storage.
"""
