"""Training speed of `transformer`: tokens a second beside (a) the plain loop of most tutorials and (b) the rate at
which this machine multiplies matrices of the same shapes; and what bfloat16 makes of it.

    python tests/benchmarks/transformer.py [--pairs 5] [--steps 40] [--layers 3] [--heads 1] [--threads 2]

Real reviews, cut at 500 words, random vectors of width 100 that are not trained, batches of 16. The plain loop
shuffles at random, pads each batch to its longest text, computes softmax(Q K^T / sqrt(k)) V step by step and uses
torch's own dropout. Both train the same weights with the same optimiser and take turns in one process, with the matrix
products between them.
"""

from __future__ import annotations

import argparse
import statistics
import time
from unittest.mock import patch

import numpy as np
import torch
from torch import nn
from torch.nn import functional
from torch.nn.utils.rnn import pad_sequence

from tmeattn.cpu import available_cores
from tmeattn.data.encoding.batches import BucketedBatches
from tmeattn.data.sources import open_dataset, open_training_corpus
from tmeattn.models.building import build_model
from tmeattn.run_config import resolve_run
from tmeattn.specs import Space
from tmeattn.training.objective import objective
from tmeattn.training.optimizer import make_optimizer
from tmeattn.training.precision import autocast, full_precision, supports_bf16

TOKENS, BATCH, WIDTH = 500, 16, 100
CPU = torch.device("cpu")


def plain_batches(split, seed):
    order = torch.randperm(len(split), generator=torch.Generator().manual_seed(seed))
    for chosen in order.split(BATCH):
        texts = [split.tokens[split.offsets[i] : split.offsets[i + 1]][:TOKENS].astype(np.int64) for i in chosen]
        lengths = torch.tensor([len(text) for text in texts])
        tokens_BT = pad_sequence([torch.from_numpy(text) for text in texts], batch_first=True)
        yield tokens_BT, torch.arange(tokens_BT.shape[1]) < lengths[:, None], torch.from_numpy(split.labels[chosen])


def our_batches(split, seed):
    for batch in BucketedBatches(split, BATCH, TOKENS, seed).epoch(0):
        yield batch[:3]


def train(model, options, batches, steps, *, maps=False, precision="float32"):
    """Seconds, real tokens, and the (texts, length) of every batch."""
    optimizer = make_optimizer(model, options)
    model.train()
    shapes, tokens, began = [], 0, time.perf_counter()
    for _, (tokens_BT, mask_BT, labels_B) in zip(range(steps), batches, strict=False):
        with autocast(precision, CPU):
            output = full_precision(model(tokens_BT, mask_BT, need_maps=maps))
        loss = objective(output._replace(maps=None), labels_B, mask_BT, 0.0)
        optimizer.zero_grad(set_to_none=True)
        loss.total.backward()
        nn.utils.clip_grad_norm_(model.parameters(), options.clip_norm)
        optimizer.step()
        loss.total.item()
        shapes.append(tuple(tokens_BT.shape))
        tokens += int(mask_BT.sum())
    return time.perf_counter() - began, tokens, shapes


def products(shape, heads, ratio):
    """The matrix products of one block in a forward pass as (batch, rows, inner, columns): the linear maps, Q K^T and
    A V. A backward pass has twice as many of the same cost."""
    texts, length = shape
    inner = heads * WIDTH
    linear = [(1, texts * length, WIDTH, 3 * inner), (1, texts * length, WIDTH, ratio * WIDTH)]
    linear.append((1, texts * length, ratio * WIDTH, WIDTH))
    if heads > 1:
        linear.append((1, texts * length, inner, WIDTH))
    return [*linear, (texts * heads, length, WIDTH, length), (texts * heads, length, length, WIDTH)]


def flops(shapes, heads, ratio, layers):
    one = [2 * b * m * k * n for shape in shapes for b, m, k, n in products(shape, heads, ratio)]
    return 3 * layers * sum(one)


def product_rate(shapes, heads, ratio, seconds=2.0):
    """Operations a second of plain matrix products with the shapes of these batches, float32."""
    wanted = [sizes for shape in shapes for sizes in products(shape, heads, ratio)]
    pairs = [(torch.randn(b, m, k), torch.randn(b, k, n)) for b, m, k, n in wanted]
    out = [torch.empty(b, m, n) for b, m, _, n in wanted]
    done, began = 0, time.perf_counter()
    while time.perf_counter() - began < seconds:
        for (left, right), into in zip(pairs, out, strict=True):
            torch.bmm(left, right, out=into)
        done += sum(2 * b * m * k * n for b, m, k, n in wanted)
    return done / (time.perf_counter() - began)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--steps", type=int, default=40, help="training steps in a turn")
    parser.add_argument("--layers", type=int, default=3)
    parser.add_argument("--heads", type=int, default=1)
    parser.add_argument("--threads", type=int, default=available_cores())
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    run = resolve_run(
        "transformer",
        {"recipe": "report", "vectors": "random", "layers": arguments.layers, "heads": arguments.heads},
    )
    ratio = run.model_options["mlp_ratio"]
    corpus = open_training_corpus(run.train, open_dataset(run.train.dataset), None, print)
    split = corpus.splits["train"]

    def fresh():
        torch.manual_seed(0)
        vectors = torch.randn(len(corpus.vocabulary), WIDTH)
        return build_model(run, Space(len(corpus.vocabulary), 2, WIDTH, vectors, tune=False))

    print(f"{arguments.layers} layers, {arguments.heads} heads, {arguments.threads} threads, {arguments.steps} steps")
    gains, shares, halves = [], [], []
    for pair in range(arguments.pairs):
        ours, tokens, shapes = train(fresh(), run.train, our_batches(split, pair), arguments.steps)
        rate = product_rate(shapes[:4], arguments.heads, ratio)
        with patch("tmeattn.models.transformer.dropout", functional.dropout):
            plain, plain_tokens, _ = train(fresh(), run.train, plain_batches(split, pair), arguments.steps, maps=True)
        gains.append((tokens / ours) / (plain_tokens / plain))
        achieved = flops(shapes, arguments.heads, ratio, arguments.layers) / ours
        shares.append(achieved / rate)
        line = f"pair {pair + 1}: tmeattn {tokens / ours:,.0f} tokens/s, plain {plain_tokens / plain:,.0f}, "
        line += f"ratio {gains[-1]:.2f}; {achieved / 1e9:.0f} of {rate / 1e9:.0f} GFLOP/s, {shares[-1]:.0%}"
        if supports_bf16(CPU):
            half, half_tokens, _ = train(
                fresh(), run.train, our_batches(split, pair), arguments.steps, precision="bf16"
            )
            halves.append((half_tokens / half) / (tokens / ours))
            line += f"; bf16 {halves[-1]:.2f} times float32"
        print(line, flush=True)
    if not halves:
        print("bf16: this CPU has no bfloat16 arithmetic, so --precision bf16 trains in float32 here")
    print(
        f"median: {statistics.median(gains):.2f} times the plain loop, {statistics.median(shares):.0%} of the products"
    )


if __name__ == "__main__":
    main()
