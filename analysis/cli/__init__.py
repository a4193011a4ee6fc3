"""What the scripts have in common on the command line: arguments, progress, and how a command is quoted.

May import: search.cli.
"""
