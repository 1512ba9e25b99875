"""A reader that every PC/SC program sees: pcsc-lite's client protocol on a socket of its own, one slot, one SIMULATED card at a time."""
