"""A session: names, the patch, musical time, and what a line does to them.

In: statements. Out: replies, and events for a Backend, of which there are two: the live machine,
and the engine in this process.
"""
