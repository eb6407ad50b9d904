"""Hooks on the word embedding of a model: find the module, and replace its output."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from tmeattn.specs import PADDING, UNKNOWN


@torch.no_grad()
def embedding_path(model: nn.Module) -> str | None:
    """The path, in the model, of the module that looks up the word vectors; None where there is no such module.

    It is the only `nn.Embedding` that the model calls with the token ids, and it is called once. To find it, the model
    is run on two short texts and the calls are recorded. Positional embeddings are called with other ids.
    """
    tokens_BT = torch.tensor([[UNKNOWN] * 3, [UNKNOWN, PADDING, PADDING]], device=next(model.parameters()).device)
    called: list[nn.Module] = []

    def note(module: nn.Module, arguments: tuple[Tensor, ...], output: Tensor) -> None:
        if arguments and arguments[0].shape == tokens_BT.shape and torch.equal(arguments[0], tokens_BT):
            called.append(module)

    hooks = [module.register_forward_hook(note) for module in model.modules() if isinstance(module, nn.Embedding)]
    try:
        model(tokens_BT, tokens_BT != PADDING, need_maps=False)
    finally:
        for hook in hooks:
            hook.remove()
    if len(called) != 1:
        return None
    paths: dict[int, str] = {id(module): path for path, module in model.named_modules()}
    return paths[id(called[0])]


@contextmanager
def replaced(embedding: nn.Embedding, x_BTD: Tensor) -> Iterator[None]:
    """Within this block the output of the embedding is `x_BTD`, whatever the token ids are. The embedding belongs to
    the model of the calling thread (`TrainedClassifier.embedding`), so no other thread reads these vectors."""
    hook = embedding.register_forward_hook(lambda module, arguments, output: x_BTD)
    try:
        yield
    finally:
        hook.remove()
