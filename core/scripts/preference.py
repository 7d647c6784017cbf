"""The script of direct preference optimization, through TRL."""

from __future__ import annotations

from typing import Any

from core.methods.kinds import is_adapter
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

ENCODE = """
    $pair


    $shared
    def tokenize(row):
        # What three texts begin with alike is the prompt; a long answer is cut, and so is a prompt.
        row = pair(row)
        $rendered
        length = min(shared(given, better), shared(given, worse))
        return {"prompt_ids": $prompt, "chosen_ids": better$part, "rejected_ids": worse$part}


    train = data[$train].map(tokenize, remove_columns=data[$train].column_names)
    $evaluation
"""
PLAIN = """
    end = tokenizer.eos_token or ""
    texts = [row["prompt"], row["prompt"] + row["chosen"] + end, row["prompt"] + row["rejected"] + end]
    given, better, worse = tokenizer(texts)["input_ids"]
"""
RENDERED = """
    texts = [
        tokenizer.apply_chat_template(row["prompt"], tokenize=False, add_generation_prompt=True),
        tokenizer.apply_chat_template([*row["prompt"], *row["chosen"]], tokenize=False),
        tokenizer.apply_chat_template([*row["prompt"], *row["rejected"]], tokenize=False),
    ]
    given, better, worse = tokenizer(texts, add_special_tokens=False)["input_ids"]
"""
TRAINER = """
    class TokenizedDPOTrainer(DPOTrainer):
        \"\"\"Its rows are tokenized already. TRL would leave out those whose prompt fills MAX_LENGTH.\"\"\"

        def _prepare_dataset(self, dataset, *args, **kwargs):
            return dataset
"""


def script(run: ScriptRun) -> TaskScript:
    """The parts of a training on preferences."""
    task, data, config = run.task, run.config.data, run.config
    constants: dict[str, Any] = {"MAX_LENGTH": data.max_length} if data.max_length else {}
    end = f"[:{'MAX_LENGTH' if data.max_length else ''}]"
    part = f"[length:{'MAX_LENGTH' if data.max_length else ''}]"
    texts = "prompt" not in task.columns and isinstance(run.train[0][task.columns["chosen"]], str)
    pair = _pair(run)
    shared = "" if "def shared" in pair else f"{fill(SHARED)}\n\n\n"
    code = fill(
        ENCODE,
        pair=pair,
        shared=shared,
        rendered=fill(PLAIN if texts else RENDERED),
        prompt=f"given[:length]{end if data.max_length else ''}",
        part=part,
        train=literal(data.train_split),
        evaluation=evaluation(run, "tokenize"),
    )
    copied = config.training.arguments().get("precompute_ref_log_probs") or is_adapter(config.method.kind)
    return TaskScript(
        [] if copied else ["import copy"],
        constants,
        code,
        "",  # the trainer has one of its own
        trainer="TokenizedDPOTrainer",
        trainer_code=fill(TRAINER),
        trainer_base="DPOTrainer",
        # What the model is held against: itself, untrained.
        trainer_options={} if copied else {"ref_model": "copy.deepcopy(model)"},
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
