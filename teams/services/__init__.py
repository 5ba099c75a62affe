"""Every write of people, calendars and tokens."""
