"""Finite edits of images that tests and losses share: ink beyond the strokes, pieces of a
digit, noise on the background.

May import: trainables.data.
"""
