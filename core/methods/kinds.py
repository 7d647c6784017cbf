"""The names of the methods: `full`, `freeze`, and PEFT's own (`PeftType`, in small letters with hyphens)."""

from __future__ import annotations

from typing import Any, Literal, get_args

MethodKind = Literal[
    "full",
    "freeze",
    "lora",
    "adalora",
    "ia3",
    "oft",
    "ln-tuning",
    "prompt-tuning",
    "p-tuning",
    "prefix-tuning",
    "adamss",
    "beft",
    "boft",
    "c3a",
    "deft",
    "delora",
    "fourierft",
    "frod",
    "glora",
    "gralora",
    "hira",
    "hra",
    "lily",
    "loha",
    "lokr",
    "miss",
    "osf",
    "peanut",
    "psoft",
    "pvera",
    "randlora",
    "road",
    "shira",
    "supertuning",
    "tinylora",
    "unilora",
    "vblora",
    "vera",
    "waveft",
]

ADAPTERS: tuple[str, ...] = get_args(MethodKind)[2:]
"""The methods of PEFT: they train new weights beside those of the model."""

WHAT: dict[str, str] = {
    "full": "trains every weight",
    "freeze": "trains the last `layers` layers and the head, as they are; the rest stays frozen",
    "lora": "adds the product of two small matrices to linear layers; DoRA, rsLoRA and PiSSA are options of it",
    "adalora": "LoRA in the form of an SVD, whose ranks go to the matrices that need them while it trains",
    "ia3": "learns one factor per output of keys, values and feed-forward layers",
    "oft": "rotates the outputs of linear layers by block-diagonal orthogonal matrices",
    "ln-tuning": "trains the normalizations alone",
    "prompt-tuning": "learns the embeddings of virtual tokens before the text",
    "p-tuning": "prompt tuning whose virtual tokens come out of a small network",
    "prefix-tuning": "learns keys and values that stand before those of the text in every layer",
    "adamss": "splits weights by SVD and clustering into subspaces, and trains low-rank updates in them",
    "beft": "trains the biases of the value projections alone",
    "boft": "orthogonal fine-tuning with butterfly factors: fewer parameters for denser rotations",
    "c3a": "adds a block-circular convolution: high rank from few parameters",
    "deft": "replaces a low-rank subspace of each weight by a learned one",
    "delora": "LoRA with the direction of the update apart from its bounded length",
    "fourierft": "learns a few Fourier coefficients of the update",
    "frod": "full-rank updates from a basis shared by the layers and few learned entries",
    "glora": "LoRA on weights, biases and inputs together",
    "gralora": "LoRA on each block of a matrix cut into a grid",
    "hira": "multiplies weights elementwise by a low-rank matrix: updates of high rank",
    "hra": "a chain of learned Householder reflections",
    "lily": "low-rank adapters whose parts are shared across layers",
    "loha": "the elementwise product of two low-rank updates",
    "lokr": "updates that are Kronecker products",
    "miss": "one small matrix per layer, expanded to the whole update",
    "osf": "trains in the subspace that is orthogonal to the strongest directions of each weight",
    "peanut": "a small network computes the update from the weight itself",
    "psoft": "an orthogonal transformation within the principal subspace of each weight",
    "pvera": "VeRA whose update is drawn from a learned distribution",
    "randlora": "learned scales over fixed random matrices: full rank",
    "road": "rotates pairs of outputs",
    "shira": "trains few entries of each weight: sparse, of high rank",
    "supertuning": "trains the entries of each weight that are largest",
    "tinylora": "a handful of numbers through fixed random tensors and the SVD of each weight",
    "unilora": "every LoRA parameter of the model out of one short vector",
    "vblora": "LoRA put together from a bank of vectors that the layers share",
    "vera": "learned scales over random matrices that the layers share",
    "waveft": "learns a few wavelet coefficients of the update",
}
"""What each method does: the form says it, and docs/methods.md."""

PROMPT_LEARNING = ("prompt-tuning", "p-tuning", "prefix-tuning")
"""They put virtual tokens before every row; the model itself stays as it is."""
SOFT_PROMPTS = ("prompt-tuning", "p-tuning")
"""Those of them whose virtual tokens are positions of the output as well."""

DEFAULTS: dict[str, dict[str, Any]] = {kind: {"num_virtual_tokens": 20} for kind in PROMPT_LEARNING}
"""Options that PEFT wants to be told."""


def is_adapter(kind: str) -> bool:
    """Whether PEFT trains new weights beside those of the model."""
    return kind in ADAPTERS


def peft_type(kind: str) -> str:
    """The name in `peft.PeftType`."""
    return kind.upper().replace("-", "_")
