"""The hub's four services: proto in, core, proto out. Who may call what stands beside each; nothing is decided here."""
