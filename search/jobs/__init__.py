"""A search as a job on a Ray cluster: packing the code, submitting, following from a laptop.

May import: search.cli, search.execution, search.space, trainables.workers.
"""
