"""Demo data: a small trading company in Shanghai with a year of business behind it. Nothing else imports this."""
