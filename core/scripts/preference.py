"""The script of direct preference optimization, through TRL."""

from __future__ import annotations

from typing import Any

from core.scripts.chat import turns_of
from core.scripts.run import ScriptRun
from core.scripts.sequence_classification import evaluation
from core.scripts.task_script import TaskScript
from core.scripts.writing import fill, literal

SHARED = """
    def shared(one, other):
        \"\"\"How many items two sequences begin with alike.\"\"\"
        return next((at for at, (a, b) in enumerate(zip(one, other)) if a != b), min(len(one), len(other)))
"""
TEXTS = """
    $shared


    def pair(row):
        \"\"\"What both texts begin with is the prompt.\"\"\"
        chosen, rejected = row[$chosen], row[$rejected]
        length = shared(chosen, rejected)
        if length and chosen[length - 1] == " ":
            length -= 1
        return {"prompt": chosen[:length], "chosen": chosen[length:], "rejected": rejected[length:]}
"""
WHOLE = """
    $turns


    $shared


    def pair(row):
        \"\"\"What both conversations begin with is the prompt.\"\"\"
        chosen, rejected = turns(row[$chosen]), turns(row[$rejected])
        length = shared(chosen, rejected)
        return {"prompt": $prompt, "chosen": chosen[length:], "rejected": rejected[length:]}
"""
PARTS = """
    $turns


    def pair(row):
        \"\"\"A row as messages: the prompt, the better and the worse answer.\"\"\"
        return {
            "prompt": $prompt,
            "chosen": $chosen,
            "rejected": $rejected,
        }
"""


def script(run: ScriptRun) -> TaskScript:
    """The parts of a training on preferences."""
    data = run.config.data
    constants: dict[str, Any] = {"MAX_LENGTH": data.max_length} if data.max_length else {}
    lines = [
        f"train = data[{literal(data.train_split)}].map("
        f"pair, remove_columns=data[{literal(data.train_split)}].column_names)"
    ]
    if data.eval_split:
        lines.append(evaluation(run, "pair"))
    return TaskScript(
        [],
        constants,
        "\n\n\n".join([_pair(run), "\n".join(lines)]),
        "",  # the trainer tokenizes, and has a collator of its own
        trainer="DPOTrainer",
        arguments="DPOConfig",
        library="trl",
        trainer_arguments={"max_length": "MAX_LENGTH"} if data.max_length else {"max_length": "None"},
        loop="its loss is TRL's",
    )


def _pair(run: ScriptRun) -> str:
    columns, row = run.task.columns, run.train[0]
    cell = {role: f"row[{literal(column)}]" for role, column in columns.items()}
    names = {role: literal(columns[role]) for role in ("chosen", "rejected")}
    system = (
        f'[{{"role": "system", "content": {cell["system"]}}}] if {cell["system"]} else []' if "system" in cell else ""
    )
    chosen = row[columns["chosen"]]
    if "prompt" not in columns and isinstance(chosen, str):
        return fill(TEXTS, shared=fill(SHARED), **names)
    listed: list[str] = [role for role in ("prompt", "chosen", "rejected") if role in columns]
    listed = [role for role in listed if isinstance(row[columns[role]], (list, dict))]
    turns = turns_of(run, listed) if listed else ""
    if "prompt" not in columns or (isinstance(chosen, list) and len(chosen) > 1):
        prompt = f"[*({system}), *chosen[:length]]" if system else "chosen[:length]"
        return fill(WHOLE, turns=turns, shared=fill(SHARED), prompt=prompt, **names)

    def messages(role: str, speaker: str, source: str) -> str:
        if role not in listed:
            return f'[{{"role": "{speaker}", "content": {source} or ""}}]'
        return f"turns([{source}])" if isinstance(row[columns[role]], dict) else f"turns({source})"

    asked = cell["prompt"]
    if "input" in columns:
        asked = f'"\\n".join(text for text in ({cell["prompt"]}, {cell["input"]}) if text)'
    prompt = messages("prompt", "user", asked)
    return fill(
        PARTS,
        turns=turns,
        prompt=f"[*({system}), *{prompt}]" if system else prompt,
        chosen=messages("chosen", "assistant", cell["chosen"]),
        rejected=messages("rejected", "assistant", cell["rejected"]),
    ).lstrip("\n")
