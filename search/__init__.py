"""The driver: it reads a space, proposes trials, records them and decides. The two scripts lie here, and
what every room may use: errors, disk, formatting, version. It may import trainables, never analysis.
"""
