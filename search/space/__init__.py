"""A space file and its overrides, to a checked study and back: YAML with positions, domains, rules, schema.
It imports nothing heavy.

May import: search.study, trainables.metrics, trainables.settings.
"""
