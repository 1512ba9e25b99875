"""What providers can pool: whether two of them can tell which of their exchanges are about one case of a third agency.

Plays the attacker with what members lawfully hold, and says how far it gets. Nobody here opens a code.
"""
