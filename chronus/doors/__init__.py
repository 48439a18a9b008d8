"""The doors: where lines come in and replies go out.

In: text from a prompt, a file or a pipe. Out: replies, as text or JSON. No door decides anything
that another door would have to decide again.
"""
