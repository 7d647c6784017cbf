"""A run as a plain Python script: transformers, datasets, peft, TRL, and nothing of ours.

`export.py` puts a script together from parts: the data (`data.py`), what is the task's own (one file a task), the model
and its method, and how it is trained (`trainer_style.py`, `loop_style.py`).
"""
