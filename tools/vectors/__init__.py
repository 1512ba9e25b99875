"""What ``write_vectors.py`` writes, one module a file: this protocol's own values, each with everything it is made from."""
