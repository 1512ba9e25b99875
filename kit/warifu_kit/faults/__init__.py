"""A network that is awkward on purpose, and the same again by its seed.

The kit puts this into parties that it starts and that were asked to have it; a party that a person starts (``warifu hub``,
``agency``, ``authority``) never has it, and nothing outside the kit imports it. Read in this order:

- ``plan``: what may be done to one call, as a value
- ``fault`` and ``kinds``: one fault, one small file: what it makes of a plan, its knob, how it is asked for
- ``draws``: numbers that follow from seed, party, RPC, exchange and attempt, and from nothing else
- ``deciding``: which faults one call meets: those it asks for, those of a rule, those that are drawn
- ``rule``, ``ledger_line``, ``settings``: what was asked of a party, what was done, what a network goes by; ``rules`` and
  ``ledger`` keep them in files
- ``carrying``: a plan carried out, whatever carries the call
- ``wire``: gRPC: calls by themselves, and calls that share a stream

Deciding is apart from moving bytes: only ``wire`` knows gRPC.
"""
