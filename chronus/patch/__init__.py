"""What is patched: an immutable value, and the graph of nodes and cables that follows from it.

In: edits, as pure functions that give a new Patch. Out: a Graph with all that is implied (channel
strips, what is heard by default), in an order in which it can be computed.
"""
