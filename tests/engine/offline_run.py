"""Trains the config whose JSON is on stdin in the folder of argument 1; fails at the first use of the network."""

import json
import socket
import sys
from pathlib import Path


def refuse(*arguments: object, **_: object) -> None:
    raise AssertionError(f"the network was used: {arguments}")


socket.getaddrinfo = refuse  # type: ignore[assignment]
socket.socket.connect = refuse  # type: ignore[method-assign,assignment]

from core import config_file, inference  # noqa: E402
from core.runs.folder import RunFolder  # noqa: E402
from core.training import engine, preflight  # noqa: E402

config = config_file.validate(json.load(sys.stdin))
preflight.check(config)
folder = RunFolder.create(Path(sys.argv[1]), config)
outcome = engine.run(config, folder)
print(outcome)
predictor = inference.load(folder.path)
print(
    predictor.predict("a", "b").labels
    if predictor.task == "sequence-classification"
    else list(predictor.stream("a", 3))
)
sys.exit(0 if type(outcome).__name__ == "RunFinished" else 1)
