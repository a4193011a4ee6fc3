"""The classifiers and their front ends; `front_ends` is part of this room. None knows Ray.

May import: trainables.data, trainables.settings.
"""
