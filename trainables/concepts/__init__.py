"""Sets of human concepts: where their values come from, what is made of them, and the sets that control them.

May import: trainables.data, trainables.settings, trainables.storage.
"""
