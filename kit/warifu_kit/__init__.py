"""The kit: everything that makes, runs, exercises and checks whole SIMULATED networks.

It may use every other package; no other package may use it. Faults, fakes and recordings live here, never in a party.
"""
