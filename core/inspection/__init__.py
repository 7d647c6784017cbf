"""What the model sees: a row's tokens and labels, and whole batches, made by the very code that training uses."""
