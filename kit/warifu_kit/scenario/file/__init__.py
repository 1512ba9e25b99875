"""The scenario file: its shape, its units, what in it contradicts what, and the frozen values that it comes to."""
