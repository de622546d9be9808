"""One epoch of a digits network, and Adam's step alone, by course_lib and by others."""

from collections.abc import Callable
from functools import partial
from importlib.util import find_spec

import numpy as np

from benchmarks.mlp import LR, CourseLib, NumPyAdam, NumPyByHand, PyTorch, ScikitLearn, digits_task
from benchmarks.timing import Row, compare, thread_counts, torch
from course_lib import Adam, Parameter

NO_TORCH = ("PyTorch eager",) if torch is None else ()
NO_SKLEARN = () if find_spec("sklearn") else ("scikit-learn MLPClassifier",)


def _repeat(function: Callable[[], object], times: int) -> None:
    for _ in range(times):
        function()


def bench_epoch(repeats: int = 15) -> list[Row]:
    """Time one epoch: 1,437 digits, 64-128-10, batches of 32, float32, Adam."""
    rows = []
    for count in thread_counts():
        task = digits_task()
        contenders = {"course_lib": CourseLib(task)}
        if not NO_TORCH:
            contenders["PyTorch eager"] = PyTorch(task)
            contenders["PyTorch eager, fused Adam"] = PyTorch(task, fused=True)
        if not NO_SKLEARN:
            contenders["scikit-learn MLPClassifier"] = ScikitLearn(task)
        contenders["NumPy by hand"] = NumPyByHand(task)
        order = np.random.default_rng(1).permutation(len(task.X))
        rows += compare(
            "digits 64-128-10, one epoch",
            {name: partial(contender.epoch, order) for name, contender in contenders.items()},
            threads_used=count,
            repeats=repeats,
            missing=NO_TORCH + NO_SKLEARN,
        )
    return rows


def bench_adam(repeats: int = 15) -> list[Row]:
    """Time 100 steps of Adam on the parameters of that network."""
    rows = []
    shapes = [(64, 128), (128,), (128, 10), (10,)]
    for count in thread_counts():
        rng = np.random.default_rng(0)
        parameters = [Parameter(rng.normal(size=shape).astype(np.float32)) for shape in shapes]
        for parameter in parameters:
            parameter.grad += rng.normal(size=parameter.value.shape).astype(np.float32)
        flat = np.concatenate([parameter.value.ravel() for parameter in parameters])
        gradient = np.concatenate([parameter.grad.ravel() for parameter in parameters])
        by_hand = NumPyAdam(flat)
        steps = {"course_lib": Adam(parameters, lr=LR).step}
        if not NO_TORCH:
            for name, fused in (("PyTorch eager", False), ("PyTorch eager, fused Adam", True)):
                tensors = []
                for parameter in parameters:
                    tensors.append(torch.tensor(parameter.value, requires_grad=True))
                    tensors[-1].grad = torch.tensor(parameter.grad)
                steps[name] = torch.optim.Adam(tensors, lr=LR, fused=fused).step
        steps["NumPy by hand"] = partial(by_hand.step, gradient)
        rows += compare(
            "Adam, 100 steps on 9,610 numbers",
            {name: partial(_repeat, step, 100) for name, step in steps.items()},
            threads_used=count,
            repeats=repeats,
            missing=NO_TORCH,
        )
    return rows
