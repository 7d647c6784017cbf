"""What the tokenizer lacks, and where a chat template comes from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.training.preflight.findings import Finding

if TYPE_CHECKING:
    from core.training.prepare import Checked


def look(checked: Checked) -> list[Finding]:
    tokenizer = checked.tokenizer
    found = []
    if tokenizer.pad_token_id in (tokenizer.eos_token_id, tokenizer.unk_token_id):
        message = f"the tokenizer has no pad token of its own: {tokenizer.pad_token} takes its place"
        hint = "harmless here: padding is masked, and labels are padded with -100, so the end is still learned"
        found.append(Finding("no_pad_token", "info", "", 0, message, hint))
    source = checked.task.template_source
    if source:
        hint = "another than the one that the model was trained with makes it unlearn: model.chat_template"
        found.append(Finding("template_source", "info", "", 0, f"the chat template is {source}", hint))
    return found
