"""The order of the Monitor's cards."""

from __future__ import annotations

from tui import metrics


def names(*known: str) -> list[str]:
    return [metric.name for metric in metrics.shown(known)]


def test_a_classifier_has_losses_then_scores_then_how_it_went() -> None:
    assert names("loss", "grad_norm", "learning_rate", "eval_loss", "eval_accuracy", "process_memory") == [
        "loss", "eval_loss", "eval_accuracy", "learning_rate", "grad_norm", "samples_per_second", "process_memory",
    ]  # fmt: skip


def test_of_preferences_what_says_whether_they_are_learned_comes_first() -> None:
    logged = ["loss", "entropy", "num_tokens", "logits/chosen", "logps/chosen", "rewards/accuracies", "rewards/margins"]
    evaluated = [f"eval_{name}" for name in logged]
    shown = names(*logged, *evaluated)
    assert shown[:6] == [
        "loss", "eval_loss", "rewards/accuracies", "rewards/margins", "eval_rewards/accuracies", "eval_rewards/margins",
    ]  # fmt: skip
    assert set(logged) | set(evaluated) <= set(shown)
