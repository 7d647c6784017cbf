"""Roles of a task to columns of a dataset."""

from __future__ import annotations

from typing import Any

import pytest
from datasets import Dataset

from core.config import DataConfig
from core.data.columns import Role, require, resolve
from core.errors import FinetuiError
from core.tasks.base import Task
from core.tasks.sequence_classification import SequenceClassification
from core.tasks.token_classification import TokenClassification

TEXT = Role("text", "the text to classify", True, ("text", "sentence1", "sentence"))
PAIR = Role("text_pair", "the second text", False, ("text_pair", "sentence2"))
LABEL = Role("label", "the class", True, ("label", "labels"))
ROLES = (TEXT, PAIR, LABEL)


def test_names_are_guessed_in_the_order_of_the_guesses_not_of_the_columns() -> None:
    assert resolve(ROLES, ["labels", "sentence", "sentence1", "label"], {}) == {"text": "sentence1", "label": "label"}


def test_case_does_not_matter_and_the_column_keeps_its_own() -> None:
    assert resolve(ROLES, ["Sentence2", "TEXT", "Label"], {}) == {
        "text": "TEXT",
        "text_pair": "Sentence2",
        "label": "Label",
    }


def test_what_is_given_wins_over_a_better_guess() -> None:
    found = resolve(ROLES, ["text", "headline", "label"], {"text": "headline"})
    assert found == {"text": "headline", "label": "label"}


def test_a_given_column_is_not_guessed_for_another_role() -> None:
    found = resolve(ROLES, ["sentence1", "sentence2", "label"], {"text": "sentence2"})
    assert found == {"text": "sentence2", "label": "label"}


def test_an_empty_name_keeps_an_optional_role_from_being_guessed() -> None:
    assert resolve(ROLES, ["sentence1", "sentence2", "label"], {"text_pair": ""}) == {
        "text": "sentence1",
        "label": "label",
    }


def test_an_empty_name_does_not_excuse_a_required_role() -> None:
    with pytest.raises(FinetuiError, match="no column for label"):
        resolve(ROLES, ["text", "label"], {"label": ""})


def test_an_unknown_column_gets_the_likely_one_and_the_list() -> None:
    with pytest.raises(FinetuiError) as caught:
        resolve(ROLES, ["Sentence1", "sentence2", "label"], {"text": "sentense1"})
    assert caught.value.title == "there is no column sentense1"
    assert "data.columns.text" in caught.value.detail
    assert "Sentence1, sentence2, label" in caught.value.detail
    assert caught.value.hint == "did you mean Sentence1?"


def test_a_column_like_no_other_gets_no_guess() -> None:
    with pytest.raises(FinetuiError) as caught:
        resolve(ROLES, ["text", "label"], {"text": "zzz"})
    assert "did you mean" not in caught.value.hint


def test_an_unknown_role_gets_the_likely_one() -> None:
    with pytest.raises(FinetuiError) as caught:
        resolve(ROLES, ["text", "label"], {"lable": "label"})
    assert caught.value.title == "the task has no role lable"
    assert caught.value.hint.startswith("did you mean label?")


def test_a_required_role_without_a_guess_says_how_to_name_one() -> None:
    with pytest.raises(FinetuiError) as caught:
        resolve(ROLES, ["headline", "label"], {})
    assert "the text to classify" in caught.value.title
    assert "headline, label" in caught.value.detail
    assert "data.columns.text: headline" in caught.value.hint


def test_of_three_thousand_columns_only_some_are_listed() -> None:
    with pytest.raises(FinetuiError) as caught:
        resolve(ROLES, [f"c{index}" for index in range(3000)], {})
    assert "and 2980 more" in caught.value.detail
    assert len(caught.value.detail) < 300


def test_a_dataset_without_columns_is_said_to_have_none() -> None:
    with pytest.raises(FinetuiError, match="there are no columns"):
        resolve(ROLES, [], {})


def test_a_further_split_must_have_the_same_columns() -> None:
    require({"text": "sentence", "label": "label"}, ["label", "sentence"], "validation")
    with pytest.raises(FinetuiError) as caught:
        require({"text": "sentence", "label": "label"}, ["sentence"], "validation")
    assert caught.value.title == "split validation has no column label"


def hint(task: type[Task], rows: dict[str, list[Any]], **given: str) -> str:
    with pytest.raises(FinetuiError) as caught:
        task(DataConfig(id="x", columns=given), Dataset.from_dict(rows), None)
    return caught.value.hint


def test_a_column_is_proposed_that_fits_and_is_free() -> None:
    mails = {"label": ["ham", "spam"], "text": ["a", "b"], "row": [1, 2]}
    mended = "data.columns.label has `text`, which fits: name another column there, or for data.columns.text"
    assert hint(SequenceClassification, mails, label="text") == mended
    with_title = {**mails, "title": ["c", "d"]}
    assert hint(SequenceClassification, with_title, label="text") == "name one in the config: data.columns.text: title"
    none = "data.columns.tokens names a column of lists of texts; none is left that no other role has"
    assert hint(TokenClassification, mails) == none
    lists = {"id": ["1"], "ids": [[1, 2]], "cells": [["a", "b"]], "ner_tags": [[0, 1]]}
    assert hint(TokenClassification, lists) == "name one in the config: data.columns.tokens: cells"
