"""The language: from the text of a line to frozen command objects that know their place in it.

In comes one line of text; out go `statements`, or one `UserError` with code, column and a way out.
Nothing here knows which nodes, kinds or ports exist: that is for the session to judge.
"""
