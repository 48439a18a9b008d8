"""`make bench-peers`: the same work in this engine, in those of others, and in C as a floor."""
