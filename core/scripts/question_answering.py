"""The script of a question answering: windows of long contexts, and back from logits to answers."""

from __future__ import annotations

from typing import Any

from core.scripts import metrics
from core.scripts.run import ScriptRun
from core.scripts.task_script import TaskScript
from core.scripts.writing import fill, literal
from core.tasks import n_best, windows

ANSWERS_OF_DICTS = """
    def gold(row):
        \"\"\"The right answers of a row: texts, and where the first of them begins.\"\"\"
        answers = row[$answers]
        found = [(text, begin) for text, begin in zip(answers["text"], answers["answer_start"]) if text]
        return [text for text, _ in found], found[0][1] if found else 0
"""
ANSWERS_OF_LISTS = """
    def gold(row):
        \"\"\"The right answers of a row: texts, and where the first of them begins.\"\"\"
        found = [(answer["text"], answer["answer_start"]) for answer in row[$answers] or [] if answer["text"]]
        return [text for text, _ in found], found[0][1] if found else 0
"""
ANSWERS_OF_TEXTS = """
    def gold(row):
        \"\"\"The right answers of a row: texts, and where the first of them begins.\"\"\"
        answers = row[$answers]
        texts = [text for text in ([answers] if isinstance(answers, str) else answers or []) if text]
        begin = $begin
        return texts, begin
"""
PADDING = """
    # Padding before a window would move its tokens, and not where the answer is said to be.
    tokenizer.padding_side = "right"
"""
ENCODE = """
    $padding
    $gold


    def tokenize(rows, indices):
        # A long context becomes several windows, which share STRIDE tokens.
        encoded = tokenizer(
            $questions,
            [context or "" for context in rows[$context]],
            truncation="only_second",
            max_length=MAX_LENGTH,
            stride=STRIDE,
            return_overflowing_tokens=True,
            return_offsets_mapping=True,
        )
        samples, offsets = encoded.pop("overflow_to_sample_mapping"), encoded.pop("offset_mapping")
        encoded["row"] = [indices[sample] for sample in samples]
        # The characters of the context that each token stands for; -1 for the tokens of the question.
        encoded["places"] = [
            [list(place) if part == 1 else [-1, -1] for place, part in zip(places, encoded.sequence_ids(window))]
            for window, places in enumerate(offsets)
        ]
        encoded["start_positions"], encoded["end_positions"] = [], []
        for sample, places in zip(samples, encoded["places"]):
            texts, begin = gold({name: rows[name][sample] for name in rows})
            text = texts[0] if texts else ""
            begin += len(text) - len(text.lstrip())
            end = begin + len(text.strip())
            inside = [token for token, place in enumerate(places) if place[0] != -1]
            first = last = 0  # the window does not hold the answer
            if text and inside and places[inside[0]][0] <= begin and places[inside[-1]][1] >= end:
                first = next(token for token in inside if places[token][1] > begin)
                last = next(token for token in reversed(inside) if places[token][0] < end)
            encoded["start_positions"].append(first)
            encoded["end_positions"].append(last)
        return encoded


    $skip
    windows = data[$train].map(
        tokenize, batched=True, with_indices=True, remove_columns=data[$train].column_names
    )
    train = windows.remove_columns(["row", "places"])
    $evaluation
"""
EVALUATION = """
    eval_windows = data[$split].map(
        tokenize, batched=True, with_indices=True, remove_columns=data[$split].column_names
    )
    evaluation = eval_windows.remove_columns(["row", "places"])
"""
SKIP = """
    def is_aligned(row):
        \"\"\"Whether the answer stands in the context where the row says.\"\"\"
        texts, begin = gold(row)
        return not texts or row[$context][begin : begin + len(texts[0])] == texts[0]


    # Rows whose answer does not stand where they say are left out.
    for split in $splits:
        data[split] = data[split].filter(is_aligned)
"""
TRAINER = """
    class OrderedTrainer(Trainer):
        \"\"\"Evaluates windows in their order, not grouped by length: so answers find their questions.\"\"\"

        def _get_eval_sampler(self, eval_dataset):
            return torch.utils.data.SequentialSampler(eval_dataset)
"""
GUESS = """
    def keep_guesses(logits, labels):
        \"\"\"Start and end logits of each token, side by side.\"\"\"
        return torch.stack([logits[0], logits[1]], dim=-1)
"""
HELPERS = """
    def best_answers(guesses):
        \"\"\"The likeliest answer to each question, over all windows of its context.\"\"\"
        best = {}$no_answers
        for row, places, logits in zip(eval_windows["row"], eval_windows["places"], guesses):
            starts, ends = np.asarray(logits)[: len(places), 0], np.asarray(logits)[: len(places), 1]
            $null
            inside = [token for token, place in enumerate(places) if place[0] != -1]
            firsts = sorted(inside, key=lambda token: -starts[token])[:$count]
            lasts = sorted(inside, key=lambda token: -ends[token])[:$count]
            for first in firsts:
                for last in lasts:
                    score = starts[first] + ends[last]
                    if first <= last < first + $longest and score > best.get(row, (-np.inf,))[0]:
                        best[row] = score, places[first][0], places[last][1]
        $compare
        return [best.get(row, (0, 0, 0))[1:] for row in sorted(set(eval_windows["row"]))]


    def words(text):
        \"\"\"The words that count: without case, punctuation and articles.\"\"\"
        text = "".join(letter for letter in text.lower() if letter not in string.punctuation)
        return [word for word in text.split() if word not in ("a", "an", "the")]


    def overlap(guess, truth):
        \"\"\"F1 of two bags of words.\"\"\"
        guess, truth = words(guess), words(truth)
        if not guess or not truth:
            return float(guess == truth)
        common = sum((Counter(guess) & Counter(truth)).values())
        return 2 * common / (len(guess) + len(truth))
"""
SCORE = """
    said = [
        (row[$context] or "")[begin:end].strip()
        for row, (begin, end) in zip(data[$split], best_answers(guesses))
    ]
    right = [gold(row)[0] or [""] for row in data[$split]]
"""
SQUAD = """
    # Of several right answers the one that is nearest counts.
    pairs = list(zip(said, right))
    exact = [max(words(guess) == words(truth) for truth in texts) for guess, texts in pairs]
    shares = [max(overlap(guess, truth) for truth in texts) for guess, texts in pairs]
    return {"exact_match": float(np.mean(exact)), "f1": float(np.mean(shares))}
"""


def script(run: ScriptRun) -> TaskScript:
    """The parts of a question answering."""
    data, columns = run.config.data, run.task.columns
    length = data.max_length or run.tokenizer.model_max_length
    constants: dict[str, Any] = {"MAX_LENGTH": length, "STRIDE": windows.overlap(data.stride, length)}
    names = {role: literal(column) for role, column in columns.items()}
    later = ""
    if run.evaluation is not None:
        later = fill(EVALUATION, split=literal(data.eval_split))
    splits = [split for split in (data.train_split, data.eval_split) if split is not None]
    room = length // 2 - run.tokenizer.num_special_tokens_to_add(pair=True)
    code = fill(
        ENCODE,
        padding=fill(PADDING) + "\n\n" if run.tokenizer.padding_side != "right" else "",
        gold=_gold(run),
        questions=_questions(run, names["question"], room),
        context=names["context"],
        skip=fill(SKIP, context=names["context"], splits=literal(splits)) if data.misaligned_answers == "skip" else "",
        train=literal(data.train_split),
        evaluation=later,
    )
    imports, score = _score(run, names["context"])
    grouped = score and run.config.training.arguments().get("train_sampling_strategy") == "group_by_length"
    return TaskScript(
        ["from transformers import DataCollatorWithPadding", "import torch", *imports],
        constants,
        code,
        "DataCollatorWithPadding(tokenizer)",
        {"num_labels": "2"},
        fill(GUESS),
        score,
        logits="(output.start_logits, output.end_logits)",
        labels='batch["start_positions"]',
        items="1",  # the Trainer counts nothing here: a step is the mean of its batches
        helpers=_helpers(run) if score else "",
        trainer="OrderedTrainer" if grouped else "Trainer",
        trainer_code=fill(TRAINER) if grouped else "",
        trainer_base="Trainer",
    )


def _gold(run: ScriptRun) -> str:
    columns = run.task.columns
    answers = literal(columns["answers"])
    example = next((row for row in run.train[columns["answers"]][:100] if row), None)
    if isinstance(example, dict):
        return fill(ANSWERS_OF_DICTS, answers=answers)
    if isinstance(example, list) and isinstance(example[0], dict):
        return fill(ANSWERS_OF_LISTS, answers=answers)
    begin = f"row[{literal(columns['context'])}].find(texts[0]) if texts else 0"
    if "answer_start" in columns:
        start = f"row[{literal(columns['answer_start'])}]"
        begin = f"{start}[0] if isinstance({start}, list) else {start}"
    return fill(ANSWERS_OF_TEXTS, answers=answers, begin=begin)


def _questions(run: ScriptRun, column: str, room: int) -> str:
    """The questions; where one is longer than half of a window, all are cut to that."""
    sides = [side for side in (run.train, run.evaluation) if side is not None]
    texts = [text or "" for side in sides for text in side[run.task.columns["question"]]]
    longest = max(texts, key=len)
    source = f'[question or "" for question in rows[{column}]]'
    if len(run.tokenizer(longest, add_special_tokens=False)["input_ids"]) <= room:
        return source
    ids = f"tokenizer(question or \"\", add_special_tokens=False)['input_ids'][:{room}]"
    return f"[tokenizer.decode({ids}) for question in rows[{column}]]"


def _helpers(run: ScriptRun) -> str:
    null = getattr(run.task, "null")  # noqa: B009
    return fill(
        HELPERS,
        no_answers="\n    no_answer = {}" if null else "",
        null="no_answer[row] = min(starts[0] + ends[0], no_answer.get(row, np.inf))" if null else "",
        compare=(
            "# There may be no answer: one window that holds one is enough against it.\n"
            "best = {row: found for row, found in best.items() if found[0] >= no_answer[row]}"
            if null
            else ""
        ),
        count=str(n_best.BEST),
        longest=str(n_best.LONGEST),
    )


def _score(run: ScriptRun, context: str) -> tuple[list[str], str]:
    names = run.config.metrics or []
    split = run.config.data.eval_split
    if not names or split is None:
        return [], ""
    imports = ["import numpy as np", "import string", "from collections import Counter"]
    lines = [fill(SCORE, context=context, split=literal(split))]
    others = [name for name in names if name != "squad"]
    if not others:
        return imports, "\n".join([*lines, fill(SQUAD)])
    more, returned = metrics.score(others, given="said, right")
    lines.append("guesses, labels = said, [texts[0] for texts in right]")
    if "squad" in names:
        returned = fill(SQUAD) + returned.replace("return", " |", 1)
    return [*imports, *more], "\n".join([*lines, returned])
