"""The commands: one file for each family, each command declared once with its form and examples.

In: statements and a Draft of the session. Out: changes to the draft, and a Result. Help, completion
and the README's tables are made from the declarations, which `registry` collects.
"""
