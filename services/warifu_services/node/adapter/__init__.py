"""A node's link to the business system behind it, where that is a program of its own and keeps no replicas here."""
