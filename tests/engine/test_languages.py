"""Models for many languages: a real tokenizer of each kind, with a few letters for a vocabulary."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from datasets import Dataset
from transformers import AutoTokenizer, MBart50Tokenizer, NllbTokenizer

from core import config_file, events, inference, models, tasks
from core.config import ModelConfig, RunConfig
from core.errors import FinetuiError
from core.runs import layout
from core.runs.folder import RunFolder
from core.scripts import export
from core.training import engine

LETTERS = "▁abcdefghijklmnopqrstuvwxyz"
SPECIAL = ["<s>", "<pad>", "</s>", "<unk>"]
ARCHITECTURE = {
    "model_type": "m2m_100",
    "d_model": 16,
    "encoder_layers": 1,
    "decoder_layers": 1,
    "encoder_attention_heads": 2,
    "decoder_attention_heads": 2,
    "encoder_ffn_dim": 16,
    "decoder_ffn_dim": 16,
    "max_position_embeddings": 64,
    "decoder_start_token_id": 2,
}


@pytest.fixture(scope="module")
def nllb(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("nllb")
    vocab = {token: index for index, token in enumerate([*SPECIAL, *LETTERS])}
    NllbTokenizer(vocab=vocab, merges=[]).save_pretrained(folder)
    return folder


def described(folder: Path, **model: Any) -> ModelConfig:
    return ModelConfig(from_config=ARCHITECTURE, tokenizer=str(folder), **model)


def encoded(config: ModelConfig) -> tuple[Any, list[str], list[str], list[str]]:
    """The tokenizer, the tokens of a source and of a target, and what the task notes."""
    run = RunConfig.model_validate({"task": "seq2seq-lm", "model": config, "data": {"id": "any"}})
    rows = Dataset.from_dict({"en": ["a dog"], "de": ["ein hund"]})
    task = tasks.create(run, rows)
    tokenizer = models.load_tokenizer(config)
    task.meet(tokenizer, run)
    row = task.encode(rows[:], tokenizer, None)
    source, target = (tokenizer.convert_ids_to_tokens(row[name][0]) for name in ("input_ids", "labels"))
    return tokenizer, source, target, task.notes


def test_nllb_marks_both_sides_and_says_so_where_it_is_saved(nllb: Path, tmp_path: Path) -> None:
    tokenizer, source, target, notes = encoded(described(nllb, src_lang="eng_Latn", tgt_lang="deu_Latn"))
    assert (source[0], source[-1]) == ("eng_Latn", "</s>")
    assert (target[0], target[-1]) == ("deu_Latn", "</s>")
    assert "sources are marked as eng_Latn, targets as deu_Latn" in notes
    tokenizer.save_pretrained(tmp_path)
    again = AutoTokenizer.from_pretrained(tmp_path)
    assert (again.src_lang, again.tgt_lang) == ("eng_Latn", "deu_Latn")


def test_without_a_language_the_tokenizers_own_is_taken_and_said(nllb: Path) -> None:
    _, source, target, notes = encoded(described(nllb))
    assert source[0] == target[0] == "eng_Latn"
    assert "sources and targets are both marked as eng_Latn: model.src_lang and model.tgt_lang name others" in notes


def test_mbart_50(tmp_path: Path) -> None:
    vocab = [(token, 0.0) for token in ["<s>", "<pad>", "</s>", "<unk>"]] + [(letter, -1.0) for letter in LETTERS]
    MBart50Tokenizer(vocab=vocab).save_pretrained(tmp_path)
    _, source, target, _ = encoded(described(tmp_path, src_lang="en_XX", tgt_lang="de_DE"))
    assert (source[0], target[0]) == ("en_XX", "de_DE")
    with pytest.raises(FinetuiError) as caught:
        models.load_tokenizer(described(tmp_path, tgt_lang="de"))
    assert caught.value.hint == "did you mean de_DE?"


def test_a_tokenizer_without_languages_is_refused(shared: Path) -> None:
    config = ModelConfig(id=str(shared / "models/bert-tiny-uncased"), src_lang="en_XX")
    with pytest.raises(FinetuiError) as caught:
        models.load_tokenizer(config)
    assert caught.value.title == "the tokenizer of bert-tiny-uncased marks no languages"
    assert caught.value.key == "model.src_lang"


def test_an_unknown_language_is_refused_before_the_weights(nllb: Path) -> None:
    with pytest.raises(FinetuiError) as caught:
        models.load_tokenizer(described(nllb, tgt_lang="german"))
    assert caught.value.title.endswith("knows no language german")
    assert caught.value.key == "model.tgt_lang"


def test_a_run_writes_in_the_language_and_its_script_does(nllb: Path, tmp_path: Path) -> None:
    rows = [{"translation": {"en": word, "de": word[::-1]}} for word in ("a dog", "a cat", "the sun", "a bee")]
    (tmp_path / "train.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    config = config_file.validate(
        {
            "task": "seq2seq-lm",
            "model": described(nllb, src_lang="eng_Latn", tgt_lang="deu_Latn").model_dump(),
            "data": {"id": str(tmp_path / "train.jsonl"), "eval_split": "train"},
            "training": {"max_steps": 1, "eval_strategy": "steps", "eval_steps": 1, "generation_max_length": 8},
            "metrics": ["exact_match"],
        }
    )
    folder = RunFolder.create(tmp_path / "runs", config)
    outcome = engine.run(config, folder)
    assert isinstance(outcome, events.RunFinished), outcome
    assert outcome.metrics["eval_exact_match"] == 0
    german = AutoTokenizer.from_pretrained(nllb).convert_tokens_to_ids("deu_Latn")
    written = json.loads((folder.path / layout.MODEL / "generation_config.json").read_text())
    assert written["forced_bos_token_id"] == german
    # An adapter's folder has no such file: the run's config says it.
    (folder.path / layout.MODEL / "generation_config.json").unlink()
    assert inference.load(folder.path)._model.generation_config.forced_bos_token_id == german
    script = export.script(config)
    assert 'src_lang="eng_Latn", tgt_lang="deu_Latn"' in script
    assert 'forced_bos_token_id = tokenizer.convert_tokens_to_ids("deu_Latn")' in script
