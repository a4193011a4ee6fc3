"""trials.jsonl, the source of truth: events, lines on disk, the history that they tell, and the one writer.

May import: search.study, trainables.storage, trainables.workers.
"""
