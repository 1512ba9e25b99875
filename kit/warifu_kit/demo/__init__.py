"""The main job, ``warifu demo``: a whole network, two procedures for every applicant, and the proof that it held.

- ``plan``, ``records``: pure: who is registered where, under which local number, with which records, and who applies
- ``offices``, ``patience``: the clients of the agencies' business systems, and how long they try again
- ``population``, ``procedures``, ``refusals``, ``outside``: the steps, in that order
- ``result``, ``report``: what came of it, as values, as JSON and as tables
- ``run``: the steps put together

The process that runs it plays every business system at once and so knows which local numbers belong together. No
process of the network does: that is what the demonstration is about.
"""
