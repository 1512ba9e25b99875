"""What came of a scenario: its figures, its folder, its pictures."""
