"""A hub of several processes: workers that mediate exchanges, and one sequencer that owns the log and all that is kept.

Between them is one Unix socket in the hub's folder. Nothing on it is about a person: what crosses is what the store keeps.
"""
