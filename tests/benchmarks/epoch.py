"""One epoch of `lstm-attn` as tmeattn trains it, beside the plain loop of most tutorials; then the start of a second
`train`.

    python tests/benchmarks/epoch.py [--pairs 5] [--texts 20000]

Both loops have the same model, weights, batch size, optimiser, threads and 200 tokens a text, and take turns in one
process. The plain loop shuffles at random, pads each batch to its longest text, packs it for the LSTM and unpacks it.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
import time

import numpy as np
import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence, pad_sequence

from tmeattn.cpu import available_cores
from tmeattn.data.encoding.batches import BucketedBatches
from tmeattn.data.sources import open_dataset, open_training_corpus, open_vectors
from tmeattn.models.building import build_model
from tmeattn.models.layers import masked_softmax
from tmeattn.run_config import resolve_run
from tmeattn.specs import ModelOutput, Space
from tmeattn.training.objective import objective
from tmeattn.training.optimizer import make_optimizer

TOKENS, BATCH = 200, 64


class Packed(nn.Module):
    """The layers of a tmeattn `lstm-attn`, run over packed sequences."""

    def __init__(self, ours: nn.Module) -> None:
        super().__init__()
        self.ours = ours

    def forward(self, tokens_BT: torch.Tensor, mask_BT: torch.Tensor) -> ModelOutput:
        states, attend = self.ours.states, self.ours.attend
        x_BTD = nn.functional.dropout(states.embedding(tokens_BT), states.input_dropout, self.training)
        packed = pack_padded_sequence(x_BTD, mask_BT.sum(dim=1), batch_first=True, enforce_sorted=False)
        h_BTD, _ = pad_packed_sequence(states.lstm(packed)[0], batch_first=True)
        attention_BT = masked_softmax(h_BTD @ attend.query_D, mask_BT)
        return ModelOutput(self.ours.classify(torch.bmm(attention_BT[:, None], h_BTD)[:, 0]), attention_BT)


def plain_batches(split, seed):
    texts = [
        torch.from_numpy(split.tokens[a:b][:TOKENS].astype(np.int64))
        for a, b in zip(split.offsets[:-1], split.offsets[1:], strict=True)
    ]
    labels = torch.from_numpy(split.labels.astype(np.int64))
    order = torch.randperm(len(texts), generator=torch.Generator().manual_seed(seed))
    for chosen in order.split(BATCH):
        batch = [texts[i] for i in chosen]
        tokens_BT = pad_sequence(batch, batch_first=True)
        lengths = torch.tensor([len(text) for text in batch])
        yield tokens_BT, torch.arange(tokens_BT.shape[1]) < lengths[:, None], labels[chosen]


def our_batches(split, seed):
    for batch in BucketedBatches(split, BATCH, TOKENS, seed).epoch(0):
        yield batch[:3]


def epoch_seconds(model, forward, batches, options, steps):
    optimizer = make_optimizer(model, options)
    model.train()
    began = time.perf_counter()
    for _, (tokens_BT, mask_BT, labels_B) in zip(range(steps), batches, strict=False):
        loss = objective(forward(tokens_BT, mask_BT), labels_B, mask_BT, 0.05)
        optimizer.zero_grad(set_to_none=True)
        loss.total.backward()
        nn.utils.clip_grad_norm_(model.parameters(), options.clip_norm)
        optimizer.step()
        loss.total.item()
    return time.perf_counter() - began


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--texts", type=int, default=10**9, help="training texts an epoch, at most")
    arguments = parser.parse_args()
    torch.set_num_threads(available_cores())
    run = resolve_run("lstm-attn", {"max_length": TOKENS, "batch_size": BATCH})
    corpus = open_training_corpus(
        run.train, open_dataset(run.train.dataset), open_vectors(run.train.vectors), lambda line: print(line)
    )
    split = corpus.splits["train"]
    steps = -(-min(arguments.texts, len(split)) // BATCH)

    def fresh():
        torch.manual_seed(0)
        space = Space(len(corpus.vocabulary), 2, corpus.vectors.shape[1], torch.tensor(corpus.vectors))
        return build_model(run, space)

    model = fresh().eval()
    tokens_BT, mask_BT, _ = next(plain_batches(split, 0))
    with torch.no_grad():
        same = torch.allclose(model(tokens_BT, mask_BT)[0], Packed(model).eval()(tokens_BT, mask_BT)[0], atol=1e-5)
    print(f"both loops compute the same logits: {same}; {torch.get_num_threads()} threads, {steps} steps an epoch")
    ratios = []
    for pair in range(arguments.pairs):
        model = fresh()
        ours = epoch_seconds(model, model, our_batches(split, pair), run.train, steps)
        model = fresh()
        plain = epoch_seconds(model, Packed(model), plain_batches(split, pair), run.train, steps)
        ratios.append(plain / ours)
        print(f"pair {pair + 1}: tmeattn {ours:.1f} s, plain loop {plain:.1f} s, ratio {ratios[-1]:.2f}", flush=True)
    print(f"median ratio {statistics.median(ratios):.2f}")
    start_up()


def start_up() -> None:
    """Seconds from the command to its first step, of a `train` whose corpus is cached, beside `import torch` alone."""
    begun = time.perf_counter()
    subprocess.run([sys.executable, "-c", "import torch"], check=True)
    torch_seconds = time.perf_counter() - begun
    program = (
        "import sys, os, time\n"
        "from tmeattn.training import trainer\n"
        "step = trainer.Trainer._step\n"
        "def first(self, batch):\n"
        "    step(self, batch); print('first step'); sys.stdout.flush(); os._exit(0)\n"
        "trainer.Trainer._step = first\n"
        "from tmeattn.cli.main import run\n"
        "run(['--home', sys.argv[1], 'train', 'lstm-attn'])\n"
    )
    with tempfile.TemporaryDirectory() as home:
        times = []
        for _ in range(4):  # the first one encodes
            begun = time.perf_counter()
            subprocess.run([sys.executable, "-c", program, home], check=True, capture_output=True)
            times.append(time.perf_counter() - begun)
    print(
        f"second train: first step done after {statistics.median(times[1:]):.2f} s; "
        f"import torch {torch_seconds:.2f} s; first train, which encodes: {times[0]:.2f} s"
    )


if __name__ == "__main__":
    main()
