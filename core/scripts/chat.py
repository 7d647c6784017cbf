"""The script of supervised fine-tuning on conversations, through TRL."""

from __future__ import annotations

from typing import Any

from core.chat import encoding, turns
from core.data.conversations import KEYS, WHO, listed
from core.errors import FinetuiError
from core.scripts import causal_lm
from core.scripts.run import ScriptRun
from core.scripts.sequence_classification import evaluation
from core.scripts.task_script import TaskScript
from core.scripts.writing import fill, literal

LOOKED_AT = 100
"""Rows that are read to see whether the script finds what the run found."""
TURNS = """
    ROLES = $roles


    def turns(messages):
        \"\"\"Messages in the words of chat templates.\"\"\"
        return [{"role": ROLES[message[$who].lower()], "content": message[$what] or ""} for message in messages or []]
"""
CONVERSATION = """
    $turns


    def conversation(row):
        \"\"\"A row as messages.\"\"\"
        messages = $messages
        $system
        return messages
"""
SYSTEM = """
    if row[$system] and messages and messages[0]["role"] != "system":
        messages = [{"role": "system", "content": row[$system]}, *messages]
"""
MARKED = """
    def said(messages):
        \"\"\"The text, and where the assistant speaks in it: the chat template marks that.\"\"\"
        texts, spans = render_jinja_template(
            [messages],
            chat_template=tokenizer.chat_template,
            return_assistant_tokens_mask=True,
            **tokenizer.special_tokens_map,
        )
        return texts[0], spans[0]
"""
UNMARKED = """
    def said(messages):
        \"\"\"The text, and where the assistant speaks in it: what its turn adds to the text before it.\"\"\"
        text = tokenizer.apply_chat_template(messages, tokenize=False)
        spans = []
        for index, message in enumerate(messages):
            if message["role"] == "assistant":
                before = tokenizer.apply_chat_template(messages[:index], tokenize=False, add_generation_prompt=True)
                after = tokenizer.apply_chat_template(messages[: index + 1], tokenize=False)
                if not (after.startswith(before) and text.startswith(after)):
                    raise ValueError(f"it cannot be told what the assistant says: {messages}")
                spans.append((len(before), len(after)))
        return text, spans
"""
TOKENIZE = """
    def tokenize(row):
        # The loss is on what the assistant says (elsewhere -100).
        text, spans = said(conversation(row))
        encoded = tokenizer(text, add_special_tokens=False, return_offsets_mapping=True)
        ids = encoded["input_ids"]
        learned = [
            any(begin < last and end > first for first, last in spans) for begin, end in encoded["offset_mapping"]
        ]
        labels = [token if is_learned else -100 for token, is_learned in zip(ids, learned)]
        return {"input_ids": ids$cut, "attention_mask": [1] * len(ids$cut), "labels": labels$cut}
"""
ENCODE = """
    $conversation


    $said


    $tokenize


    train = data[$train].map(tokenize, remove_columns=data[$train].column_names)
    $evaluation
"""


def script(run: ScriptRun) -> TaskScript:
    """The parts of a training on conversations."""
    data = run.config.data
    constants: dict[str, Any] = {"MAX_LENGTH": data.max_length} if data.max_length else {}
    cut = "[:MAX_LENGTH]" if data.max_length else ""
    marked = turns.has_marks(run.tokenizer)
    if not marked:
        _refuse_other_turns(run)
    code = fill(
        ENCODE,
        conversation=_conversation(run),
        said=fill(MARKED if marked else UNMARKED),
        tokenize=fill(TOKENIZE, cut=cut),
        train=literal(data.train_split),
        evaluation=evaluation(run, "tokenize"),
    )
    names = run.config.metrics or []
    # The perplexity follows from the loss that the trainer reports.
    imports, guess, score = (
        causal_lm.scoring(run) if set(names) - {"perplexity"} else (["import math"] if names else [], "", "")
    )
    return TaskScript(
        [
            "from transformers import DataCollatorForSeq2Seq",
            *imports,
            *(["from transformers.utils.chat_template_utils import render_jinja_template"] if marked else []),
        ],
        constants,
        code,
        "DataCollatorForSeq2Seq(tokenizer)",
        guess=guess,
        score=score,
        items='(batch["labels"][:, 1:] != -100).sum()',
        trainer="SFTTrainer",
        arguments="SFTConfig",
        library="trl",
        # The rows are tokenized already: TRL leaves them as they are.
        trainer_arguments={"dataset_kwargs": '{"skip_prepare_dataset": True}'},
        after='metrics["eval_perplexity"] = math.exp(metrics["eval_loss"])' if names and not score else "",
    )


def _refuse_other_turns(run: ScriptRun) -> None:
    """The run finds turns in a way of its own where a template is odd: hold the script's way against it.

    Raises:
        FinetuiError: the script would learn other tokens.
    """
    shape = getattr(run.task, "shape")  # noqa: B009
    for row in run.train.select(range(min(LOOKED_AT, len(run.train)))):
        messages = shape.read(row)
        (item,) = encoding.encode(run.tokenizer, [messages])
        text, spans = turns.render(run.tokenizer, messages), []
        for index in (index for index, message in enumerate(messages) if message["role"] == "assistant"):
            before = turns.render(run.tokenizer, messages[:index], prompt=True)
            after = turns.render(run.tokenizer, messages[: index + 1])
            spans.append((len(before), len(after)))
            if not (text.startswith(after) and after.startswith(before)):
                spans.clear()
                break
        offsets = run.tokenizer(text, add_special_tokens=False, return_offsets_mapping=True)["offset_mapping"]
        learned = [any(begin < last and end > first for first, last in spans) for begin, end in offsets]
        if learned != item.learned:
            reason = "what the assistant says is not what its turn adds to the text before it: an odd chat template"
            raise FinetuiError("a plain script would learn other tokens", reason, "repeat the run with its config")


def _conversation(run: ScriptRun) -> str:
    columns = run.task.columns
    cell = {role: f"row[{literal(column)}]" for role, column in columns.items()}
    if "messages" in columns:
        return fill(
            CONVERSATION,
            turns=turns_of(run, ["messages"]),
            messages=f"turns({cell['messages']})",
            system=fill(SYSTEM, system=literal(columns["system"])) if "system" in columns else "",
        )
    listed_roles = [role for role in ("prompt", "completion") if isinstance(run.train[0][columns[role]], (list, dict))]
    asked = cell["prompt"]
    if "input" in columns:
        asked = f'"\\n".join(text for text in ({cell["prompt"]}, {cell["input"]}) if text)'
    parts = []
    if "history" in columns:
        pair = '({"role": "user", "content": asked}, {"role": "assistant", "content": answered})'
        parts.append(f"*(turn for asked, answered in {cell['history']} or [] for turn in {pair})")
    parts += [
        "*turns(" + cell["prompt"] + ")" if "prompt" in listed_roles else f'{{"role": "user", "content": {asked}}}',
        "*turns(" + cell["completion"] + ")"
        if "completion" in listed_roles
        else f'{{"role": "assistant", "content": {cell["completion"]} or ""}}',
    ]
    return fill(
        CONVERSATION,
        turns=turns_of(run, listed_roles) if listed_roles else "",
        messages="[\n" + "".join(f"        {part},\n" for part in parts) + "    ]",
        system=fill(SYSTEM, system=literal(columns["system"])) if "system" in columns else "",
    ).lstrip("\n")


def turns_of(run: ScriptRun, roles: list[str]) -> str:
    """The function that reads messages, for the names of the speakers that the data has."""
    column = run.task.columns[roles[0]]
    messages = [message for row in run.train[column] for message in listed(row, column)]
    keys = next((pair for pair in KEYS.values() for message in messages[:1] if pair[0] in message), KEYS["messages"])
    others = [
        message
        for side in (run.train, run.evaluation)
        if side is not None
        for role in roles
        for row in side[run.task.columns[role]]
        for message in listed(row, column)
    ]
    speakers = sorted({str(message[keys[0]]).lower() for message in others})
    return fill(
        TURNS, roles=literal({name: WHO[name] for name in speakers}), who=literal(keys[0]), what=literal(keys[1])
    )
