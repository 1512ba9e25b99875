"""JPKI (公的個人認証) as those see it who rely on it: certificates, trust stores, status, signatures. SIMULATED.

- ``profile``: names and object identifiers, all of them in the arc kept for examples
- ``four_items``: name, address, date of birth and sex, and how a certificate carries them
- ``certificate``: reading what a card presents
- ``trust``: who signed it; two stores, one for each use, never mixed
- ``status``: reading revocation lists and OCSP answers; what is stale is no answer
- ``signature``: PKCS #1 v1.5, compared whole
- ``statements``: what a card is asked to sign

Values in, values out: the clock is an argument, and nothing here talks to anybody or keeps anything.
"""
