"""A click detector, for signals that are smooth by themselves: nothing loud above 500 Hz in them.

What is looked at is the second difference of the samples: by how much each leaves the straight line
through the two before it. A smooth wave leaves it by little and evenly; that even part, a running
median, is taken off. What remains has a shape for each kind of trouble:

- a *corner*, as at both ends of a linear fade, is one value s, the change of slope;
- a *step* (what is dropped, doubled, cut off, switched) of height h is a pair h, -h;
- a *spike* of height h is a triple h, -2h, h.

So two neighbours of opposite signs are a click as soon as both stick out of what the signal does by
itself around them; and a single value is one where it bends more than a fade of 5 ms may: a line
that turns round in its middle bends by twice the local peak over its length, a level that falls by
40 dB in that time begins 4.6 times as steep as a line. Nothing below -66 dBFS is called a click.
"""

from __future__ import annotations

import numpy as np
from scipy.ndimage import maximum_filter1d, median_filter

FADE_S = 0.005
FLOOR = 5e-4
"""-66 dBFS."""
MEDIAN_FRAMES = 9
AROUND_S = 0.02
"""How far around a frame its surroundings reach."""
HEARD_S = 0.2
"""How far around it what is faded may be heard at its full: a fade may turn round early."""
STICKS_OUT = 12.0
"""Times the usual height (the mean of the lowest nine tenths around it) that stick out."""
STEEPEST = 5.0
"""Times as steep as a line that a fade may be."""
MERGED_S = 0.001


def remainders(x):
    """Second differences of one channel without their even part, each at its middle frame."""
    bent = np.zeros(len(x))
    bent[1:-1] = np.diff(np.asarray(x, np.float64), 2)
    return bent - median_filter(bent, MEDIAN_FRAMES)


def usual(heights, rate):
    """How high remainders are around each frame, whatever sticks out."""
    size = max(round(AROUND_S * rate) // 2, 1)
    pad = -len(heights) % size
    parts = np.sort(np.pad(heights, (0, pad), mode="edge").reshape(-1, size), axis=1)
    level = parts[:, : size * 9 // 10].mean(axis=1)
    return np.repeat(maximum_filter1d(level, 3), size)[: len(heights)]


def evidence(x, rate=48_000):
    """Of each frame of one channel by how many times it is over the limit of a click."""
    rest = remainders(x)
    heights = np.abs(rest)
    limit = np.maximum(FLOOR, STICKS_OUT * usual(heights, rate))
    pair = np.minimum(heights[:-1], heights[1:]) * (rest[:-1] * rest[1:] < 0.0)
    found = np.concatenate((pair, [0.0])) / limit
    peak = maximum_filter1d(np.abs(x), 2 * round(HEARD_S * rate) + 1)
    corner = np.maximum(limit, STEEPEST * peak / (FADE_S * rate))
    return np.maximum(found, heights / corner)


def clicks(frames, rate=48_000):
    """The frames at which there are clicks, in any channel; those within a millisecond are one."""
    channels = np.atleast_2d(np.asarray(frames).T)
    found = np.flatnonzero(np.max([evidence(x, rate) for x in channels], axis=0) > 1.0)
    apart = np.diff(found, prepend=-rate) > MERGED_S * rate
    return found[apart]
