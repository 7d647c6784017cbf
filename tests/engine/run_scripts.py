"""Runs exported scripts one after another, in one interpreter: what they import is imported once.

Arguments: folder whose `*.py` are run; what each prints goes to a file beside it. Prints the modules of finetui that
are loaded in the end: there may be none.
"""

import contextlib
import json
import os
import runpy
import sys
from pathlib import Path

os.chdir(sys.argv[1])
for script in sorted(Path().glob("*.py")):
    with script.with_suffix(".out").open("w") as out, contextlib.redirect_stdout(out):
        runpy.run_path(str(script), run_name="__main__")
print(json.dumps([name for name in sys.modules if name.partition(".")[0] in ("core", "tui", "finetui")]))
