"""winback: a playbook for people who lost a customer, on the command line."""

__version__ = "0.1.0"
