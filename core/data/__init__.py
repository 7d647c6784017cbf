"""Data: where rows come from, which column plays which role, and how they look."""
