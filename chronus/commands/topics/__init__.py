"""Topics of help: one file for each, with its page.

In: nothing. Out: a `TOPIC` in each file, found by `chronus.commands.topic`. What a page shows as
typed runs as a test, with the replies that stand there.
"""
