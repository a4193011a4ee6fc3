"""The sceptic's panel, a member a file: what a trained SAE has to be better than before it is believed.

Each file has one `MEMBER` and builds its model; it imports torch inside its functions, since tables of
results name members where nothing heavy is loaded.
"""
