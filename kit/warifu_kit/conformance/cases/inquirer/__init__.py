"""Cases about an agency's node as an inquirer: the kit is its business system, the hub, and who answers."""
