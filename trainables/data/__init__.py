"""Images and labels: the sources, how they are checked and split, and what the driver shares with workers.

May import: trainables.settings.
"""
