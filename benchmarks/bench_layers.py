"""A training step of single layers, by course_lib and by PyTorch.

A step is forward, backward and clearing the gradients, in float32, on arrays in the usual order in
memory (images come as contiguous (N, C, H, W) both ways).
"""

from collections.abc import Callable, Iterable

import numpy as np

from benchmarks.timing import Row, compare, thread_counts, torch
from course_lib.architecture import Layer
from course_lib.challenges import LSTM, Conv2D, TransformerBlock

Array = np.ndarray
# The network of PyTorch is made by a function, so that this module also works without it.
Contest = tuple[str, Layer, Callable[[], object], Array, Array]

CONVOLUTIONS = (
    (64, 1, 28, 8, 3),
    (64, 8, 14, 16, 3),
    (64, 1, 8, 16, 3),
    (64, 16, 6, 32, 3),
    (32, 32, 14, 64, 3),
)
"""(N, C, H, F, K): images, channels, height and width, filters, kernel."""
LSTMS = ((32, 51, 20, 64), (64, 28, 28, 128), (16, 100, 64, 128), (64, 50, 64, 256))
"""(N, T, D, H): sequences, steps, inputs, hidden units."""
BLOCKS = ((32, 64, 64, 4, 256), (16, 128, 128, 4, 512))
"""(N, T, D, heads, hidden): sequences, steps, features, heads, width of the network."""


def bench_convolutions(repeats: int = 30) -> list[Row]:
    """Time Conv2D over five shapes, with the padding that keeps the size, and without."""

    def contests(rng: np.random.Generator) -> Iterable[Contest]:
        for padding in (1, 0):
            for N, C, H, F, K in CONVOLUTIONS:
                size = H + 2 * padding - K + 1
                yield (
                    f"Conv2D, x ({N}, {C}, {H}, {H}), {F} filters {K}×{K}, padding {padding}",
                    Conv2D(C, F, K, rng=rng, padding=padding, dtype=np.float32),
                    lambda C=C, F=F, K=K, p=padding: torch.nn.Conv2d(C, F, K, padding=p),
                    normal(rng, N, C, H, H),
                    normal(rng, N, F, size, size),
                )

    return _compare(contests, repeats)


def bench_lstms(repeats: int = 30) -> list[Row]:
    """Time the LSTM over four shapes."""

    def contests(rng: np.random.Generator) -> Iterable[Contest]:
        for N, T, D, H in LSTMS:
            yield (
                f"LSTM, x ({N}, {T}, {D}), {H} units",
                LSTM(D, H, rng=rng, dtype=np.float32),
                lambda D=D, H=H: torch.nn.LSTM(D, H, batch_first=True),
                normal(rng, N, T, D),
                normal(rng, N, T, H),
            )

    return _compare(contests, repeats)


def bench_transformer_blocks(repeats: int = 30) -> list[Row]:
    """Time the pre-norm block over two shapes, without a mask."""

    def contests(rng: np.random.Generator) -> Iterable[Contest]:
        for N, T, D, heads, hidden in BLOCKS:
            yield (
                f"TransformerBlock, x ({N}, {T}, {D}), {heads} heads, {hidden} hidden",
                TransformerBlock(D, heads, hidden, rng=rng, dtype=np.float32),
                lambda D=D, heads=heads, hidden=hidden: torch.nn.TransformerEncoderLayer(
                    D, heads, hidden, dropout=0.0, batch_first=True, norm_first=True
                ),
                normal(rng, N, T, D),
                normal(rng, N, T, D),
            )

    return _compare(contests, repeats)


def normal(rng: np.random.Generator, *shape: int) -> Array:
    return rng.normal(size=shape).astype(np.float32)


def _compare(
    contests: Callable[[np.random.Generator], Iterable[Contest]], repeats: int
) -> list[Row]:
    rows = []
    for count in thread_counts():
        for name, layer, make_rival, x, dy in contests(np.random.default_rng(0)):
            contenders = {"course_lib": _our_step(layer, x, dy)}
            if torch is not None:
                contenders["PyTorch"] = _their_step(make_rival(), x, dy)
            missing = () if torch else ("PyTorch",)
            rows += compare(name, contenders, threads_used=count, repeats=repeats, missing=missing)
    return rows


def _our_step(layer: Layer, x: Array, dy: Array) -> Callable[[], object]:
    def step() -> None:
        layer.zero_grad()
        layer.forward(x, train=True)
        layer.backward(dy)

    return step


def _their_step(module: object, x: Array, dy: Array) -> Callable[[], object]:
    x, dy = torch.tensor(x, requires_grad=True), torch.tensor(dy)

    def step() -> None:
        module.zero_grad()
        x.grad = None
        y = module(x)
        (y[0] if isinstance(y, tuple) else y).backward(dy)

    return step
