"""How a module kind is declared, and how its one-sample function becomes block kernels.

In: pure functions for one sample. Out: generated kernels in the user's cache folder and their
native addresses. Only `compile` and `native` import numba; everything else is light.
"""
