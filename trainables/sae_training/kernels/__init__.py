"""Compiled loops on CPUs for the steps, each with its plain equivalent in a test. Part of the room
`sae_training`.
"""
