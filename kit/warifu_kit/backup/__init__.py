"""Copying a network while it is up, and putting it back: all of it, or one party."""
