"""What every API of the product shares: errors, paging, parsing, repeated requests."""
