"""Answers to `source/challenges/recurrent_networks.ipynb`."""

from variants import Correct, Tasks, Variant, Wrong

RNN_FORWARD: list[Variant] = [
    Correct("""
def rnn_forward(x, h0, W_x, W_h, b):
    N, T, _ = x.shape
    h = np.empty((N, T + 1, len(b)))
    h[:, 0] = h0
    for t in range(T):
        h[:, t + 1] = np.tanh(np.dot(x[:, t], W_x) + np.dot(h[:, t], W_h) + b)
    return h[:, 1:]
"""),
    Correct("""
def rnn_forward(x, h0, W_x, W_h, b):
    # One number at a time.
    answer = []
    for sequence, start in zip(x, h0):
        h, states = list(start), []
        for inputs in sequence:
            new = []
            for j in range(len(b)):
                z = b[j]
                for d in range(len(inputs)):
                    z += inputs[d] * W_x[d, j]
                for k in range(len(h)):
                    z += h[k] * W_h[k, j]
                new.append(np.tanh(z))
            h = new
            states.append(h)
        answer.append(states)
    return answer
"""),
    Correct("""
def rnn_forward(x, h0, W_x, W_h, b):
    # Input, state and 1 in one row; float32; tanh by the sigmoid.
    W = np.vstack([W_x, W_h, b]).astype(np.float32)
    h, states = h0.astype(np.float32), []
    for x_t in x.astype(np.float32).transpose(1, 0, 2):
        z = np.column_stack([x_t, h, np.ones(len(h), np.float32)]) @ W
        h = 2 * sigmoid(2 * z) - 1
        states.append(h)
    return np.array(states).swapaxes(0, 1)
"""),
]


def _forward(
    *,
    first: str = "h = h0",
    z: str = "x[:, t] @ W_x + h @ W_h + b",
    new: str = "h = np.tanh(z)",
    steps: str = "range(x.shape[1])",
    answer: str = "np.stack(states, axis=1)",
) -> str:
    """Return the model solution with one line in another way."""
    return f"""
def rnn_forward(x, h0, W_x, W_h, b):
    states = []
    {first}
    for t in {steps}:
        z = {z}
        {new}
        states.append(h)
    return {answer}
"""


RNN_FORWARD += [
    Wrong(_forward(z="x[:, t] @ W_x + h @ W_h"), "the bias is missing"),
    Wrong(_forward(z="x[:, t] @ W_x + h @ W_h.T + b"), "W_h is transposed"),
    Wrong(_forward(new="h = sigmoid(z)"), "this is the sigmoid"),
    Wrong(_forward(new="h = z"), "the tanh is missing"),
    Wrong(_forward(z="x[:, t] @ W_x + h0 @ W_h + b"), "every step starts from h0 again"),
    Wrong(_forward(first="h = np.zeros_like(h0)"), "the first step ignores h0"),
    Wrong(_forward(answer="h"), "this is the last state alone"),
    Wrong(_forward(answer="np.stack([h0, *states], axis=1)"), "h0 is not among the results"),
    Wrong(_forward(answer="np.array(states)"), "the steps come first here"),
]

RNN_BACKWARD: list[Variant] = [
    Correct("""
def rnn_backward(dy, x, h0, h, W_x, W_h):
    # First all dz, then each sum as one product.
    N, T, H = h.shape
    dz = np.zeros((N, T + 1, H))
    for t in range(T - 1, -1, -1):
        dz[:, t] = (dy[:, t] + dz[:, t + 1] @ W_h.T) * (1 - h[:, t]) * (1 + h[:, t])
    dz = dz[:, :T]
    before = np.concatenate([h0[:, None], h[:, :-1]], axis=1)
    dW_x = np.einsum("ntd,nth->dh", x, dz)
    dW_h = np.tensordot(before, dz, axes=([0, 1], [0, 1]))
    return [dW_x, dW_h, dz.sum(axis=(0, 1)), dz[:, 0] @ W_h.T]
"""),
    Correct("""
def rnn_backward(dy, x, h0, h, W_x, W_h):
    # From the last step to the first, by calling itself.
    if x.shape[1] == 0:
        return 0 * W_x, 0 * W_h, np.zeros(len(W_h)), np.zeros_like(h0)
    h_prev = h[:, -2] if h.shape[1] > 1 else h0
    dz = dy[:, -1] * (1 - h[:, -1] ** 2)
    rest = np.array(dy[:, :-1], dtype=float)
    if rest.shape[1] == 0:
        return x[:, 0].T @ dz, h0.T @ dz, dz.sum(axis=0), dz @ W_h.T
    rest[:, -1] += dz @ W_h.T
    dW_x, dW_h, db, dh0 = rnn_backward(rest, x[:, :-1], h0, h[:, :-1], W_x, W_h)
    return dW_x + x[:, -1].T @ dz, dW_h + h_prev.T @ dz, db + dz.sum(axis=0), dh0
"""),
    Correct("""
def rnn_backward(dy, x, h0, h, W_x, W_h):
    # Sequence by sequence, in float32.
    dy, x, h0, h, W_x, W_h = (a.astype(np.float32) for a in (dy, x, h0, h, W_x, W_h))
    dW_x, dW_h, db = np.zeros_like(W_x), np.zeros_like(W_h), np.zeros_like(W_h[0])
    dh0 = np.zeros_like(h0)
    for n in range(len(x)):
        states = np.vstack([h0[n], h[n]])
        carried = np.zeros_like(db)
        for t in range(len(x[n]) - 1, -1, -1):
            dz = (dy[n, t] + carried) * (1 - np.square(states[t + 1]))
            dW_x += np.outer(x[n, t], dz)
            dW_h += np.outer(states[t], dz)
            db += dz
            carried = W_h @ dz
        dh0[n] = carried
    return dW_x, dW_h, db, dh0
"""),
]


def _backward(
    *,
    dh: str = "dy[:, t] + dh_next",
    dz: str = "dh * (1 - h[:, t] ** 2)",
    before: str = "h[:, t - 1] if t > 0 else h0",
    add: str = "dW_x += x[:, t].T @ dz; dW_h += h_prev.T @ dz; db += dz.sum(axis=0)",
    hand_on: str = "dh_next = dz @ W_h.T",
    answer: str = "dW_x, dW_h, db, dh_next",
) -> str:
    """Return the model solution with one line in another way."""
    return f"""
def rnn_backward(dy, x, h0, h, W_x, W_h):
    dW_x, dW_h, db = np.zeros(W_x.shape), np.zeros(W_h.shape), np.zeros(len(W_h))
    dh_next = np.zeros(h0.shape)
    for t in reversed(range(x.shape[1])):
        h_prev = {before}
        dh = {dh}
        dz = {dz}
        {add}
        {hand_on}
    return {answer}
"""


RNN_BACKWARD += [
    Wrong(_backward(dz="dh"), "the slope of tanh is missing"),
    Wrong(_backward(dh="dy[:, t]"), "nothing comes back from later steps"),
    Wrong(_backward(hand_on="dh_next = dz @ W_h"), "W_h is not transposed"),
    Wrong(
        _backward(before="h[:, t]"),
        "dW_h is made with the state before the step, h_(t-1), not with h_t",
    ),
    Wrong(
        _backward(before="h[:, t - 1] if t > 0 else np.zeros_like(h0)"),
        "dW_h leaves out the first step",
    ),
    Wrong(
        _backward(add="dW_x = x[:, t].T @ dz; dW_h = h_prev.T @ dz; db = dz.sum(axis=0)"),
        "this is the share of a single step",
    ),
    Wrong(_backward(dz="dh * (1 - h_prev ** 2)"), "the slope belongs to the state that tanh made"),
    Wrong(
        _backward(answer="dW_x / len(x), dW_h / len(x), db / len(x), dh_next"),
        "the gradients are means",
    ),
    Wrong(_backward(answer="dW_x, dW_h, db, dh"), "this is dh of the first step"),
]

CLIP: list[Variant] = [
    Correct("""
def clip(gradients, norm):
    total = 0.0
    for gradient in gradients:
        for entry in np.ravel(gradient):
            total += float(entry) ** 2
    length = total**0.5
    if length <= norm:
        return [gradient.copy() for gradient in gradients], length
    return [gradient * (norm / length) for gradient in gradients], length
"""),
    Correct("""
def clip(gradients, norm):
    flat = np.concatenate([gradient.ravel() for gradient in gradients]).astype(np.float32)
    length = np.linalg.norm(flat)
    flat = flat / max(1.0, length / norm)
    ends = np.cumsum([gradient.size for gradient in gradients])[:-1]
    pieces = np.split(flat, ends)
    return [piece.reshape(g.shape) for piece, g in zip(pieces, gradients)], length
"""),
    Correct("""
def clip(gradients, norm):
    length = np.linalg.norm([np.linalg.norm(gradient) for gradient in gradients])
    factor = np.minimum(1.0, norm / max(length, 1e-300))
    return tuple(np.multiply(gradient, factor) for gradient in gradients), length
"""),
]


def _clip(
    *,
    length: str = "np.sqrt(sum((gradient**2).sum() for gradient in gradients))",
    factor: str = "norm / length if length > norm else 1.0",
    clipped: str = "[factor * gradient for gradient in gradients]",
    answer: str = "clipped, length",
) -> str:
    """Return the model solution with one line in another way."""
    return f"""
def clip(gradients, norm):
    length = {length}
    factor = {factor}
    clipped = {clipped}
    return {answer}
"""


CLIP += [
    Wrong(
        _clip(clipped="[g * min(1, norm / max(1e-9, np.linalg.norm(g))) for g in gradients]"),
        "every array is clipped by itself",
    ),
    Wrong(
        _clip(clipped="[np.clip(gradient, -norm, norm) for gradient in gradients]"),
        "each entry is cut off by itself",
    ),
    Wrong(_clip(factor="norm / length if length > 0 else 1.0"), "short gradients are stretched"),
    Wrong(_clip(factor="1 / length if length > norm else 1.0"), "the new length is 1, not norm"),
    Wrong(
        _clip(length="sum((gradient**2).sum() for gradient in gradients)"),
        "the length is the square root of the sum of squares",
    ),
    Wrong(
        _clip(length="max(np.abs(gradient).max() for gradient in gradients)"),
        "this takes the largest entry for the length",
    ),
    Wrong(_clip(answer="clipped, min(length, norm)"), "this is the length after clipping"),
    Wrong(_clip(answer="clipped"), "return two things"),
    Wrong(
        """
def clip(gradients, norm):
    length = np.sqrt(sum((gradient**2).sum() for gradient in gradients))
    if length > norm:
        for gradient in gradients:
            gradient *= norm / length
    return gradients, length
""",
        "you changed the gradients in place",
    ),
]

LSTM_STEP: list[Variant] = [
    Correct("""
def lstm_step(x, h_prev, c_prev, W_x, W_h, b):
    H = h_prev.shape[1]
    z = np.hstack([x, h_prev]) @ np.vstack([W_x, W_h]) + b
    gates = sigmoid(z[:, : 3 * H])
    i, f, o = gates[:, :H], gates[:, H : 2 * H], gates[:, 2 * H :]
    c = c_prev * f
    c += i * np.tanh(z[:, 3 * H :])
    return [np.tanh(c) * o, c]
"""),
    Correct("""
def lstm_step(x, h_prev, c_prev, W_x, W_h, b):
    # Block by block; the sigmoid by tanh.
    H = c_prev.shape[1]

    def block(k):
        columns = slice(k * H, (k + 1) * H)
        return x @ W_x[:, columns] + h_prev @ W_h[:, columns] + b[columns]

    def gate(k):
        return (1 + np.tanh(block(k) / 2)) / 2

    c = gate(1) * c_prev + gate(0) * np.tanh(block(3))
    return gate(2) * np.tanh(c), c
"""),
    Correct("""
def lstm_step(x, h_prev, c_prev, W_x, W_h, b):
    # One unit at a time, in float32.
    N, H = h_prev.shape
    z = (x @ W_x + h_prev @ W_h + b).astype(np.float32)
    h, c = np.zeros((N, H), np.float32), np.zeros((N, H), np.float32)
    for n in range(N):
        for j in range(H):
            i, f, o = (1 / (1 + np.exp(-z[n, k * H + j])) for k in range(3))
            c[n, j] = f * c_prev[n, j] + i * np.tanh(z[n, 3 * H + j])
            h[n, j] = o * np.tanh(c[n, j])
    return h, c
"""),
]


def _lstm(
    *,
    z: str = "x @ W_x + h_prev @ W_h + b",
    blocks: str = "z_i, z_f, z_o, z_g",
    g: str = "np.tanh(z_g)",
    c: str = "f * c_prev + i * g",
    h: str = "o * np.tanh(c)",
    answer: str = "h, c",
) -> str:
    """Return the model solution with one line in another way."""
    return f"""
def lstm_step(x, h_prev, c_prev, W_x, W_h, b):
    z = {z}
    {blocks} = np.split(z, 4, axis=1)
    i, f, o, g = sigmoid(z_i), sigmoid(z_f), sigmoid(z_o), {g}
    c = {c}
    h = {h}
    return {answer}
"""


LSTM_STEP += [
    Wrong(_lstm(blocks="z_f, z_i, z_o, z_g"), "input gate and forget gate are swapped"),
    Wrong(_lstm(blocks="z_i, z_f, z_g, z_o"), "the order of the blocks is i, f, o, g"),
    Wrong(_lstm(g="sigmoid(z_g)"), "the candidate g goes through tanh"),
    Wrong(_lstm(c="f * c_prev + g"), "the input gate is missing"),
    Wrong(_lstm(c="f * c_prev + (1 - f) * g"), "the input gate is a gate of its own"),
    Wrong(_lstm(h="o * c"), "the state shows tanh of the memory"),
    Wrong(_lstm(h="np.tanh(c)"), "the output gate is missing"),
    Wrong(_lstm(h="o * np.tanh(c_prev)"), "the state is made from the new memory"),
    Wrong(_lstm(z="x @ W_x + h_prev @ W_h"), "the bias is missing in the weighted sums"),
]

GRU_STEP: list[Variant] = [
    Correct("""
def gru_step(x, h_prev, W_x, W_h, b):
    (xr, xu, xn), (Wr, Wu, Wn) = np.split(x @ W_x + b, 3, axis=1), np.split(W_h, 3, axis=1)
    r = sigmoid(xr + h_prev @ Wr)
    u = sigmoid(xu + h_prev @ Wu)
    n = np.tanh(xn + np.matmul(r * h_prev, Wn))
    return h_prev + u * (n - h_prev)
"""),
    Correct("""
def gru_step(x, h_prev, W_x, W_h, b):
    # Share what is kept, 1 - u = sigmoid(-z_u); float32.
    x, h_prev, W_x, W_h, b = (a.astype(np.float32) for a in (x, h_prev, W_x, W_h, b))
    H = len(W_h)

    def z(k, state):
        block = slice(k * H, k * H + H)
        return x @ W_x[:, block] + state @ W_h[:, block] + b[block]

    keep = sigmoid(-z(1, h_prev))
    candidate = np.tanh(z(2, sigmoid(z(0, h_prev)) * h_prev))
    return keep * h_prev + (1 - keep) * candidate
"""),
    Correct("""
def gru_step(x, h_prev, W_x, W_h, b):
    # Sequence by sequence, number by number.
    N, H = h_prev.shape
    answer = []
    for n in range(N):
        old = h_prev[n]

        def z(column, state):
            total = b[column]
            for d in range(len(x[n])):
                total += x[n, d] * W_x[d, column]
            for k in range(H):
                total += state[k] * W_h[k, column]
            return total

        reset = [sigmoid(z(j, old)) * old[j] for j in range(H)]
        new = []
        for j in range(H):
            u = sigmoid(z(H + j, old))
            new.append((1 - u) * old[j] + u * np.tanh(z(2 * H + j, reset)))
        answer.append(new)
    return answer
"""),
]


def _gru(
    *,
    gates: str = "r, u",
    seen: str = "h_prev",
    reset: str = "(r * h_prev) @ W_hn",
    bias: str = "b_n",
    squash: str = "np.tanh",
    h: str = "(1 - u) * h_prev + u * n",
) -> str:
    """Return the model solution with one line in another way."""
    return f"""
def gru_step(x, h_prev, W_x, W_h, b):
    H = h_prev.shape[1]
    W_xn, W_hn, b_n = W_x[:, 2 * H :], W_h[:, 2 * H :], b[2 * H :]
    both = sigmoid(x @ W_x[:, : 2 * H] + {seen} @ W_h[:, : 2 * H] + b[: 2 * H])
    {gates} = both[:, :H], both[:, H:]
    n = {squash}(x @ W_xn + {reset} + {bias})
    return {h}
"""


GRU_STEP += [
    Wrong(_gru(reset="h_prev @ W_hn"), "the reset gate is missing"),
    Wrong(_gru(reset="r * (h_prev @ W_hn)"), "before the product with W_hn, not after it"),
    Wrong(_gru(h="u * h_prev + (1 - u) * n"), "u is the share of the new"),
    Wrong(_gru(gates="u, r"), "the blocks r and u are swapped"),
    Wrong(_gru(squash="sigmoid"), "the candidate n goes through tanh"),
    Wrong(_gru(h="u * n"), "the old state is lost"),
    Wrong(_gru(h="h_prev + u * n"), "the old state is kept whole"),
    Wrong(_gru(bias="0"), "the bias of the candidate is missing"),
    Wrong(_gru(seen="0 * h_prev"), "the gates must see the old state too"),
]

TASKS: Tasks = {
    "rnn_forward": RNN_FORWARD,
    "rnn_backward": RNN_BACKWARD,
    "clip": CLIP,
    "lstm_step": LSTM_STEP,
    "gru_step": GRU_STEP,
}
