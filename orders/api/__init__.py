"""The REST API of orders, milestones, shipments and documents."""
