"""Cases about a business system that serves AdapterService: the kit is its node."""
