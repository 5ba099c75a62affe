"""What the pages show, read in a constant number of queries. Nothing here writes, and no rule is decided here."""
