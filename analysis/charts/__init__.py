"""Charts as SVG text, drawn by hand so that pages need no script and no library.

May import: no other room.
"""
