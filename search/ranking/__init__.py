"""Who is better: Pareto fronts, ranks, the leaderboard.

May import: search.ledger, search.study, trainables.metrics.
"""
