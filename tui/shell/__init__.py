"""The bodies of the command line's commands, one file each. None is imported before it is asked for."""
