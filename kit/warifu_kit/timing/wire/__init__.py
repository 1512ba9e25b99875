"""Where calls of a party pass, with the times that are asked for and told beside them. Nothing of a call is changed."""
