"""Training: from a config and a run folder to a tuned model in it."""
