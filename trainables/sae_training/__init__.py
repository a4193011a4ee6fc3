"""Training SAEs. `train.py` is the loop; `steps/plain.py` is what one step computes, in four lines of
autograd; all other steps and the stacks compute the same sooner. `steps`, `stacks` and `kernels` are part
of this room.

May import: trainables.saes, trainables.settings.
"""
