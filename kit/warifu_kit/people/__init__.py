"""Made-up people: residents and households from a seed or a file, the real municipalities, their tax.

Every person here is synthetic; no network is known here.
"""
