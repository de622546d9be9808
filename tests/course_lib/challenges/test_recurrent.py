import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course_lib.challenges.lstm import LSTM
from course_lib.challenges.recurrent import RNN
from course_lib.training import check_gradients, numerical_gradient, relative_error

LAYERS = [RNN, LSTM]


@st.composite
def problems(draw, kinds=LAYERS):
    """A recurrent layer with random biases, sequences for it, their lengths and first states."""
    N, T, D, H = (draw(st.integers(1, 4)) for _ in range(4))
    rng = np.random.default_rng(draw(st.integers(0, 2**16)))
    layer = draw(st.sampled_from(kinds))(D, H, rng=rng)
    layer.b.value[:] = rng.normal(size=layer.b.value.shape)
    states = {"h0": rng.normal(size=(N, H))}
    if isinstance(layer, LSTM):
        states["c0"] = rng.normal(size=(N, H))
    return layer, rng.normal(size=(N, T, D)), rng.integers(1, T + 1, N), states, rng


@settings(max_examples=25, deadline=None)
@given(problems())
def test_gradients_match_central_differences(problem):
    layer, x, _, _, rng = problem
    assert max(check_gradients(layer, x, rng=rng).values()) < 1e-6


@settings(max_examples=25, deadline=None)
@given(problems())
def test_all_gradients_match_central_differences_also_over_padding(problem):
    layer, x, lengths, states, rng = problem
    dy = rng.normal(size=layer.forward(x).shape)

    def f():
        return float((layer.forward(x, lengths=lengths, **states) * dy).sum())

    f()
    dx = layer.backward(dy)
    assert relative_error(dx, numerical_gradient(f, x)) < 1e-6
    for parameter in layer.parameters():
        assert relative_error(parameter.grad, numerical_gradient(f, parameter.value)) < 1e-6
    for name, state in states.items():
        assert relative_error(getattr(layer, f"d{name}"), numerical_gradient(f, state)) < 1e-6


@settings(max_examples=25, deadline=None)
@given(problems([RNN]))
def test_every_step_of_an_rnn_follows_the_formula(problem):
    layer, x, _, states, _ = problem
    W_x, W_h, b = (parameter.value for parameter in layer.parameters())
    y = layer.forward(x, **states)
    h = states["h0"]
    for t in range(x.shape[1]):
        h = np.tanh(x[:, t] @ W_x + h @ W_h + b)
        np.testing.assert_allclose(y[:, t], h, rtol=0, atol=1e-12)


@settings(max_examples=25, deadline=None)
@given(problems([LSTM]))
def test_every_step_of_an_lstm_follows_the_formulas(problem):
    layer, x, _, states, _ = problem
    W_x, W_h, b = (parameter.value for parameter in layer.parameters())
    y = layer.forward(x, **states)
    h, c = states["h0"], states["c0"]
    for t in range(x.shape[1]):
        z_i, z_f, z_o, z_g = np.split(x[:, t] @ W_x + h @ W_h + b, 4, axis=1)
        i, f, o = (1 / (1 + np.exp(-z)) for z in (z_i, z_f, z_o))
        c = f * c + i * np.tanh(z_g)
        h = o * np.tanh(c)
        np.testing.assert_allclose(y[:, t], h, rtol=0, atol=1e-12)
        np.testing.assert_allclose(layer.c[:, t], c, rtol=0, atol=1e-12)


@settings(max_examples=30, deadline=None)
@given(problems())
def test_outputs_and_all_gradients_match_pytorch(problem):
    torch = pytest.importorskip("torch")
    layer, x, _, states, rng = problem
    D, H = len(layer.W_x.value), len(layer.W_h.value)
    rival = (torch.nn.RNN if isinstance(layer, RNN) else torch.nn.LSTM)(D, H, batch_first=True)
    rival = rival.double()
    # PyTorch's blocks come in the order i, f, g, o, and it keeps W transposed.
    columns = np.arange(layer.gates * H).reshape(layer.gates, H)
    columns = columns[[0, 1, 3, 2] if layer.gates == 4 else [0]].ravel()
    with torch.no_grad():
        rival.weight_ih_l0.copy_(torch.tensor(layer.W_x.value[:, columns].T))
        rival.weight_hh_l0.copy_(torch.tensor(layer.W_h.value[:, columns].T))
        rival.bias_ih_l0.copy_(torch.tensor(layer.b.value[columns]))
        rival.bias_hh_l0.zero_()
    y = layer.forward(x, **states)
    dy = rng.normal(size=y.shape)
    dx = layer.backward(dy)

    x = torch.tensor(x, requires_grad=True)
    first = [torch.tensor(state[None], requires_grad=True) for state in states.values()]
    expected, _ = rival(x, first[0] if len(first) == 1 else tuple(first))
    expected.backward(torch.tensor(dy))
    pairs = [
        (y, expected.detach()),
        (dx, x.grad),
        (layer.W_x.grad[:, columns], rival.weight_ih_l0.grad.T),
        (layer.W_h.grad[:, columns], rival.weight_hh_l0.grad.T),
        (layer.b.grad[columns], rival.bias_ih_l0.grad),
    ]
    pairs += [
        (getattr(layer, f"d{name}"), state.grad[0])
        for name, state in zip(states, first, strict=True)
    ]
    for ours, theirs in pairs:
        np.testing.assert_allclose(ours, theirs.numpy(), rtol=0, atol=1e-10)


@pytest.mark.parametrize("kind", LAYERS)
def test_padding_changes_neither_outputs_nor_gradients(kind):
    rng = np.random.default_rng(0)
    layer = kind(3, 4, rng=rng)
    x = rng.normal(size=(1, 6, 3))
    dy = np.zeros((1, 6, 4))
    dy[:, 3] = rng.normal(size=4)
    short = layer.forward(x[:, :4]).copy()
    dx_short = layer.backward(dy[:, :4])
    expected = [parameter.grad.copy() for parameter in layer.parameters()]

    layer.zero_grad()
    y = layer.forward(x, lengths=[4])
    np.testing.assert_array_equal(y[:, :4], short)
    np.testing.assert_array_equal(y[:, 4:], np.repeat(short[:, 3:], 2, axis=1))
    # The loss on the last step of all reaches the last real step unchanged.
    dx = layer.backward(np.roll(dy, 2, axis=1))
    np.testing.assert_allclose(dx[:, :4], dx_short, atol=1e-15)
    np.testing.assert_array_equal(dx[:, 4:], 0)
    for parameter, grad in zip(layer.parameters(), expected, strict=True):
        np.testing.assert_allclose(parameter.grad, grad, atol=1e-15)


@pytest.mark.parametrize("kind", LAYERS)
def test_skip_padding_finds_the_lengths_in_the_zeros_behind(kind):
    rng = np.random.default_rng(0)
    layer = kind(2, 3, rng=rng, skip_padding=True)
    x = rng.normal(size=(2, 5, 2))
    x[0, 2:] = 0
    x[1, 1] = 0  # a silent step in the middle is real
    np.testing.assert_array_equal(layer.forward(x).copy(), layer.forward(x, lengths=[2, 5]))


@pytest.mark.parametrize("kind", LAYERS)
def test_a_later_step_never_changes_an_earlier_state(kind):
    rng = np.random.default_rng(0)
    layer = kind(2, 3, rng=rng)
    x = rng.normal(size=(2, 5, 2))
    y = layer.forward(x).copy()
    x[:, 3] += 1
    np.testing.assert_array_equal(layer.forward(x)[:, :3], y[:, :3])
    assert not np.allclose(layer.forward(x)[:, 3:], y[:, 3:])


def test_a_sequence_may_be_read_in_two_parts():
    rng = np.random.default_rng(0)
    layer = LSTM(2, 3, rng=rng)
    x = rng.normal(size=(2, 7, 2))
    whole = layer.forward(x).copy()
    first = layer.forward(x[:, :4])
    second = layer.forward(x[:, 4:], h0=first[:, -1], c0=layer.c[:, -1])
    np.testing.assert_allclose(second, whole[:, 4:], atol=1e-15)


@pytest.mark.parametrize("kind", LAYERS)
def test_an_output_survives_the_next_forward_pass(kind):
    rng = np.random.default_rng(0)
    layer = kind(2, 3, rng=rng)
    x = rng.normal(size=(2, 4, 2))
    y = layer.forward(x)
    kept = y.copy()
    layer.backward(np.ones_like(y))
    layer.forward(x + 1)
    np.testing.assert_array_equal(y, kept)


def test_the_gradient_of_every_state_can_be_seen_to_vanish():
    layer = RNN(1, 2, rng=np.random.default_rng(0))
    layer.W_h.value[:] = 0.5 * np.eye(2)
    layer.forward(np.zeros((1, 6, 1)))
    dy = np.zeros((1, 6, 2))
    dy[:, -1] = 1
    layer.backward(dy)
    np.testing.assert_allclose(layer.dh[0, :, 0], 0.5 ** np.arange(5, -1, -1))


@pytest.mark.parametrize("kind", LAYERS)
def test_float32_stays_float32(kind):
    layer = kind(2, 3, rng=np.random.default_rng(0), dtype=np.float32)
    y = layer.forward(np.ones((2, 4, 2)), lengths=[1, 4])
    dx = layer.backward(np.ones(y.shape))
    assert {array.dtype for array in (y, dx, layer.dh, layer.dh0, layer.b.grad)} == {
        np.dtype(np.float32)
    }


def test_weights_come_in_the_promised_order_and_the_forget_gate_starts_open():
    layer = LSTM(2, 3, rng=np.random.default_rng(0))
    shapes = [parameter.value.shape for parameter in layer.parameters()]
    assert shapes == [(2, 12), (3, 12), (12,)]
    np.testing.assert_array_equal(layer.b.value, [0, 0, 0, 1, 1, 1, 0, 0, 0, 0, 0, 0])
    assert LSTM(2, 3, rng=np.random.default_rng(0), forget_bias=0).b.value.sum() == 0
    shapes = [p.value.shape for p in RNN(2, 3, rng=np.random.default_rng(0)).parameters()]
    assert shapes == [(2, 3), (3, 3), (3,)]
    assert repr(layer) == "LSTM(2, 3)"


def test_huge_inputs_saturate_without_a_warning():
    layer = LSTM(1, 1, rng=np.random.default_rng(0))
    assert np.isfinite(layer.forward([[[1e8], [-1e8]]])).all()


@pytest.mark.parametrize("kind", LAYERS)
def test_backward_before_forward_is_refused(kind):
    with pytest.raises(RuntimeError, match=rf"call {kind.__name__}\.forward"):
        kind(1, 1, rng=np.random.default_rng(0)).backward(np.zeros((1, 1, 1)))


@pytest.mark.parametrize("kind", LAYERS)
@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"inputs": 0}, ValueError, "inputs of at least 1"),
        ({"hidden": 2.0}, TypeError, "hidden to be a whole number"),
        ({"rng": None}, TypeError, "rng from np.random.default_rng"),
        ({"dtype": int}, TypeError, "float32 or float64"),
    ],
)
def test_a_layer_that_makes_no_sense_is_refused(kind, changes, error, message):
    options = {"inputs": 2, "hidden": 3, "rng": np.random.default_rng(0)} | changes
    with pytest.raises(error, match=message):
        kind(**options)


def test_a_forget_bias_that_is_no_number_is_refused():
    with pytest.raises(ValueError, match="finite forget_bias"):
        LSTM(1, 1, rng=np.random.default_rng(0), forget_bias=np.inf)


@pytest.mark.parametrize("kind", LAYERS)
@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"x": np.zeros((5, 2))}, ValueError, r"x of shape \(N, T, 2\), got \(5, 2\)"),
        ({"x": np.zeros((4, 5, 3))}, ValueError, r"x of shape \(N, T, 2\)"),
        ({"x": np.zeros((4, 0, 2))}, ValueError, "not to be empty"),
        ({"x": np.full((4, 5, 2), np.inf)}, ValueError, "finite x"),
        ({"h0": np.zeros((4, 2))}, ValueError, r"h0 of shape \(4, 3\)"),
        ({"lengths": [1, 2, 3]}, ValueError, r"lengths of shape \(4,\)"),
        ({"lengths": [1, 2, 3, 6]}, ValueError, "lengths between 1 and 5, got 6"),
        ({"lengths": [1, 2, 3, 0]}, ValueError, "lengths between 1 and 5, got 0"),
        ({"lengths": [1.0, 2, 3, 4]}, TypeError, "lengths to be whole numbers"),
        ({"train": np.zeros((4, 3))}, TypeError, r"by name: forward\(x, h0=h0\)"),
    ],
)
def test_sequences_that_do_not_fit_are_refused(kind, options, error, message):
    layer = kind(2, 3, rng=np.random.default_rng(0))
    with pytest.raises(error, match=message):
        layer.forward(**({"x": np.zeros((4, 5, 2))} | options))


@pytest.mark.parametrize("kind", LAYERS)
def test_a_gradient_of_the_wrong_shape_is_refused(kind):
    layer = kind(2, 3, rng=np.random.default_rng(0))
    layer.forward(np.zeros((4, 5, 2)))
    with pytest.raises(ValueError, match=r"dy of shape \(4, 5, 3\), got \(4, 3\)"):
        layer.backward(np.zeros((4, 3)))
