"""The parties that are not the hub: agency nodes, the numbering authority."""
