"""The people around cards: a counter that has one made and hands it over, and a holder who uses hers. SIMULATED."""
