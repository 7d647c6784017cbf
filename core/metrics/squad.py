"""How alike two answers are, as in the paper on SQuAD.

Rajpurkar, Zhang, Lopyrev, Liang, "SQuAD: 100,000+ Questions for Machine Comprehension of Text" (2016), section 6.1:
both measures leave out punctuation and the articles a, an, the; F1 is that of the two bags of words. Case and the width
of spaces do not count either. An answer of no words equals another such one, and nothing else (SQuAD 2.0's rule).
"""

from __future__ import annotations

import string
from collections import Counter

_NO_PUNCTUATION = str.maketrans("", "", string.punctuation)
_ARTICLES = frozenset(("a", "an", "the"))


def words(answer: str) -> list[str]:
    """The words of an answer that count. Words stand between spaces: a Japanese answer is one word as a rule."""
    return [word for word in answer.lower().translate(_NO_PUNCTUATION).split() if word not in _ARTICLES]


def exact(answer: str, truth: str) -> float:
    """1 where the words are the same in the same order, else 0."""
    return float(words(answer) == words(truth))


def f1(answer: str, truth: str) -> float:
    """The harmonic mean of precision and recall of the answer's words, each counted as often as it stands there."""
    said, right = words(answer), words(truth)
    if not said or not right:
        return float(said == right)
    common = sum((Counter(said) & Counter(right)).values())
    return 2 * common / (len(said) + len(right))
