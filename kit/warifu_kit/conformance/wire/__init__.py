"""What the kit sends to a party under check, and what comes back, as values. Nothing outside of here knows gRPC."""
