"""The driver in one process and in virtual time, over a simulated Ray, disk, storage and clock.

Everything that is drawn comes from one seed: a schedule is the same every time. What runs is the product: its
suggester, halving, ledger, recorder, resume, files and sharing, and the objects that Ray Tune calls. What is
simulated is around it. `python -m tests.simulation` runs many schedules, replays one, and shrinks it.
"""
