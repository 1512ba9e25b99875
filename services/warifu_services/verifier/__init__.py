"""The platform operator (プラットフォーム事業者), and the first services that stand on it. SIMULATED.

Read ``checks`` (the order in which a signature is believed), then ``users`` (registration, login, replacement), ``bank`` and ``counter`` (one service
each), then ``app`` (the process). It keeps results, serial numbers and evidence: no My Number, no code, and of a user no certificate.
"""
