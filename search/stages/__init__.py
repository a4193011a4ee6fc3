"""Proposals that know what is trained: what trials share, what stages cost, what a second may bring.

May import: search.ledger, search.ranking, search.scheduling, search.study, trainables.metrics.
"""
