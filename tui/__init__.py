"""The terminal app and command line of finetui."""
