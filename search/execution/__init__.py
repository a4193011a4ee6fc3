"""Running trials on Ray: the session, resources, signals, nodes. Only this room and the jobs know Ray.

May import: search.console, search.ledger, search.run_dir, search.scheduling, search.space,
    search.stages, search.storage, search.study, trainables.data, trainables.pipeline, trainables.storage,
    trainables.workers.
"""
