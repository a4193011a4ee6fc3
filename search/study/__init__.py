"""The typed meaning of a space file: sections, domains, designs. It imports nothing heavy.

May import: trainables.metrics, trainables.settings.
"""
