"""The script of a masked language model. Which tokens are masked follows from seed, epoch and batch, as in the run."""

from __future__ import annotations

from typing import Any

from core.scripts import metrics
from core.scripts.run import ScriptRun
from core.scripts.sequence_classification import evaluation
from core.scripts.task_script import TaskScript
from core.scripts.writing import fill, literal

ROWS = """
    def tokenize(rows):
        return tokenizer([text or "" for text in rows[$text]]$limit)


    # Rows are padded later, batch by batch: each to the longest of its own.
    train = data[$train].map(tokenize, batched=True, remove_columns=data[$train].column_names)
    $evaluation
"""
PACKED = """
    def tokenize(rows):
        # Texts follow one another in blocks of one length; what is left over is a shorter block.
        encoded = tokenizer([text for text in rows[$text] if text and text.strip()])
        joined = {name: [value for row in values for value in row] for name, values in encoded.items()}
        return {
            name: [values[start : start + MAX_LENGTH] for start in range(0, len(values), MAX_LENGTH)]
            for name, values in joined.items()
        }


    # The whole split at once: only its last block is short.
    train = data[$train].map(
        tokenize, batched=True, batch_size=None, remove_columns=data[$train].column_names
    )
    $evaluation
"""
MASKING = """
    @dataclass
    class Masking(DataCollatorForLanguageModeling):
        \"\"\"Masks a batch by random numbers of its own.

        They follow from the seed, the epoch and the tokens. So a row is masked anew in every epoch, and an evaluation
        (it has no epoch) is masked alike each time.
        \"\"\"

        epoch: int | None = None

        def torch_call(self, examples):
            number = hashlib.blake2b(f"{self.seed} {self.epoch}".encode(), digest_size=8)
            for example in examples:
                number.update(b"|" + torch.as_tensor(example["input_ids"], dtype=torch.int64).numpy().tobytes())
            self.generator = torch.Generator().manual_seed(int.from_bytes(number.digest(), "big") >> 1)
            return super().torch_call(examples)

        def torch_mask_tokens(self, inputs, special_tokens_mask=None, offset_mapping=None):
            before = inputs.clone()
            masked, labels = super().torch_mask_tokens(inputs, special_tokens_mask, offset_mapping)
            if not (labels != -100).any():
                # Nothing was masked by chance: the loss over no token would be NaN, so one is masked all the same.
                row, place = 0, 0
                places = (~torch.isin(before, torch.tensor(self.tokenizer.all_special_ids))).nonzero()
                if len(places):
                    chosen = torch.randint(len(places), (), generator=self.generator)
                    row, place = places[chosen].tolist()
                    masked[row, place] = self.tokenizer.mask_token_id
                labels[row, place] = before[row, place]
            return masked, labels
"""
TRAINER = """
    class MaskedTrainer(Trainer):
        \"\"\"Tells the masking of its training the epoch.\"\"\"

        def get_train_dataloader(self):
            evaluating = self.data_collator
            self.data_collator = self.masking = replace(evaluating, epoch=0)
            try:
                return super().get_train_dataloader()
            finally:
                self.data_collator = evaluating

        def _run_epoch(self, model, epoch, *args, **kwargs):
            self.masking.epoch = epoch
            return super()._run_epoch(model, epoch, *args, **kwargs)
"""
GUESS = """
    def keep_guesses(logits, labels):
        \"\"\"The most probable token at each place: the metrics need no more of the logits.\"\"\"
        return logits.argmax(-1)
"""
MASKED = """
    # Only the tokens that were to be guessed.
    masked = [label != -100 for label in labels]
    guesses, labels = (
        np.concatenate([row[there] for row, there in zip(rows, masked)]) for rows in (guesses, labels)
    )
"""


def script(run: ScriptRun) -> TaskScript:
    """The parts of a masked language model."""
    task, data = run.task, run.config.data
    constants: dict[str, Any] = {"MAX_LENGTH": data.max_length} if data.max_length else {}
    constants["MASKED_SHARE"] = task.settled()["mask_probability"]
    how = "tokenize, batched=True"
    code = fill(
        PACKED if data.packing else ROWS,
        text=literal(task.columns["text"]),
        train=literal(data.train_split),
        evaluation=evaluation(run, f"{how}, batch_size=None" if data.packing else how),
        **({} if data.packing else {"limit": ", truncation=True, max_length=MAX_LENGTH" if data.max_length else ""}),
    )
    names = run.config.metrics or []
    imports, score = metrics.score(names, len(run.tokenizer))
    guessed = set(names) - {"perplexity"}
    if guessed:
        score = f"{fill(MASKED)}\n{score}"
    return TaskScript(
        [
            "from transformers import DataCollatorForLanguageModeling", "from dataclasses import dataclass, replace",
            "import hashlib", "import torch", *imports, *(["import numpy as np"] if guessed else []),
        ],
        constants,
        code,
        "Masking(tokenizer, mlm_probability=MASKED_SHARE, seed=SEED)",
        guess=fill(GUESS),
        score=score,
        trainer="MaskedTrainer",
        items='(batch["labels"] != -100).sum()',
        collator_code=fill(MASKING),
        draws=True,
        trainer_code=fill(TRAINER),
        trainer_base="Trainer",
        fixed_arguments={"include_for_metrics": ["loss"]} if score else {},
    )  # fmt: skip
