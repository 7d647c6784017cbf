"""One widget a file: fed with plain data, posting messages."""
