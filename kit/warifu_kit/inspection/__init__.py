"""One exchange, as each side recorded it: what ``warifu inspect`` finds, compares and tells."""
