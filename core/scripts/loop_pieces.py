"""The pieces of a loop on accelerate, to be filled in."""

SCORED = """
    $guess


    $helpers
    def compute_metrics(guesses, labels, losses):
        $score
"""
SETUP = """
    accelerator = $accelerator
    $loaders
    $optimizer
    $prepare
    $steps
    scheduler = $scheduler
"""
ADAMW = """
    trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
    optimizer = $adamw
"""
DECAYING = """
    # Biases and normalizations are not pulled towards zero by weight decay.
    NO_DECAY = re.compile(r"bias|layernorm|rmsnorm|(?:^|\\.)norm(?:$$|\\.)|_norm(?:$$|\\.)", re.IGNORECASE)
    NORMS = tuple(
        f"{name}." for name, module in model.named_modules() if isinstance(module, torch.nn.LayerNorm)
    )
    trained = [(name, parameter) for name, parameter in model.named_parameters() if parameter.requires_grad]
    plain = [name for name, _ in trained if NO_DECAY.search(name) or name.startswith(NORMS)]
    optimizer = torch.optim.AdamW(
        [
            {"params": [parameter for name, parameter in trained if name not in plain], "weight_decay": $decay},
            {"params": [parameter for name, parameter in trained if name in plain], "weight_decay": 0.0},
        ],
        $optimizer
    )
"""
EVALUATE = """
    def evaluate():
        \"\"\"The loss and the metrics on all rows that are held out.\"\"\"
        model.eval()
        losses$lists = []$empties
        for batch in eval_loader:
            with torch.no_grad():
                $output
            $comment
            losses.extend(accelerator.gather_for_metrics($loss.repeat($weight)).tolist())
            $keep
        metrics = {"eval_loss": float(np.mean(losses))}
        $compute
        return metrics
"""
KEEP = """
    guess = $guess
    guess = accelerator.pad_across_processes(guess, dim=1, pad_index=-100)
    label = accelerator.pad_across_processes($labels, dim=1, pad_index=-100)
    guesses.extend(accelerator.gather_for_metrics(guess).cpu().numpy())
    labels.extend(accelerator.gather_for_metrics(label).cpu().numpy())
"""
COMPUTE = """
    scores = compute_metrics(guesses, labels, losses)
    metrics.update({f"eval_{name}": value for name, value in scores.items()})
"""
ONE_BATCH = """
    loss = $loss
    accelerator.backward(loss)
"""
BATCHES = """
    batches.append(batch)
    if len(batches) < ACCUMULATION and number < len(train_loader):
        continue
    # Each batch weighs as much as it has items: the loss is the mean over those of the whole step.
    items = [$items for batch in batches]
    loss = 0.0
    for batch, count in zip(batches, items):
        part = $part
        accelerator.backward(part)
        loss += part.detach()
    batches = []
"""
LOOP = """
    history, since, step, epoch = [], [], 0, 0
    $best
    while step < total_steps:
        train_loader.set_epoch(epoch)  # another order in every epoch
        $masks
        $fresh
        for $each:
            model.train()
            $step
            $clip
            optimizer.step()
            $ranks
            scheduler.step()
            optimizer.zero_grad()
            step += 1
            since.append(loss.item())
            if step % LOG_EVERY == 0 or step == total_steps:
                history.append({"step": step, "loss": sum(since) / len(since)})
                print(history[-1])
                since = []
            $at_step
            if step == total_steps$stopped:
                break
        epoch += 1
        $at_epoch
"""
KEPT = """
    history.append({"step": step, **evaluate()})
    print(history[-1])
    $best
"""
BEST = """
    if best is None or $better:
        best, failures = history[-1][$metric], 0
        best_weights = {name: value.detach().cpu().clone() for name, value in model.state_dict().items()}
    else:
        failures += 1
"""
BEST_AND_PATIENCE = """
    # A model that is better by less than the threshold is the best, and yet tries the patience.
    figure = history[-1][$metric]
    is_better = best is None or figure $than best
    failures = 0 if is_better and (best is None or abs(figure - best) > $threshold) else failures + 1
    if is_better:
        best = figure
        best_weights = {name: value.detach().cpu().clone() for name, value in model.state_dict().items()}
"""
END = """
    $load
    model = accelerator.unwrap_model(model)
    model.save_pretrained(f"{OUTPUT}/model")
    tokenizer.save_pretrained(f"{OUTPUT}/model")
    Path(f"{OUTPUT}/history.json").write_text(json.dumps(history))
"""
