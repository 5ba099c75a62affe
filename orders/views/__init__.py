"""Pages of orders: five steps each (find, permit, check, serve, answer)."""
