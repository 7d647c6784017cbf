"""The names of the files in a run folder."""

CONFIG = "config.yaml"
EVENTS = "events.jsonl"
INBOX = "inbox.jsonl"
OWNER = "owner.json"
OUTPUT = "output.log"
CHECKPOINTS = "checkpoints"
MODEL = "model"
