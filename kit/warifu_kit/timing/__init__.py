"""Parties that tell how long they took, for load tests: ``warifu up --timings``. No party does that a person starts."""
