"""Comparing what was written: the records of three sides against each other, and a copy of the log read back."""
