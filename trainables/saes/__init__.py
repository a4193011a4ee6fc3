"""The kinds of SAE, each a file: codes, loss, calibration.

May import: trainables.settings.
"""
