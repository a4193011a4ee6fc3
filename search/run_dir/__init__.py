"""The run directory: names, lock, run.json, the driver's log, the run's own space and images.

May import: search.ledger, search.space, search.study, trainables.concepts, trainables.data,
    trainables.metrics, trainables.networks, trainables.settings, trainables.storage.
"""
