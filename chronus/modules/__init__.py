"""The module kinds: one file each, or one for a tight family.

In: the declaration and the mathematics of `chronus.dsp`, and helpers of each other. Out: `Kind`
objects, which `catalog.kinds()` collects; a new file in this folder is found by itself.
"""
