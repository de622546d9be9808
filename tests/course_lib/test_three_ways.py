"""Three ways to every gradient agree: explicit `backward`, the tape, and central differences.

Each layer and loss stands here a second time, as a plain formula on Tensors.
"""

import importlib
import inspect
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import pytest

from course_lib.architecture import (
    Dense,
    Flatten,
    Layer,
    LeakyReLU,
    ReLU,
    Sequential,
    Sigmoid,
    SigmoidNeuron,
    Tanh,
)
from course_lib.challenges.convolution import Conv2D
from course_lib.challenges.embedding import Embedding, Positions
from course_lib.challenges.lstm import LSTM
from course_lib.challenges.multi_head_attention import MultiHeadAttention
from course_lib.challenges.pooling import MaxPool2D
from course_lib.challenges.recurrent import RNN
from course_lib.challenges.regularization import Dropout
from course_lib.challenges.sequences import LastStep, MeanStep, PerStep
from course_lib.challenges.transformer import TransformerBlock
from course_lib.mathematics import BatchNorm, LayerNorm, Tensor
from course_lib.mathematics.autodiff import concatenate, stack
from course_lib.training import (
    BinaryCrossEntropy,
    Loss,
    MeanSquaredError,
    SoftmaxCrossEntropy,
    numerical_gradient,
    relative_error,
)

BATCHES = [1, 2, 5]


class Case(NamedTuple):
    build: Callable[[np.random.Generator], Layer]
    example: tuple[int, ...]  # the shape of one example
    formula: Callable[..., Tensor]  # of x and the layer's parameters, in their order
    train: bool = False


def dense(x, W, b):
    return x @ W + b


def leaky_relu(x):
    return x.maximum(0.1 * x)


def batch_norm(x, gamma, beta):
    centred = x - x.mean(0)
    return gamma * centred / ((centred**2).mean(0) + 1e-5) ** 0.5 + beta


def layer_norm(x, gamma, beta):
    centred = x - x.mean(-1, keepdims=True)
    return gamma * centred / ((centred**2).mean(-1, keepdims=True) + 1e-5) ** 0.5 + beta


def pad(x, width, fill):
    for axis in (2, 3):
        if width:
            shape = [width if i == axis else size for i, size in enumerate(x.shape)]
            border = Tensor(np.full(shape, fill))
            x = concatenate([border, x, border], axis)
    return x


def patches(x, size, stride):
    """The windows of an image: (N, C, H, W) becomes (N, C, H_out, W_out, size, size)."""
    within = np.arange(size)
    tops, lefts = (np.arange(0, length - size + 1, stride) for length in x.shape[2:])
    rows = (tops[:, None] + within)[:, None, :, None]
    columns = (lefts[:, None] + within)[None, :, None, :]
    return x[:, :, rows, columns]


def convolution(stride, padding):
    def formula(x, W, b):
        windows = patches(pad(x, padding, 0.0), W.shape[2], stride)
        N, C, H, width, K, _ = windows.shape
        rows = windows.transpose(0, 2, 3, 1, 4, 5).reshape(N, H, width, C * K * K)
        return (rows @ W.reshape(W.shape[0], -1).transpose() + b).transpose(0, 3, 1, 2)

    return formula


def max_pool(size, stride, padding):
    return lambda x: patches(pad(x, padding, -1e9), size, stride).max((-2, -1))


def rnn(x, W_x, W_h, b):
    h, states = Tensor(np.zeros((x.shape[0], W_h.shape[0]))), []
    for t in range(x.shape[1]):
        h = (x[:, t] @ W_x + h @ W_h + b).tanh()
        states.append(h)
    return stack(states, axis=1)


def lstm(x, W_x, W_h, b):
    H = W_h.shape[0]
    h = c = Tensor(np.zeros((x.shape[0], H)))
    states = []
    for t in range(x.shape[1]):
        z = x[:, t] @ W_x + h @ W_h + b
        i, f, o = (z[:, k * H : (k + 1) * H].sigmoid() for k in range(3))
        g = z[:, 3 * H :].tanh()
        c = f * c + i * g
        h = o * c.tanh()
        states.append(h)
    return stack(states, axis=1)


def attention(heads, causal):
    def formula(x, W_qkv, b_qkv, W_o, b_o):
        N, T, D = x.shape
        qkv = (x @ W_qkv + b_qkv).reshape(N, T, 3, heads, D // heads).transpose(2, 0, 3, 1, 4)
        q, k, v = qkv[0], qkv[1], qkv[2]  # (N, heads, T, D / heads)
        scores = q @ k.transpose(0, 1, 3, 2) / (D // heads) ** 0.5
        if causal:
            scores = scores - 1e9 * np.triu(np.ones((T, T)), 1)
        exponentials = (scores - scores.max(-1, keepdims=True)).exp()
        weights = exponentials / exponentials.sum(-1, keepdims=True)
        return (weights @ v).transpose(0, 2, 1, 3).reshape(N, T, D) @ W_o + b_o

    return formula


def transformer_block(x, *p):
    """Norm, attention, norm, network: their parameters in this order."""
    u = x + attention(2, True)(layer_norm(x, *p[:2]), *p[2:6])
    hidden = dense(layer_norm(u, *p[6:8]), *p[8:10]).relu()
    return u + dense(hidden, *p[10:])


def small_network(x, W_1, b_1, gamma, beta, W_2, b_2):
    return dense(batch_norm(dense(x, W_1, b_1), gamma, beta).tanh(), W_2, b_2)


def deep_network(x, W_1, b_1, gamma, beta, W_2, b_2, W_3, b_3):
    hidden = leaky_relu(dense(layer_norm(dense(x, W_1, b_1).relu(), gamma, beta), W_2, b_2))
    return dense(hidden, W_3, b_3).sigmoid()


def image_network(x, W_1, b_1, W_2, b_2):
    features = max_pool(2, 2, 0)(convolution(1, 1)(x, W_1, b_1).relu())
    return dense(features.reshape(x.shape[0], -1), W_2, b_2)


CASES = {
    "Dense": Case(lambda rng: Dense(3, 4, rng=rng), (3,), dense),
    "Dense, one to one": Case(lambda rng: Dense(1, 1, rng=rng), (1,), dense),
    "SigmoidNeuron": Case(
        lambda rng: SigmoidNeuron(3, rng=rng), (3,), lambda x, W, b: (x @ W + b).sigmoid()
    ),
    "ReLU": Case(lambda rng: ReLU(), (7,), lambda x: x.maximum(0.0)),
    "LeakyReLU": Case(lambda rng: LeakyReLU(0.1), (2, 3), leaky_relu),
    "Sigmoid": Case(lambda rng: Sigmoid(), (3,), lambda x: 1 / (1 + (-x).exp())),
    "Tanh": Case(lambda rng: Tanh(), (3, 1), lambda x: 2 / (1 + (-2 * x).exp()) - 1),
    "Flatten": Case(lambda rng: Flatten(), (2, 3, 1), lambda x: x.reshape(x.shape[0], -1)),
    "BatchNorm": Case(lambda rng: BatchNorm(3), (3,), batch_norm, train=True),
    "BatchNorm after training": Case(
        lambda rng: BatchNorm(3), (3,), lambda x, gamma, beta: gamma * x / 1.00001**0.5 + beta
    ),
    "LayerNorm": Case(lambda rng: LayerNorm(5), (5,), layer_norm),
    "LayerNorm of sequences": Case(lambda rng: LayerNorm(5), (3, 5), layer_norm),
    "Conv2D": Case(lambda rng: Conv2D(2, 3, 3, rng=rng), (2, 5, 4), convolution(1, 0)),
    "Conv2D, stride 2, padding 1": Case(
        lambda rng: Conv2D(1, 2, 3, rng=rng, stride=2, padding=1), (1, 6, 5), convolution(2, 1)
    ),
    "Conv2D, kernel 1": Case(
        lambda rng: Conv2D(3, 1, 1, rng=rng, stride=3), (3, 4, 1), convolution(3, 0)
    ),
    "MaxPool2D": Case(lambda rng: MaxPool2D(2), (2, 5, 4), max_pool(2, 2, 0)),
    "MaxPool2D, overlapping, padded": Case(
        lambda rng: MaxPool2D(3, stride=2, padding=1), (1, 5, 6), max_pool(3, 2, 1)
    ),
    "RNN": Case(lambda rng: RNN(2, 3, rng=rng), (4, 2), rnn),
    "RNN, one step": Case(lambda rng: RNN(1, 2, rng=rng), (1, 1), rnn),
    "LSTM": Case(lambda rng: LSTM(2, 3, rng=rng), (4, 2), lstm),
    "LSTM, one step": Case(lambda rng: LSTM(3, 1, rng=rng), (1, 3), lstm),
    "MultiHeadAttention": Case(
        lambda rng: MultiHeadAttention(6, 3, rng=rng), (3, 6), attention(3, False)
    ),
    "MultiHeadAttention, causal": Case(
        lambda rng: MultiHeadAttention(4, 1, rng=rng, causal=True), (5, 4), attention(1, True)
    ),
    "MultiHeadAttention, one step": Case(
        lambda rng: MultiHeadAttention(2, 2, rng=rng), (1, 2), attention(2, False)
    ),
    "Positions": Case(
        lambda rng: Positions(5, 3, rng=rng), (4, 3), lambda x, P: x + P[: x.shape[1]]
    ),
    "MeanStep": Case(lambda rng: MeanStep(), (4, 3), lambda x: x.mean(1)),
    "LastStep": Case(lambda rng: LastStep(), (4, 3), lambda x: x[:, -1]),
    "PerStep": Case(lambda rng: PerStep(Dense(3, 2, rng=rng)), (4, 3), dense),
    "TransformerBlock": Case(
        lambda rng: TransformerBlock(4, 2, 5, rng=rng, causal=True), (3, 4), transformer_block
    ),
    "Sequential: small network": Case(
        lambda rng: Sequential(Dense(2, 3, rng=rng), BatchNorm(3), Tanh(), Dense(3, 4, rng=rng)),
        (2,),
        small_network,
        train=True,
    ),
    "Sequential: deep network": Case(
        lambda rng: Sequential(
            Dense(3, 5, rng=rng),
            ReLU(),
            LayerNorm(5),
            Dense(5, 4, rng=rng),
            LeakyReLU(0.1),
            Dense(4, 1, rng=rng),
            Sigmoid(),
        ),
        (3,),
        deep_network,
    ),
    "Sequential: image network": Case(
        lambda rng: Sequential(
            Conv2D(1, 2, 3, rng=rng, padding=1),
            ReLU(),
            MaxPool2D(2),
            Flatten(),
            Dense(12, 3, rng=rng),
        ),
        (1, 5, 6),
        image_network,
    ),
    "Sequential: sequence network": Case(
        lambda rng: Sequential(LSTM(2, 3, rng=rng), RNN(3, 2, rng=rng)),
        (3, 2),
        lambda x, *parameters: rnn(lstm(x, *parameters[:3]), *parameters[3:]),
    ),
}


@pytest.mark.parametrize("N", BATCHES)
@pytest.mark.parametrize("name", CASES)
def test_three_ways_to_the_gradients_of_a_layer_agree(name, N):
    case = CASES[name]
    if case.train and N == 1:
        N = 3  # a batch of one has no variance; BatchNorm's own tests hold its refusal
    rng = np.random.default_rng([N, *name.encode()])
    layer = case.build(rng)
    for parameter in layer.parameters():
        parameter.value[...] = rng.normal(size=parameter.value.shape)
    x = rng.normal(size=(N, *case.example))

    # One: the explicit backward pass, with a random gradient of the output.
    y = layer.forward(x, case.train)
    dy = rng.normal(size=y.shape)
    layer.zero_grad()
    explicit = [layer.backward(dy), *(parameter.grad.copy() for parameter in layer.parameters())]

    # Two: the tape.
    inputs = [Tensor(value) for value in (x, *(p.value for p in layer.parameters()))]
    output = case.formula(*inputs)
    np.testing.assert_allclose(output.value, y, rtol=1e-10, atol=1e-10)
    output.backward(dy)

    # Three: central differences.
    def f():
        return float((layer.forward(x, case.train) * dy).sum())

    numerical = [numerical_gradient(f, v) for v in (x, *(p.value for p in layer.parameters()))]

    for first, second, third in zip(explicit, inputs, numerical, strict=True):
        assert relative_error(first, second.grad) < 1e-9
        assert relative_error(first, third) < 1e-6
    assert np.abs(explicit[0]).max() > 0  # three zeros would agree as well


def cross_entropy(logits, y):
    """Mean of −log softmax at the labels, for logits (..., K) and labels (...)."""
    rows = logits.reshape(-1, logits.shape[-1])
    shifted = rows - rows.max(-1, keepdims=True)
    log_p = shifted - shifted.exp().sum(-1, keepdims=True).log()
    return -log_p[np.arange(y.size), y.reshape(-1)].mean()


def binary_cross_entropy(logits, y):
    p = logits.sigmoid()
    y = y.reshape(logits.shape)
    return -(y * p.log() + (1 - y) * (1 - p).log()).mean()


def mean_squared_error(y_predicted, target):
    return ((y_predicted - target) ** 2).mean()


def labels(classes):
    return lambda rng, shape: rng.integers(0, classes, shape)


LOSSES = {
    "MeanSquaredError": (
        MeanSquaredError,
        (3,),
        lambda rng, shape: rng.normal(size=(*shape, 3)),
        mean_squared_error,
    ),
    "BinaryCrossEntropy": (BinaryCrossEntropy, (), labels(2), binary_cross_entropy),
    "BinaryCrossEntropy of a column": (BinaryCrossEntropy, (1,), labels(2), binary_cross_entropy),
    "SoftmaxCrossEntropy": (SoftmaxCrossEntropy, (4,), labels(4), cross_entropy),
}


@pytest.mark.parametrize("N", BATCHES)
@pytest.mark.parametrize("name", LOSSES)
def test_three_ways_to_the_gradient_of_a_loss_agree(name, N):
    loss_type, example, draw, formula = LOSSES[name]
    rng = np.random.default_rng([N, *name.encode()])
    loss_fn = loss_type()
    x = rng.normal(size=(N, *example)) * 3
    target = draw(rng, (N,))
    value = loss_fn.forward(x, target)
    explicit = loss_fn.backward()
    tensor = Tensor(x)
    output = formula(tensor, target)
    assert output.value == pytest.approx(value, abs=1e-10)
    output.backward()
    numerical = numerical_gradient(lambda: loss_fn.forward(x, target), x)
    assert relative_error(explicit, tensor.grad) < 1e-9
    assert relative_error(explicit, numerical) < 1e-6


def test_three_ways_to_the_gradient_of_a_loss_over_sequences_agree():
    rng = np.random.default_rng(5)
    x, y = rng.normal(size=(2, 3, 4)), rng.integers(0, 4, (2, 3))
    loss_fn = SoftmaxCrossEntropy()
    value = loss_fn.forward(x, y)
    tensor = Tensor(x)
    output = cross_entropy(tensor, y)
    assert output.value == pytest.approx(value)
    output.backward()
    assert relative_error(loss_fn.backward(), tensor.grad) < 1e-9
    numerical = numerical_gradient(lambda: loss_fn.forward(x, y), x)
    assert relative_error(tensor.grad, numerical) < 1e-6


@pytest.mark.parametrize("N", BATCHES)
def test_three_ways_through_a_whole_classifier_and_its_loss_agree(N):
    rng = np.random.default_rng(N)
    model = Sequential(Dense(3, 5, rng=rng), Tanh(), Dense(5, 4, rng=rng))
    loss_fn = SoftmaxCrossEntropy()
    x, target = rng.normal(size=(N, 3)), rng.integers(0, 4, N)
    loss = loss_fn.forward(model.forward(x), target)
    explicit = [model.backward(loss_fn.backward()), *(p.grad.copy() for p in model.parameters())]
    values = [x, *(p.value for p in model.parameters())]
    inputs = [Tensor(value) for value in values]
    data, W_1, b_1, W_2, b_2 = inputs
    output = cross_entropy(dense(dense(data, W_1, b_1).tanh(), W_2, b_2), target)
    assert output.value == pytest.approx(loss)
    output.backward()

    def f():
        return loss_fn.forward(model.forward(x), target)

    for first, second, value in zip(explicit, inputs, values, strict=True):
        assert relative_error(first, second.grad) < 1e-9
        assert relative_error(first, numerical_gradient(f, value)) < 1e-6


@pytest.mark.parametrize("N", BATCHES)
def test_three_ways_through_dropout_agree_when_its_mask_is_kept(N):
    def forward(x):
        layer = Dropout(0.4, rng=np.random.default_rng(6))  # the same mask each time
        return layer, layer.forward(x, train=True)

    rng = np.random.default_rng(N)
    x, dy = rng.normal(size=(N, 5)), rng.normal(size=(N, 5))
    layer, y = forward(x)
    explicit = layer.backward(dy)
    tensor = Tensor(x)
    output = tensor * (y / x)
    output.backward(dy)
    assert relative_error(explicit, tensor.grad) < 1e-9
    numerical = numerical_gradient(lambda: float((forward(x)[1] * dy).sum()), x)
    assert relative_error(explicit, numerical) < 1e-6


@pytest.mark.parametrize("N", BATCHES)
def test_three_ways_to_the_gradient_of_an_embedding_agree(N):
    rng = np.random.default_rng(N)
    layer = Embedding(4, 3, rng=rng)
    x = rng.integers(0, 4, (N, 6))  # with 6 steps and 4 symbols, some occur more than once
    dy = rng.normal(size=layer.forward(x).shape)
    layer.backward(dy)
    E = Tensor(layer.E.value)
    E[x].backward(dy)
    numerical = numerical_gradient(lambda: float((layer.forward(x) * dy).sum()), layer.E.value)
    assert relative_error(layer.E.grad, E.grad) < 1e-9
    assert relative_error(layer.E.grad, numerical) < 1e-6


def exported(base):
    """Concrete classes below `base` among the public names of all wings."""
    found = set()
    for package in ("architecture", "training", "mathematics", "challenges"):
        wing = importlib.import_module(f"course_lib.{package}")
        for name in wing.__all__:
            value = getattr(wing, name)
            if (
                isinstance(value, type)
                and issubclass(value, base)
                and not inspect.isabstract(value)
            ):
                found.add(value)
    return found


def test_every_public_layer_and_loss_stands_in_this_file():
    rng = np.random.default_rng(0)
    layers = {type(case.build(rng)) for case in CASES.values()} | {Dropout, Embedding}
    assert exported(Layer) <= layers
    assert exported(Loss) <= {entry[0] for entry in LOSSES.values()}
