"""The chapter on next steps: its dictionary names every class, and its PyTorch column runs."""

import inspect
import re
from typing import Any

import numpy as np
import pytest

import course_lib
import course_lib.datasets
from course_lib import architecture, challenges, mathematics, training

from .conftest import ROOT

TEXT = (ROOT / "book" / "conclusion" / "next-steps.md").read_text(encoding="utf-8")
WINGS = [architecture, training, mathematics, challenges]
# A block of Python that opens with a comment: the class that it checks, or what else it shows.
BLOCKS = dict(re.findall(r"^```python\n# ([^\n]+)\n(.*?)^```", TEXT, re.DOTALL | re.MULTILINE))
ENTRIES = {
    name: (ours.split("`")[1::2], theirs.split("`")[1::2], said)
    for name, ours, theirs, said in re.findall(
        r"^`(\w+)`\n: PyTorch: (.+?)\. JAX: (.+?)\.\n(.*?)(?=^\S|\Z)",
        TEXT,
        re.DOTALL | re.MULTILINE,
    )
}
CHECKS = sorted(BLOCKS.keys() & ENTRIES.keys())


def classes(wing: Any) -> set[str]:
    return {name for name in wing.__all__ if inspect.isclass(getattr(wing, name))}


@pytest.mark.parametrize("wing", WINGS, ids=lambda wing: wing.__name__)
def test_every_public_class_has_an_entry_under_its_wing_and_nothing_else_has(wing: Any) -> None:
    title = wing.__name__.rpartition(".")[2].capitalize()
    section = TEXT.split(f"\n### {title}\n")[1].split("\n##")[0]
    found = re.findall(r"^`(\w+)`\n: ", section, re.MULTILINE)
    assert set(found) == classes(wing)
    assert found == sorted(found)


def test_every_entry_is_read_from_the_page() -> None:
    assert set(ENTRIES) == set().union(*map(classes, WINGS))
    assert all(len(said.split()) >= 2 for _, _, said in ENTRIES.values())


def test_an_entry_with_a_counterpart_has_a_check() -> None:
    with_counterpart = {name for name, (torch_names, _, _) in ENTRIES.items() if torch_names}
    assert with_counterpart <= set(CHECKS)
    # What can be written there in a line or two is checked as well; these have nothing to compare.
    assert ENTRIES.keys() - set(CHECKS) == {
        *("Activation", "Perceptron", "DivergenceError", "Epoch", "Standardizer", "ConstantRate"),
        *("Landscape", "BiasVariance", "Choice", "EarlyStopping", "IntegerUniform", "LogUniform"),
        "Trial",
    }


def test_every_block_of_python_is_one_that_is_run_here() -> None:
    fences = re.findall(r"^```python\n(.*)$", TEXT, re.MULTILINE)
    assert len(fences) == len(BLOCKS)
    assert BLOCKS.keys() - set(CHECKS) == {"The loop", "Before all checks"}


def test_lines_of_code_fit_the_page() -> None:
    for block in BLOCKS.values():
        assert max(map(len, block.splitlines())) <= 80


@pytest.fixture
def torch() -> Any:
    """Give PyTorch, and put its default type back: the page sets it to float64."""
    torch = pytest.importorskip("torch")
    dtype = torch.get_default_dtype()
    torch.manual_seed(0)
    yield torch
    torch.set_default_dtype(dtype)


@pytest.fixture
def page(torch: Any) -> dict[str, Any]:
    """Run the lines that all checks share; every check has them fresh."""
    names: dict[str, Any] = {}
    exec(compile(BLOCKS["Before all checks"], "next-steps.md", "exec"), names)
    return names


@pytest.mark.parametrize("name", CHECKS)
def test_a_check_of_the_page_finds_the_same_numbers_in_pytorch(
    name: str, page: dict[str, Any]
) -> None:
    plain, seen = page["same"], []

    def same(ours: Any, theirs: Any) -> None:
        plain(ours, theirs)
        seen.append(np.asarray(ours))

    page["same"] = same
    exec(compile(BLOCKS[name], f"next-steps.md: {name}", "exec"), page)
    assert seen
    assert any(np.any(numbers != 0) for numbers in seen)
    assert re.search(rf"\b{name}\b", BLOCKS[name]), "the check doesn't use the class"
    for counterpart in ENTRIES[name][0]:
        assert counterpart.rpartition(".")[2] in BLOCKS[name], counterpart


@pytest.mark.parametrize("name", CHECKS)
def test_a_check_of_the_page_would_notice_a_millionth(name: str, page: dict[str, Any]) -> None:
    plain = page["same"]
    page["same"] = lambda ours, theirs: plain(np.asarray(ours) + 1e-6, theirs)
    with pytest.raises(AssertionError):
        exec(compile(BLOCKS[name], f"next-steps.md: {name}", "exec"), page)


def test_every_pytorch_name_in_the_text_of_the_dictionary_exists(torch: Any) -> None:
    dictionary = TEXT.split("\n## The dictionary\n")[1].split("\n## ")[0]
    dictionary = re.sub(r"^```.*?^```", "", dictionary, flags=re.DOTALL | re.MULTILINE)
    names = set(re.findall(r"`((?:torch|nn)(?:\.\w+)+)", dictionary))
    assert len(names) > 30
    for name in names:
        thing: Any = {"torch": torch, "nn": torch.nn}[name.split(".")[0]]
        for part in name.split(".")[1:]:
            thing = getattr(thing, part)


def test_the_loop_of_the_page_trains_in_pytorch_as_well(torch: Any) -> None:
    X, Y = course_lib.datasets.load_digits()
    names = {"X": X, "Y": Y, "rng": np.random.default_rng(0), "batches": course_lib.batches}
    exec(compile(BLOCKS["The loop"], "next-steps.md", "exec"), names)
    logits = names["model"](torch.tensor(X, dtype=torch.float32))
    assert course_lib.accuracy(logits.argmax(dim=1).numpy(), Y) > 0.8
    cell = next(c for c in re.findall(r"```\{code-cell\}.*?```", TEXT, re.DOTALL) if "SGD(" in c)
    for line in ("lr=0.1, momentum=0.9", "size=32, rng=rng", "64, 32", "32, 10"):
        assert line in cell
        assert line in BLOCKS["The loop"]


# ---- what the entries say about defaults and conventions


def default(function: Any, argument: str) -> Any:
    return inspect.signature(function).parameters[argument].default


def test_the_defaults_that_the_page_names_are_pytorchs_and_ours(torch: Any) -> None:
    nn, optim = torch.nn, torch.optim
    assert default(nn.LeakyReLU, "negative_slope") == default(course_lib.LeakyReLU, "leak") == 0.01
    assert default(optim.Adam, "eps") == default(course_lib.Adam, "epsilon") == 1e-8
    assert default(optim.Adam, "betas") == (0.9, 0.999)
    assert default(optim.Adam, "lr") == default(course_lib.Adam, "lr") == 1e-3
    assert default(optim.RMSprop, "alpha") == 0.99
    assert default(course_lib.RMSProp, "decay") == 0.9
    for name in ("BatchNorm", "LayerNorm"):
        assert default(getattr(course_lib, name), "epsilon") == 1e-5
    assert default(nn.BatchNorm1d, "eps") == default(nn.LayerNorm, "eps") == 1e-5
    assert default(nn.BatchNorm1d, "momentum") == default(course_lib.BatchNorm, "momentum") == 0.1
    assert default(optim.lr_scheduler.StepLR, "gamma") == default(course_lib.StepDecay, "factor")
    assert default(nn.TransformerEncoderLayer, "norm_first") is False
    assert default(nn.TransformerEncoderLayer, "dropout") == 0.1
    assert nn.LSTM(1, 1).batch_first is False
    assert nn.MaxPool2d(3).stride == 3
    assert nn.Parameter(torch.ones(1)).grad is None
    assert torch.tensor(1.0).dtype == torch.float32


def test_first_weights_start_as_the_page_says(torch: Any) -> None:
    nn, rng = torch.nn, np.random.default_rng(0)
    uniform = 1 / np.sqrt(3)  # the deviation of a uniform draw from ±1
    for layer, bound in (
        (nn.Linear(100, 900), 100**-0.5),
        (nn.LSTM(50, 100), 100**-0.5),
        (nn.Conv2d(4, 300, 5), 100**-0.5),
    ):
        for parameter in layer.parameters():
            assert parameter.abs().max() <= bound
            assert parameter.std().item() == pytest.approx(bound * uniform, rel=0.1)
    assert nn.Embedding(500, 100).weight.std().item() == pytest.approx(1, rel=0.05)
    ours = course_lib.Embedding(500, 100, rng=rng).E.value
    assert ours.std() == pytest.approx(0.1, rel=0.05)
    assert not course_lib.Dense(100, 900, rng=rng).b.value.any()


def test_momentum_with_a_falling_rate_is_another_method_there(torch: Any) -> None:
    W, theirs = course_lib.Parameter([1.0]), torch.nn.Parameter(torch.ones(1))
    ours = course_lib.SGD([W], lr=1.0, momentum=0.5)
    rival = torch.optim.SGD([theirs], lr=1.0, momentum=0.5)
    for lr in (1.0, 0.1):
        ours.lr = rival.param_groups[0]["lr"] = lr
        W.grad[:] = 1.0
        theirs.grad = torch.ones(1)
        before = W.value[0], theirs.item()
        ours.step()
        rival.step()
    assert W.value[0] - before[0] == pytest.approx(-(0.5 * 1.0 + 0.1 * 1.0))  # coasts on
    assert theirs.item() - before[1] == pytest.approx(-0.1 * (0.5 + 1.0))  # slows down at once


def test_masks_mean_the_opposite_in_pytorchs_layer_and_in_its_function(torch: Any) -> None:
    q = torch.randn(1, 3, 2)
    mask = torch.ones(3, 3, dtype=torch.bool).tril()
    _, weights = torch.nn.MultiheadAttention(2, 1, batch_first=True)(q, q, q, attn_mask=~mask)
    assert torch.equal(weights[0] > 0, mask)
    first = torch.nn.functional.scaled_dot_product_attention(q, q, q, attn_mask=mask)[:, 0]
    torch.testing.assert_close(first, q[:, 0])  # the first step may look at itself alone


def test_schedulers_and_draws_that_are_not_what_they_seem(torch: Any) -> None:
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.ones(1))], lr=0.3)
    constant = torch.optim.lr_scheduler.ConstantLR(optimizer)
    found = []
    for _ in range(7):
        found.append(constant.get_last_lr()[0])
        optimizer.step()
        constant.step()
    assert found == pytest.approx([0.1] * 5 + [0.3] * 2)
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.ones(1))], lr=0.2)
    cosine = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=5)
    for _ in range(8):
        optimizer.step()
        cosine.step()
    assert cosine.get_last_lr()[0] > 0.05
    assert course_lib.Cosine(0.2, steps=5)(8) == 0
    assert torch.randint(0, 3, (1000,)).max() == 2
    rng = np.random.default_rng(0)
    assert max(course_lib.IntegerUniform(0, 3).sample(rng) for _ in range(100)) == 3


def test_mean_squared_error_of_unlike_shapes_only_warns_in_pytorch(torch: Any) -> None:
    with pytest.warns(UserWarning, match="broadcast"):
        torch.nn.MSELoss()(torch.zeros(4, 1), torch.zeros(4))
    with pytest.raises(ValueError, match="shape"):
        course_lib.MeanSquaredError().forward(np.zeros((4, 1)), np.zeros(4))


# ---- the paper


def walk(optimizer: course_lib.Optimizer, *, steep: float, start: float) -> float:
    """Give the mean place of the last rounds on slopes of `steep`, -1, -1, from -1 to 1."""
    (place,) = optimizer.parameters
    place.value[:] = start
    places = []
    for t in range(1, 1501):
        place.grad[:] = steep if t % 3 == 1 else -1.0
        optimizer.lr = 0.5 / np.sqrt(t)
        optimizer.step()
        np.clip(place.value, -1, 1, out=place.value)
        places.append(place.value[0])
    return float(np.mean(places[-300:]))


@pytest.mark.parametrize("seed", range(10))
def test_adam_with_a_short_memory_ends_at_the_worst_place_of_the_theorem(seed: int) -> None:
    rng = np.random.default_rng(seed)
    steep, start = rng.uniform(2.2, 8), rng.uniform(-1, 1)
    parameters = [course_lib.Parameter([0.0])]
    short = course_lib.Adam(parameters, beta1=0.0, beta2=1 / (1 + steep**2))
    assert walk(short, steep=steep, start=start) > 0.9
    assert walk(course_lib.SGD(parameters, lr=0.5), steep=steep, start=start) < -0.8


@pytest.mark.parametrize("beta2", [0.9, 0.999, 0.9999])
def test_a_late_clock_takes_the_correction_out_of_adam(beta2: float) -> None:
    rng = np.random.default_rng(0)
    W = course_lib.Parameter(rng.normal(size=5))
    optimizer = course_lib.Adam([W], lr=0.1, beta2=beta2)
    optimizer.t = 10**9
    expected, m, v = W.value.copy(), np.zeros(5), np.zeros(5)
    for _ in range(20):
        g = rng.normal(size=5)
        m, v = 0.9 * m + 0.1 * g, beta2 * v + (1 - beta2) * g**2
        expected -= 0.1 * m / (np.sqrt(v) + 1e-8)
        W.grad[:] = g
        optimizer.step()
    np.testing.assert_allclose(W.value, expected, atol=1e-10)
