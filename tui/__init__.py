"""The app and the command line: everything that talks to a person."""
