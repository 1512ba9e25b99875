"""How a run of cases is told: to people as a table or a page, to machines as JUnit's XML or JSON."""
