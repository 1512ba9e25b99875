"""One exchange as pure functions and values: context, codes, boxes, signatures, statements, proofs, directory, both sides.

No gRPC, no disk but the directory file, no clock of the machine: time and randomness are arguments.
"""
