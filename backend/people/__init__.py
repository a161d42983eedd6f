"""Persons: their doors, their keys, what they agreed to, what they may take away with them, and their deletion."""
