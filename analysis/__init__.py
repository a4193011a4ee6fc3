"""What is made of a run by those who only look: reports, galleries, comparisons, exports. The scripts lie
here, one a command; the rooms hold what they do. Nothing here starts Ray or writes into a run but its own
folders, and nobody imports it.
"""
