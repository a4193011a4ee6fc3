"""HTML for all views: the page around them, sheets of tiles, links, provenance. No server, no network.

May import: analysis.reading, trainables.pictures.
"""
