"""Invoices, reminders and payment links of a small publisher. Python 3.10 and 3.11."""
