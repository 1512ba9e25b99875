"""Cases about an agency's node as a provider: the kit is the hub, and who asks."""
