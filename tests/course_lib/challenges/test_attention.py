import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course_lib.architecture import Sequential
from course_lib.challenges.attention import attention, attention_backward, causal_mask
from course_lib.challenges.embedding import Embedding, Positions
from course_lib.challenges.multi_head_attention import MultiHeadAttention
from course_lib.challenges.sequences import real_steps
from course_lib.challenges.transformer import TransformerBlock
from course_lib.training import check_gradients, numerical_gradient, relative_error

RNG = np.random.default_rng


@st.composite
def problems(draw):
    """Queries, keys, values and a mask that leaves every query a key (or no mask)."""
    T, S, D, E = (draw(st.integers(1, 4)) for _ in range(4))
    lead = draw(st.sampled_from([(), (2,), (2, 3)]))
    rng = RNG(draw(st.integers(0, 2**16)))
    q, k, v = (rng.normal(size=(*lead, *shape)) for shape in ((T, D), (S, D), (S, E)))
    mask = None
    if draw(st.booleans()):
        mask = rng.random((T, S)) < 0.5
        mask[np.arange(T), rng.integers(0, S, T)] = True
    return q, k, v, mask, rng


@settings(max_examples=40, deadline=None)
@given(problems())
def test_attention_and_its_gradients_match_the_formula_and_central_differences(problem):
    q, k, v, mask, rng = problem
    y, weights = attention(q, k, v, mask)
    scores = np.einsum("...td,...sd->...ts", q, k) / np.sqrt(q.shape[-1])
    expected = np.exp(scores) * (1 if mask is None else mask)
    expected /= expected.sum(axis=-1, keepdims=True)
    np.testing.assert_allclose(weights, expected, rtol=0, atol=1e-12)
    np.testing.assert_allclose(y, expected @ v, rtol=0, atol=1e-12)

    dy = rng.normal(size=y.shape)
    gradients = attention_backward(dy, q, k, v, weights)
    for array, gradient in zip((q, k, v), gradients, strict=True):
        numerical = numerical_gradient(
            lambda: float((attention(q, k, v, mask)[0] * dy).sum()), array
        )
        assert relative_error(gradient, numerical) < 1e-6


@settings(max_examples=40, deadline=None)
@given(problems())
def test_attention_matches_pytorch(problem):
    torch = pytest.importorskip("torch")
    q, k, v, mask, rng = problem
    y, weights = attention(q, k, v, mask)
    dy = rng.normal(size=y.shape)
    tensors = [torch.tensor(array, requires_grad=True) for array in (q, k, v)]
    expected = torch.nn.functional.scaled_dot_product_attention(
        *tensors, attn_mask=None if mask is None else torch.tensor(mask)
    )
    expected.backward(torch.tensor(dy))
    np.testing.assert_allclose(y, expected.detach().numpy(), rtol=0, atol=1e-10)
    gradients = attention_backward(dy, q, k, v, weights)
    for ours, tensor in zip(gradients, tensors, strict=True):
        np.testing.assert_allclose(ours, tensor.grad.numpy(), rtol=0, atol=1e-10)


def test_huge_scores_do_not_overflow_and_inputs_stay():
    q, k = np.array([[1e200]]), np.array([[1.0], [-1.0]])
    kept = q.copy()
    y, weights = attention(q, k, np.array([[3.0], [4.0]]))
    np.testing.assert_array_equal(weights, [[1, 0]])
    np.testing.assert_array_equal(y, [[3]])
    np.testing.assert_array_equal(q, kept)


def test_causal_mask_hides_the_future_alone():
    mask = causal_mask(5)
    assert all(mask[i, j] == (j <= i) for i in range(5) for j in range(5))
    with pytest.raises(ValueError, match="causal_mask expected steps of at least 1"):
        causal_mask(0)


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"k": np.zeros((3, 4))}, ValueError, r"got \(2, 5\), \(3, 4\) and \(3, 6\)"),
        ({"v": np.zeros((2, 6))}, ValueError, "attention expected q"),
        ({"q": np.zeros(5)}, ValueError, "attention expected q"),
        ({"q": np.zeros((1, 2, 5))}, ValueError, "attention expected q"),
        ({"v": np.full((3, 6), np.nan)}, ValueError, "finite v"),
        ({"mask": np.ones((2, 3))}, TypeError, "True and False, got dtype float64"),
        ({"mask": np.ones((3, 3), bool)}, ValueError, r"broadcasts to \(2, 3\), got \(3, 3\)"),
        ({"mask": np.eye(2, 3, k=-1, dtype=bool)}, ValueError, "leave each query a key"),
    ],
)
def test_attention_refuses_what_does_not_fit(change, error, message):
    arrays = {"q": np.zeros((2, 5)), "k": np.zeros((3, 5)), "v": np.zeros((3, 6))}
    with pytest.raises(error, match=message):
        attention(**(arrays | change))


def test_attention_backward_refuses_a_gradient_of_the_wrong_shape():
    q = k = v = np.ones((2, 3))
    _, weights = attention(q, k, v)
    with pytest.raises(ValueError, match=r"dy of shape \(2, 3\), got \(2, 2\)"):
        attention_backward(np.ones((2, 2)), q, k, v, weights)


@settings(max_examples=15, deadline=None)
@given(
    st.integers(1, 3),
    st.integers(1, 4),
    st.sampled_from([(1, 1), (4, 1), (4, 2), (6, 3)]),
    st.booleans(),
    st.integers(0, 2**16),
)
def test_layers_match_central_differences(N, T, sizes, causal, seed):
    rng = RNG(seed)
    D, heads = sizes
    x = rng.normal(size=(N, T, D))
    for layer in (
        MultiHeadAttention(D, heads, rng=rng, causal=causal),
        TransformerBlock(max(D, 2), heads, 3, rng=rng, causal=causal),
        Positions(T + 1, D, rng=rng),
    ):
        for parameter in layer.parameters():
            parameter.value += rng.normal(0, 0.1, parameter.value.shape)
        inputs = rng.normal(size=(N, T, 2)) if D == 1 and isinstance(layer, TransformerBlock) else x
        assert max(check_gradients(layer, inputs, rng=rng).values()) < 1e-6


def pytorch_block(torch, block, hidden):
    D = len(block.attention.W_o.value)
    rival = torch.nn.TransformerEncoderLayer(
        D, block.attention.heads, hidden, dropout=0.0, batch_first=True, norm_first=True
    ).double()
    attention_, network = block.attention, block.network.layer
    pairs = [
        (rival.self_attn.in_proj_weight, attention_.W_qkv),
        (rival.self_attn.in_proj_bias, attention_.b_qkv),
        (rival.self_attn.out_proj.weight, attention_.W_o),
        (rival.self_attn.out_proj.bias, attention_.b_o),
        (rival.linear1.weight, network[0].W),
        (rival.linear1.bias, network[0].b),
        (rival.linear2.weight, network[2].W),
        (rival.linear2.bias, network[2].b),
        (rival.norm1.weight, block.norm_attention.gamma),
        (rival.norm1.bias, block.norm_attention.beta),
        (rival.norm2.weight, block.norm_network.gamma),
        (rival.norm2.bias, block.norm_network.beta),
    ]
    with torch.no_grad():
        for theirs, ours in pairs:
            theirs.copy_(torch.tensor(ours.value.T))
    return rival, pairs


@settings(max_examples=15, deadline=None)
@given(
    st.integers(1, 3),
    st.integers(1, 5),
    st.sampled_from([(4, 1), (4, 2), (6, 3)]),
    st.booleans(),
    st.integers(0, 2**16),
)
def test_a_block_and_its_attention_match_pytorch(N, T, sizes, causal, seed):
    torch = pytest.importorskip("torch")
    rng = RNG(seed)
    block = TransformerBlock(*sizes, 5, rng=rng, causal=causal)
    for parameter in block.parameters():
        parameter.value += rng.normal(0, 0.1, parameter.value.shape)
    rival, pairs = pytorch_block(torch, block, 5)
    x = rng.normal(size=(N, T, sizes[0]))
    dy = rng.normal(size=x.shape)
    mask = torch.tensor(~causal_mask(T)) if causal else None

    # The attention alone, weights head by head included.
    layer = block.attention
    y = layer.forward(x)
    dx = layer.backward(dy)
    tensor = torch.tensor(x, requires_grad=True)
    expected, weights = rival.self_attn(
        tensor, tensor, tensor, attn_mask=mask, average_attn_weights=False
    )
    expected.backward(torch.tensor(dy))
    np.testing.assert_allclose(y, expected.detach().numpy(), rtol=0, atol=1e-9)
    np.testing.assert_allclose(layer.weights, weights.detach().numpy(), rtol=0, atol=1e-9)
    np.testing.assert_allclose(dx, tensor.grad.numpy(), rtol=0, atol=1e-9)
    for theirs, ours in pairs[:4]:
        np.testing.assert_allclose(ours.grad, theirs.grad.numpy().T, rtol=0, atol=1e-9)

    # The whole block.
    block.zero_grad()
    rival.zero_grad()
    y = block.forward(x)
    dx = block.backward(dy)
    tensor = torch.tensor(x, requires_grad=True)
    expected = rival(tensor, src_mask=mask)
    expected.backward(torch.tensor(dy))
    np.testing.assert_allclose(y, expected.detach().numpy(), rtol=0, atol=1e-9)
    np.testing.assert_allclose(dx, tensor.grad.numpy(), rtol=0, atol=1e-9)
    for theirs, ours in pairs:
        np.testing.assert_allclose(ours.grad, theirs.grad.numpy().T, rtol=0, atol=1e-9)


@pytest.mark.parametrize("kind", ["attention", "block", "network"])
def test_no_step_of_a_causal_layer_sees_a_later_one(kind):
    rng = RNG(0)
    layer = {
        "attention": lambda: MultiHeadAttention(4, 2, rng=rng, causal=True),
        "block": lambda: TransformerBlock(4, 2, 8, rng=rng, causal=True),
        "network": lambda: Sequential(
            Positions(6, 4, rng=rng),
            TransformerBlock(4, 2, 8, rng=rng, causal=True),
            TransformerBlock(4, 1, 8, rng=rng, causal=True),
        ),
    }[kind]()
    x = rng.normal(size=(2, 6, 4))
    y = layer.forward(x).copy()
    changed = x.copy()
    changed[:, 4:] = rng.normal(size=(2, 2, 4))
    np.testing.assert_array_equal(layer.forward(changed)[:, :4], y[:, :4])
    assert not np.allclose(layer.forward(changed)[:, 4:], y[:, 4:])
    # The gradient of an early output does not reach later inputs either.
    dy = np.zeros_like(y)
    dy[:, 2] = 1
    assert np.all(layer.backward(dy)[:, 3:] == 0)


def test_masked_padding_changes_neither_outputs_nor_gradients():
    rng = RNG(0)
    block = TransformerBlock(4, 2, 8, rng=rng, causal=True)
    x = rng.normal(size=(2, 6, 4))
    dy = rng.normal(size=(2, 6, 4))
    dy[:, 4:] = 0
    short = block.forward(x[:, :4]).copy()
    dx_short = block.backward(dy[:, :4])
    expected = [parameter.grad.copy() for parameter in block.parameters()]
    block.zero_grad()
    mask = real_steps([4, 4], "test", 2, 6)[:, None, None, :]
    np.testing.assert_allclose(block.forward(x, mask=mask)[:, :4], short, atol=1e-12)
    dx = block.backward(dy)
    np.testing.assert_allclose(dx[:, :4], dx_short, atol=1e-12)
    np.testing.assert_array_equal(dx[:, 4:], 0)
    for parameter, grad in zip(block.parameters(), expected, strict=True):
        np.testing.assert_allclose(parameter.grad, grad, atol=1e-12)


def test_without_positions_attention_cannot_tell_the_order_of_steps():
    rng = RNG(0)
    layer, positions = MultiHeadAttention(4, 2, rng=rng), Positions(5, 4, rng=rng)
    x, order = rng.normal(size=(1, 5, 4)), rng.permutation(5)
    y = layer.forward(x).copy()
    np.testing.assert_allclose(layer.forward(x[:, order]), y[:, order], atol=1e-12)
    y = layer.forward(positions.forward(x)).copy()
    assert not np.allclose(layer.forward(positions.forward(x[:, order])), y[:, order])


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 3), st.integers(1, 6), st.integers(1, 4), st.integers(0, 2**16))
def test_an_embedding_is_a_one_hot_vector_times_its_table(N, T, V, seed):
    rng = RNG(seed)
    layer = Embedding(V, 3, rng=rng)
    x = rng.integers(0, V, (N, T))
    one_hot = np.eye(V)[x]
    y = layer.forward(x)
    np.testing.assert_array_equal(y, layer.E.value[x])
    dy = rng.normal(size=y.shape)
    dx = layer.backward(dy)
    np.testing.assert_allclose(
        layer.E.grad, np.einsum("ntv,ntd->vd", one_hot, dy), rtol=0, atol=1e-12
    )
    np.testing.assert_array_equal(dx, np.zeros((N, T)))


def test_float32_stays_float32():
    rng = RNG(0)
    model = Sequential(
        Embedding(5, 4, rng=rng, dtype=np.float32),
        Positions(3, 4, rng=rng, dtype=np.float32),
        TransformerBlock(4, 2, 8, rng=rng, dtype=np.float32, causal=True),
    )
    y = model.forward(np.array([[0, 1, 4]]))
    dx = model[2].backward(np.ones((1, 3, 4)))
    assert y.dtype == dx.dtype == model[2].attention.weights.dtype == np.float32
    assert model[2].forward(np.ones((1, 3, 4))).dtype == np.float32
    assert all(parameter.grad.dtype == np.float32 for parameter in model.parameters())


def test_parameters_come_in_a_fixed_order():
    block = TransformerBlock(4, 2, 8, rng=RNG(0))
    shapes = [parameter.value.shape for parameter in block.parameters()]
    assert shapes == [
        *[(4,), (4,)],
        *[(4, 12), (12,), (4, 4), (4,)],
        *[(4,), (4,)],
        *[(4, 8), (8,), (8, 4), (4,)],
    ]
    assert repr(block) == "TransformerBlock(4, 2, 8, causal=False)"
    assert repr(block.attention) == "MultiHeadAttention(4, 2, causal=False)"
    assert repr(Embedding(7, 4, rng=RNG(0))) == "Embedding(7, 4)"
    assert repr(Positions(7, 4, rng=RNG(0))) == "Positions(7, 4)"


@pytest.mark.parametrize(
    "layer",
    [
        MultiHeadAttention(4, 2, rng=RNG(0)),
        TransformerBlock(4, 2, 8, rng=RNG(0)),
        Positions(3, 4, rng=RNG(0)),
        Embedding(3, 4, rng=RNG(0)),
    ],
    ids=repr,
)
def test_backward_before_forward_is_refused(layer):
    with pytest.raises(RuntimeError, match=rf"call {type(layer).__name__}\.forward"):
        layer.backward(np.zeros((1, 3, 4)))


@pytest.mark.parametrize("kind", [MultiHeadAttention, TransformerBlock])
@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"features": 0}, ValueError, "features of at least 1"),
        ({"heads": 3}, ValueError, "heads to divide 4, got 3"),
        ({"heads": 0}, ValueError, "heads of at least 1"),
        ({"rng": 1}, TypeError, "rng from np.random.default_rng"),
        ({"dtype": int}, TypeError, "float32 or float64"),
    ],
)
def test_attention_layers_that_make_no_sense_are_refused(kind, changes, error, message):
    options = {"features": 4, "heads": 2, "rng": RNG(0)} | changes
    if kind is TransformerBlock:
        options["hidden"] = 8
    with pytest.raises(error, match=message):
        kind(**options)


@pytest.mark.parametrize("kind", [Embedding, Positions])
@pytest.mark.parametrize(
    ("arguments", "options", "error", "message"),
    [
        ((0, 4), {}, ValueError, "of at least 1"),
        ((4, 1.5), {}, TypeError, "features to be a whole number"),
        ((4, 4), {"rng": None}, TypeError, "rng from np.random.default_rng"),
        ((4, 4), {"dtype": int}, TypeError, "float32 or float64"),
    ],
)
def test_tables_that_make_no_sense_are_refused(kind, arguments, options, error, message):
    with pytest.raises(error, match=message):
        kind(*arguments, **({"rng": RNG(0)} | options))


@pytest.mark.parametrize(
    ("layer", "x", "error", "message"),
    [
        (MultiHeadAttention(4, 2, rng=RNG(0)), np.zeros((2, 4)), ValueError, r"\(N, T, 4\)"),
        (TransformerBlock(4, 2, 8, rng=RNG(0)), np.zeros((2, 3, 5)), ValueError, r"\(N, T, 4\)"),
        (Positions(3, 4, rng=RNG(0)), np.zeros((1, 4, 4)), ValueError, "at most 3 steps, got 4"),
        (Embedding(3, 4, rng=RNG(0)), np.zeros(3, int), ValueError, r"shape \(N, T\), got \(3,\)"),
        (Embedding(3, 4, rng=RNG(0)), [[0, 3]], ValueError, "x between 0 and 2, got 3"),
        (Embedding(3, 4, rng=RNG(0)), [[0, -1]], ValueError, "x between 0 and 2, got -1"),
        (Embedding(3, 4, rng=RNG(0)), [[0.5]], TypeError, "integer"),
    ],
)
def test_inputs_that_do_not_fit_are_refused(layer, x, error, message):
    with pytest.raises(error, match=message):
        layer.forward(x)


@pytest.mark.parametrize(
    "layer",
    [
        MultiHeadAttention(4, 2, rng=RNG(0)),
        TransformerBlock(4, 2, 8, rng=RNG(0)),
        Positions(3, 4, rng=RNG(0)),
    ],
    ids=repr,
)
def test_a_gradient_of_the_wrong_shape_is_refused(layer):
    layer.forward(np.ones((2, 3, 4)))
    with pytest.raises(ValueError, match=r"dy of shape"):
        layer.backward(np.ones((2, 3, 5)))
