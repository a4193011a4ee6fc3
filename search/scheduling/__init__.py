"""Which trial comes next and which goes on: Optuna, designs, successive halving, timeouts. It knows no Ray.

May import: search.ledger, search.ranking, search.study, trainables.metrics, trainables.workers.
"""
