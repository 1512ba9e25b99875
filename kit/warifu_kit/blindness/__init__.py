"""The search: everything the hub had, looked through for what it must never have held.

It only looks; what a party does it never decides.
"""
