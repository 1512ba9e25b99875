"""Making SIMULATED cards without an authority: a specimen, its throw-away certificates, its pictures."""
