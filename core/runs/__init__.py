"""Run folders: the protocol between the engine and everything that shows or steers a run."""
