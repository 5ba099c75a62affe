"""Forms of orders: they check shape, services decide."""
