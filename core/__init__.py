"""The fine-tuning engine of finetui: usable from Python and the command line, with no screen."""
