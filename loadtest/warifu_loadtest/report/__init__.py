"""What is told of a run: a table for the terminal, and files: a page, rows for a spreadsheet, everything as JSON."""
