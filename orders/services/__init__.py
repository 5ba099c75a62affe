"""Every write of orders: lock, check, event, change, re-plan, outbox, in one transaction each."""
