"""Group arithmetic: the contract, one file per suite, scalars, hashing to either, and what picks by the suite byte.

Knows no code, no person and no message.
"""
