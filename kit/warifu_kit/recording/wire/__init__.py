"""Where calls of a party pass: interceptors that note them. Nothing of a call is changed here."""
