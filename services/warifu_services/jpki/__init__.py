"""The certificate authority of JPKI, and the office that has cards made (J-LIS in life). SIMULATED.

Read ``certifying`` (what a certificate is), ``lapsing``, ``validity`` and ``card_life`` (what is decided), then ``issuing``, ``cards``, ``consents``
and ``responding`` (what is done), then ``app`` (the process). It holds certificates, their status and an opaque handle per holder:
no My Number, no code, no payload, no private key of a card. It never calls the hub and nobody there calls it.
"""
