"""warifu: the core of a SIMULATED My Number information-sharing network.

Everything here is known to every party: the contract, identifiers, cryptography, the exchange log's mathematics and the
transport. It knows no hub, no agency and no test. Nothing in this project is a real My Number service.
"""
