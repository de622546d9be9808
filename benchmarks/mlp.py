"""The same small network, trained the same way by several libraries: 64-128-10, ReLU, Adam.

Every contender is a class whose `epoch` passes once over the rows in the given order, in batches
of 32 float32 rows, from the same first weights; so all of them take the same steps.
"""

from dataclasses import dataclass

import numpy as np

from benchmarks.timing import torch
from course_lib import Adam, Dense, ReLU, Sequential, SoftmaxCrossEntropy
from course_lib.datasets import load_digits

BATCH = 32
LR = 1e-3


@dataclass(frozen=True)
class Task:
    """Data, and the weights to begin with; the biases begin at 0."""

    X: np.ndarray  # (N, 64) float32
    y: np.ndarray  # (N,)
    W1: np.ndarray  # (64, 128)
    W2: np.ndarray  # (128, 10)


def digits_task(rows: int = 1437) -> Task:
    """Return the first rows of the digits (1,437 are four fifths) and He's initial weights."""
    X, y = load_digits()
    rng = np.random.default_rng(0)
    W1 = rng.normal(0, np.sqrt(2 / 64), (64, 128)).astype(np.float32)
    W2 = rng.normal(0, np.sqrt(2 / 128), (128, 10)).astype(np.float32)
    return Task(X[:rows].astype(np.float32), y[:rows], W1, W2)


class CourseLib:
    """The loop of the training chapter, line by line."""

    def __init__(self, task: Task) -> None:
        rng = np.random.default_rng(0)
        first = Dense(64, 128, rng=rng, dtype=np.float32)
        second = Dense(128, 10, rng=rng, dtype=np.float32)
        first.W.value[...] = task.W1
        second.W.value[...] = task.W2
        self.task = task
        self.model = Sequential(first, ReLU(), second)
        self.loss_fn = SoftmaxCrossEntropy()
        self.optimizer = Adam(self.model.parameters(), lr=LR)

    def epoch(self, order: np.ndarray) -> None:
        """Pass once over the rows, in this order."""
        model, loss_fn, optimizer = self.model, self.loss_fn, self.optimizer
        X, y = self.task.X, self.task.y
        for start in range(0, len(order), BATCH):
            rows = order[start : start + BATCH]
            loss_fn.forward(model.forward(X[rows], train=True), y[rows])
            model.zero_grad()
            model.backward(loss_fn.backward())
            optimizer.step()

    def weights(self) -> list[np.ndarray]:
        """Return W1, b1, W2, b2."""
        return [parameter.value for parameter in self.model.parameters()]


class NumPyAdam:
    """Adam with everything inlined and in place, on one vector: the floor for NumPy."""

    def __init__(self, w: np.ndarray) -> None:
        self.w, self.t = w, 0
        self.m, self.v, self.step_, self.root = (np.zeros_like(w) for _ in range(4))

    def step(self, g: np.ndarray) -> None:
        """Change the weights by this gradient."""
        self.t += 1
        m, v, step, root = self.m, self.v, self.step_, self.root
        m *= 0.9
        np.multiply(g, 0.1, out=step)
        m += step
        v *= 0.999
        np.multiply(g, g, out=step)
        step *= 0.001
        v += step
        np.multiply(v, 1 / (1 - 0.999**self.t), out=root)
        np.sqrt(root, out=root)
        root += 1e-8
        np.multiply(m, -LR / (1 - 0.9**self.t), out=step)
        step /= root
        self.w += step


class NumPyByHand:
    """No classes, no checks, no copies: what NumPy alone would need."""

    def __init__(self, task: Task) -> None:
        self.task = task
        self.shapes = [(64, 128), (128,), (128, 10), (10,)]
        first = [task.W1, np.zeros(128), task.W2, np.zeros(10)]
        self.w = np.concatenate([array.ravel() for array in first]).astype(np.float32)
        self.g = np.zeros_like(self.w)
        self.values, self.grads = self._views(self.w), self._views(self.g)
        self.adam = NumPyAdam(self.w)

    def _views(self, flat: np.ndarray) -> list[np.ndarray]:
        sizes = [int(np.prod(shape)) for shape in self.shapes]
        parts = np.split(flat, np.cumsum(sizes)[:-1])
        return [part.reshape(shape) for part, shape in zip(parts, self.shapes, strict=True)]

    def epoch(self, order: np.ndarray) -> None:
        """Pass once over the rows, in this order."""
        X, Y, adam, g = self.task.X, self.task.y, self.adam, self.g
        W1, b1, W2, b2 = self.values
        dW1, db1, dW2, db2 = self.grads
        for start in range(0, len(order), BATCH):
            rows = order[start : start + BATCH]
            x, y = X[rows], Y[rows]
            h = x @ W1
            h += b1
            np.maximum(h, 0, out=h)
            z = h @ W2
            z += b2
            z -= z.max(axis=1, keepdims=True)
            np.exp(z, out=z)
            z /= z.sum(axis=1, keepdims=True)
            z[np.arange(len(y)), y] -= 1
            z /= len(y)
            np.matmul(h.T, z, out=dW2)
            z.sum(axis=0, out=db2)
            dh = z @ W2.T
            dh *= h > 0
            np.matmul(x.T, dh, out=dW1)
            dh.sum(axis=0, out=db1)
            adam.step(g)

    def weights(self) -> list[np.ndarray]:
        """Return W1, b1, W2, b2."""
        return self.values


class PyTorch:
    """Eager PyTorch on the CPU, as its tutorials write it; or with Adam in one fused kernel."""

    def __init__(self, task: Task, *, fused: bool = False) -> None:
        nn = torch.nn
        self.model = nn.Sequential(nn.Linear(64, 128), nn.ReLU(), nn.Linear(128, 10))
        with torch.no_grad():
            for layer, W in ((self.model[0], task.W1), (self.model[2], task.W2)):
                layer.weight.copy_(torch.from_numpy(W.T.copy()))
                layer.bias.zero_()
        self.X, self.y = torch.from_numpy(task.X), torch.from_numpy(task.y)
        self.loss_fn = nn.CrossEntropyLoss()
        self.optimizer = torch.optim.Adam(self.model.parameters(), lr=LR, fused=fused)

    def epoch(self, order: np.ndarray) -> None:
        """Pass once over the rows, in this order."""
        model, loss_fn, optimizer, X, y = (
            self.model, self.loss_fn, self.optimizer, self.X, self.y,
        )  # fmt: skip
        order = torch.from_numpy(order)
        for start in range(0, len(order), BATCH):
            rows = order[start : start + BATCH]
            loss = loss_fn(model(X[rows]), y[rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()

    def weights(self) -> list[np.ndarray]:
        """Return W1, b1, W2, b2."""
        return [parameter.detach().numpy().T for parameter in self.model.parameters()]


class ScikitLearn:
    """MLPClassifier, of which `partial_fit` is one epoch; it draws its own weights and order."""

    def __init__(self, task: Task) -> None:
        from sklearn.neural_network import MLPClassifier

        self.task = task
        self.classes = np.arange(10)
        self.model = MLPClassifier(
            (128,), batch_size=BATCH, learning_rate_init=LR, alpha=0.0, random_state=0
        )

    def epoch(self, order: np.ndarray) -> None:
        """Pass once over the rows, in this order."""
        self.model.partial_fit(self.task.X, self.task.y, classes=self.classes)
