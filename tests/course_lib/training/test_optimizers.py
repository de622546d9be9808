import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_lib import SGD, Adam, Dense, Optimizer, Parameter, ReLU, RMSProp, Sequential

MAKERS = {
    "SGD": lambda p: SGD(p, lr=0.1),
    "momentum": lambda p: SGD(p, lr=0.1, momentum=0.9),
    "RMSProp": lambda p: RMSProp(p, lr=0.1),
    "Adam": lambda p: Adam(p, lr=0.1),
}
every_optimizer = pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS.keys())
seeds = st.integers(0, 2**32 - 1)


def make_parameters(rng: np.random.Generator, dtype: type = np.float64) -> list[Parameter]:
    """A matrix, a vector and a single number, with gradients."""
    parameters = [Parameter(rng.normal(size=shape).astype(dtype)) for shape in ((3, 4), (4,), ())]
    for parameter in parameters:
        parameter.grad += rng.normal(size=parameter.value.shape)
    return parameters


def flat(arrays: list[np.ndarray]) -> np.ndarray:
    return np.concatenate([array.ravel() for array in arrays])


def step_by_step(optimizer: Optimizer, parameters: list[Parameter]) -> tuple[np.ndarray, ...]:
    """Return all values before, all gradients, and all values after one step."""
    before = flat([parameter.value for parameter in parameters])
    g = flat([parameter.grad for parameter in parameters])
    optimizer.step()
    return before, g, flat([parameter.value for parameter in parameters])


@given(seed=seeds)
def test_an_sgd_step_from_a_moving_state_is_exactly_the_formula(seed):
    rng = np.random.default_rng(seed)
    parameters = make_parameters(rng)
    optimizer = SGD(parameters, lr=0.3, momentum=0.7)
    v = rng.normal(size=17)
    optimizer.v[:] = v
    before, g, after = step_by_step(optimizer, parameters)
    v = 0.7 * v - 0.3 * g
    np.testing.assert_array_equal(after, before + v)
    np.testing.assert_array_equal(optimizer.v, v)


@given(seed=seeds)
def test_an_rmsprop_step_from_a_moving_state_is_exactly_the_formula(seed):
    rng = np.random.default_rng(seed)
    parameters = make_parameters(rng)
    optimizer = RMSProp(parameters, lr=0.3, decay=0.8, epsilon=1e-3)
    s = rng.random(17)
    optimizer.s[:] = s
    before, g, after = step_by_step(optimizer, parameters)
    s = 0.8 * s + (1 - 0.8) * g**2
    np.testing.assert_array_equal(after, before + -0.3 * g / (np.sqrt(s) + 1e-3))
    np.testing.assert_array_equal(optimizer.s, s)


@given(seed=seeds, t=st.integers(0, 1000))
def test_an_adam_step_from_a_moving_state_is_exactly_the_formula(seed, t):
    rng = np.random.default_rng(seed)
    parameters = make_parameters(rng)
    optimizer = Adam(parameters, lr=0.3, beta1=0.8, beta2=0.95, epsilon=1e-3)
    m, v = rng.normal(size=17), rng.random(17)
    optimizer.m[:], optimizer.v[:], optimizer.t = m, v, t
    before, g, after = step_by_step(optimizer, parameters)
    m = 0.8 * m + (1 - 0.8) * g
    v = 0.95 * v + (1 - 0.95) * g**2
    m_hat = m / (1 - 0.8 ** (t + 1))
    v_hat = v / (1 - 0.95 ** (t + 1))
    np.testing.assert_array_equal(after, before + -0.3 * m_hat / (np.sqrt(v_hat) + 1e-3))
    assert optimizer.t == t + 1


@every_optimizer
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_step_changes_values_in_place_and_keeps_their_dtype(make, dtype):
    parameters = make_parameters(np.random.default_rng(0), dtype)
    optimizer = make(parameters)
    references = [parameter.value for parameter in parameters]
    kept = [parameter.grad.copy() for parameter in parameters]
    for _ in range(3):
        optimizer.lr = np.float64(0.05)  # what NumPy arithmetic in a schedule makes
        optimizer.step()
    for parameter, reference, grad in zip(parameters, references, kept, strict=True):
        assert parameter.value is reference
        assert parameter.value.dtype == dtype
        np.testing.assert_array_equal(parameter.grad, grad)
    assert optimizer.change(np.ones(17, dtype)).dtype == dtype


@every_optimizer
def test_float32_and_float64_parameters_can_learn_together(make):
    first, second = Parameter(np.ones(2, np.float32)), Parameter(np.ones(3))
    optimizer = make([first, second])
    first.grad += 1
    second.grad += 1
    optimizer.step()
    assert (first.value.dtype, second.value.dtype) == (np.float32, np.float64)
    assert (first.value < 1).all()
    assert (second.value < 1).all()


@every_optimizer
def test_no_gradient_at_the_start_means_no_change(make):
    parameters = make_parameters(np.random.default_rng(0))
    before = flat([parameter.value for parameter in parameters])
    for parameter in parameters:
        parameter.zero_grad()
    make(parameters).step()
    np.testing.assert_array_equal(flat([parameter.value for parameter in parameters]), before)


@every_optimizer
def test_every_optimizer_goes_down_a_bowl(make):
    W = Parameter([3.0, -2.0])
    optimizer = make([W])
    for _ in range(300):
        W.zero_grad()
        W.grad += 2 * W.value
        optimizer.step()
    assert np.abs(W.value).max() < 0.1


@every_optimizer
def test_a_parameter_shared_by_two_layers_is_changed_once(make):
    alone, shared = Parameter([1.0, 2.0]), Parameter([1.0, 2.0])
    alone.grad += 3.0
    shared.grad += 3.0
    make([alone]).step()
    make([shared, shared]).step()
    np.testing.assert_array_equal(shared.value, alone.value)


@every_optimizer
def test_a_step_after_loading_a_network_starts_from_the_loaded_values(make, tmp_path):
    model = Sequential(Dense(2, 2, rng=np.random.default_rng(0)))
    model.save(tmp_path / "start.npz")
    start = model[0].W.value.copy()
    optimizer = make(model.parameters())
    model[0].W.grad += 1
    optimizer.step()
    first = model[0].W.value - start
    model.load(tmp_path / "start.npz")
    fresh = make(model.parameters())
    fresh.step()
    np.testing.assert_allclose(model[0].W.value, start + first)


def test_the_learning_rate_can_be_set_between_steps():
    W = Parameter([0.0])
    optimizer = SGD([W], lr=1.0)
    W.grad += 1.0
    optimizer.step()
    optimizer.lr = 0.25
    optimizer.step()
    assert W.value[0] == -1.25
    optimizer.lr = 0  # where a cosine schedule ends
    optimizer.step()
    assert W.value[0] == -1.25
    assert repr(optimizer) == "SGD(lr=0)"


@every_optimizer
def test_learning_rates_that_cannot_be_are_refused_whenever_they_are_set(make):
    optimizer = make([Parameter([0.0])])
    for wrong in (-0.1, np.nan, np.inf):
        with pytest.raises(ValueError, match="lr"):
            optimizer.lr = wrong
    for wrong in ("a", None, True, [0.1]):
        with pytest.raises(TypeError, match="lr"):
            optimizer.lr = wrong
    assert optimizer.lr == 0.1
    with pytest.raises(ValueError, match="lr"):
        SGD([Parameter([0.0])], lr=-1.0)


def test_an_optimizer_needs_parameters():
    for make in MAKERS.values():
        with pytest.raises(ValueError, match="at least one parameter"):
            make([])
        for wrong in ([np.zeros(2)], [1.0], [Dense(1, 1, rng=np.random.default_rng(0))]):
            with pytest.raises(TypeError, match="expected parameters"):
                make(wrong)


def test_the_optimizers_own_numbers_are_checked():
    W = [Parameter([0.0])]
    for wrong in (-0.1, 1.0, np.nan):
        for call in (
            lambda: SGD(W, lr=0.1, momentum=wrong),  # noqa: B023 - called before wrong changes
            lambda: RMSProp(W, decay=wrong),  # noqa: B023
            lambda: Adam(W, beta1=wrong),  # noqa: B023
            lambda: Adam(W, beta2=wrong),  # noqa: B023
        ):
            with pytest.raises(ValueError, match=r"in \[0, 1\)"):
                call()
    for wrong in (0.0, -1e-8, np.inf):
        for optimizer in (RMSProp, Adam):
            with pytest.raises(ValueError, match="epsilon"):
                optimizer(W, epsilon=wrong)


@pytest.mark.parametrize("name", ["SGD", "momentum", "RMSProp", "Adam"])
def test_twenty_steps_of_a_network_agree_with_pytorch(name):
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(0)
    model = Sequential(Dense(4, 6, rng=rng), ReLU(), Dense(6, 3, rng=rng))
    values = [parameter.value.copy() for parameter in model.parameters()]
    tensors = [torch.tensor(value, requires_grad=True) for value in values]
    ours, theirs = {
        "SGD": (SGD(model.parameters(), 0.05), torch.optim.SGD(tensors, 0.05)),
        "momentum": (
            SGD(model.parameters(), 0.05, momentum=0.9),
            torch.optim.SGD(tensors, 0.05, momentum=0.9),
        ),
        "RMSProp": (
            RMSProp(model.parameters(), 0.01, decay=0.9),
            torch.optim.RMSprop(tensors, 0.01, alpha=0.9),
        ),
        "Adam": (Adam(model.parameters(), 0.01), torch.optim.Adam(tensors, 0.01)),
    }[name]
    for _ in range(20):
        x, dy = rng.normal(size=(8, 4)), rng.normal(size=(8, 3))
        model.forward(x)
        model.zero_grad()
        model.backward(dy)
        ours.step()
        theirs.zero_grad()
        W_1, b_1, W_2, b_2 = tensors
        hidden = torch.relu(torch.tensor(x) @ W_1 + b_1)
        (hidden @ W_2 + b_2).backward(torch.tensor(dy))
        theirs.step()
    for parameter, tensor in zip(model.parameters(), tensors, strict=True):
        np.testing.assert_allclose(parameter.value, tensor.detach().numpy(), atol=1e-6, rtol=0)
