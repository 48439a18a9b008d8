"""The live machine: worker and audio processes around one arena in anonymous shared memory.

In: events and plans, through the writer, and what a session asks of a Backend. Out: sound at a
device, frames for recorders, and facts about the processes. All that sounds lies in the arena.
"""
