"""The permission table: who may ask whom for what, by the law.

The hub decides by it before it permits anything, the provider by its own copy before it answers, and an auditor holds
the log against it. Loading reads one file; everything after that takes values and returns values.
"""
