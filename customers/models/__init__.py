from customers.models.companies import Company, Contact, Interaction

__all__ = ["Company", "Contact", "Interaction"]
