"""What a driver shows: progress, the summary, and one message for an error that a user can mend.

May import: search.ledger, search.ranking, search.scheduling, search.study, trainables.metrics,
    trainables.pipeline.
"""
