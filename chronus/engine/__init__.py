"""The engine: one arena that holds all that sounds, and a step that turns block n into n + 1.

In: plans, events and tables that the writer puts into the arena. Out: frames on the tape, and for
each event the frame at which it took effect. No clock, no thread, no device is known here.
"""
