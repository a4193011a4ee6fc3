"""Which settings did what: importances of a search, paired differences of a design, each with its interval.

May import: search.ledger, search.ranking, search.scheduling, search.study.
"""
