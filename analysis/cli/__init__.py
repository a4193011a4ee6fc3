"""What the scripts have in common on the command line: arguments, progress, how a command is quoted,
and the one command `sae-search` that has them all as verbs.

May import: search.cli, search.console.
"""
