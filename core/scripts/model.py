"""Tokenizer and model, as source."""

from __future__ import annotations

from core import languages
from core.chat import templates
from core.methods import quantized
from core.scripts import methods
from core.scripts.run import ScriptRun
from core.scripts.task_script import TaskScript
from core.scripts.writing import call, fill, literal

QUANTIZED = {
    "int8": "BitsAndBytesConfig(load_in_8bit=True, llm_int8_skip_modules=$kept)",
    "nf4": (
        'BitsAndBytesConfig(\n    load_in_4bit=True,\n    bnb_4bit_quant_type="nf4",\n'
        "    bnb_4bit_use_double_quant=True,\n    bnb_4bit_compute_dtype=torch.$compute,\n"
        "    llm_int8_skip_modules=$kept,\n)"
    ),
}


def tokenizer(run: ScriptRun) -> tuple[list[str], str]:
    """Imports, and code that makes `tokenizer`."""
    model = run.config.model
    name = "TOKENIZER" if model.tokenizer else "MODEL"
    spoken = {name: literal(getattr(model, name)) for name in languages.NAMES if getattr(model, name)}
    lines = [f"tokenizer = {call('AutoTokenizer.from_pretrained', {**_source(run), **spoken}, [name])}"]
    if model.chat_template:
        text = templates.read(model.chat_template)
        parts = "\n".join(f"    {literal(line)}" for line in text.splitlines(keepends=True))
        lines.append(f"tokenizer.chat_template = (\n{parts}\n)")
    if run.tokenizer.pad_token == run.tokenizer.eos_token:
        lines.append("tokenizer.pad_token = tokenizer.eos_token")
    elif run.tokenizer.pad_token == run.tokenizer.unk_token:
        lines.append("tokenizer.pad_token = tokenizer.unk_token")
    return ["from transformers import AutoTokenizer"], "\n".join(lines)


def source(run: ScriptRun, task: TaskScript, steps: int) -> tuple[list[str], str]:
    """Imports, and code that makes `model`, as it is trained."""
    config, auto = run.config.model, type(run.task).auto_class
    imports = [f"from transformers import {auto}"]
    lines = []
    if config.from_config is not None:
        imports += ["from transformers import AutoConfig", "import torch"]
        lines += [_architecture(run, task), f"model = {auto}.from_config(config, dtype=torch.{run.weights})"]
    else:
        arguments = {**_source(run), "dtype": literal(run.weights)}
        if config.quantization:
            imports += ["from transformers import BitsAndBytesConfig", "import torch"]
            compute = quantized.compute_dtype(run.device, run.autocast == "bfloat16")
            few = fill(QUANTIZED[config.quantization], compute=compute, kept=literal(quantized.kept(run.model())))
            lines.append(f"quantization = {few}")
            place = "torch.cuda.current_device()" if run.device == "cuda" else literal(run.device)
            arguments |= {"quantization_config": "quantization", "device_map": f'{{"": {place}}}'}
        if task.head:
            # A checkpoint may carry a head of another size.
            arguments |= {"ignore_mismatched_sizes": "True", **task.head}
        lines.append(f"model = {call(f'{auto}.from_pretrained', arguments, ['MODEL'])}")
        if getattr(run.architecture, "pad_token_id", None) is None:
            lines.append("model.config.pad_token_id = tokenizer.pad_token_id")
    if config.tgt_lang:
        token = literal(languages.token_of(run.tokenizer, config.tgt_lang))
        lines.append(f"model.generation_config.forced_bos_token_id = tokenizer.convert_tokens_to_ids({token})")
    more, method = methods.source(run, steps)
    return imports + more, "\n".join(filter(None, [*lines, method, task.after_model]))


def constants(run: ScriptRun) -> dict[str, str]:
    """What names model and tokenizer at the top of the script."""
    model = run.config.model
    found = {"MODEL": model.id} if model.id is not None else {}
    return found | ({"TOKENIZER": model.tokenizer} if model.tokenizer else {})


def _source(run: ScriptRun) -> dict[str, str]:
    config = run.config.model
    found = {"revision": literal(config.revision)} if config.revision else {}
    return found | ({"trust_remote_code": "True"} if config.trust_remote_code else {})


def _architecture(run: ScriptRun, task: TaskScript) -> str:
    fields = dict(run.config.model.from_config or {})
    kind = fields.pop("model_type", "")
    given = {"vocab_size": "len(tokenizer)"}
    given |= {f"{name}_token_id": f"tokenizer.{name}_token_id" for name in ("pad", "bos", "eos")}
    given |= {name: literal(value, 4) for name, value in fields.items()} | task.head
    return fill("$call", call=f"config = {call('AutoConfig.for_model', given, [literal(kind)])}")


def seeded(run: ScriptRun) -> tuple[str, str]:
    """The function of transformers that seeds the run, and its call."""
    name = "enable_full_determinism" if run.config.training.arguments().get("full_determinism") else "set_seed"
    return name, f"{name}(SEED)"
