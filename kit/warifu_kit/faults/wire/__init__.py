"""Where faults meet gRPC: calls by themselves (``alone``), and calls that share a stream (``together``)."""
