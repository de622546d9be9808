"""Answers to `source/challenges/attention.ipynb`."""

from variants import Correct, Tasks, Variant, Wrong

ATTEND: list[Variant] = [
    Correct("""
def attend(q, k, v):
    # One query at a time.
    answers, weights = [], []
    for query in q:
        scores = [float(np.dot(query, key)) / len(query) ** 0.5 for key in k]
        largest = max(scores)
        shares = [np.exp(score - largest) for score in scores]
        row = [share / sum(shares) for share in shares]
        weights.append(row)
        answers.append(sum(weight * value for weight, value in zip(row, v)))
    return answers, weights
"""),
    Correct("""
def attend(q, k, v):
    # The root goes to the queries; the sum is divided out at the end.
    scores = np.einsum("td,sd->ts", q / np.sqrt(q.shape[-1]), k)
    shares = np.exp(scores - np.max(scores, axis=-1)[:, None])
    total = shares.sum(axis=-1)[:, None]
    return [(shares @ v) / total, shares / total]
"""),
    Correct("""
def attend(q, k, v):
    # By the logarithm of the sum; float32 at the end.
    scores = (q @ k.T) * q.shape[1] ** -0.5
    scores = scores - scores.max(axis=1, keepdims=True)
    weights = np.exp(scores - np.log(np.exp(scores).sum(axis=1, keepdims=True)))
    return (weights @ v).astype(np.float32), weights.astype(np.float32)
"""),
]


def _attend(
    *,
    scores: str = "q @ k.T / np.sqrt(q.shape[1])",
    shares: str = "np.exp(scores - scores.max(axis=1, keepdims=True))",
    weights: str = "shares / shares.sum(axis=1, keepdims=True)",
    answer: str = "weights @ v, weights",
) -> str:
    """Return the model solution with one line in another way."""
    return f"""
def attend(q, k, v):
    scores = {scores}
    shares = {shares}
    weights = {weights}
    return {answer}
"""


ATTEND += [
    Wrong(_attend(scores="q @ k.T"), "the division by sqrt(D) is missing"),
    Wrong(_attend(scores="q @ k.T / q.shape[1]"), "this divides by D: take its square root"),
    Wrong(
        _attend(scores="q @ k.T / np.sqrt(v.shape[1])"),
        "D counts the numbers of a query, not those of a value",
    ),
    Wrong(
        _attend(
            shares="np.exp(scores - scores.max(axis=0))", weights="shares / shares.sum(axis=0)"
        ),
        "the softmax runs along the wrong axis",
    ),
    Wrong(
        _attend(shares="np.exp(scores)"),
        "large scores overflow",
    ),
    Wrong(_attend(weights="shares"), "the weights don't add up to 1"),
    Wrong(
        _attend(shares="np.exp(scores - scores.max())", weights="shares / shares.sum()"),
        "all weights together add up to 1",
    ),
    Wrong(_attend(answer="v[weights.argmax(axis=1)], weights"), "this is a hard look-up"),
    Wrong(_attend(answer="weights, weights @ v"), "return y first, then the weights"),
]

CAUSAL_WEIGHTS: list[Variant] = [
    Correct("""
def causal_weights(scores):
    # Row by row: only the part that may be seen.
    weights = np.zeros(scores.shape)
    for head in range(len(scores)):
        for t in range(scores.shape[1]):
            part = scores[head, t, : t + 1]
            shares = np.exp(part - part.max())
            weights[head, t, : t + 1] = shares / shares.sum()
    return weights
"""),
    Correct("""
def causal_weights(scores):
    # Add a large negative number above the diagonal.
    T = scores.shape[-1]
    masked = scores + np.triu(np.full((T, T), -1e9), 1)
    masked -= masked.max(axis=-1, keepdims=True)
    shares = np.exp(masked)
    return shares / shares.sum(axis=-1, keepdims=True)
"""),
    Correct("""
def causal_weights(scores):
    # The library's softmax and mask, float32.
    mask = causal_mask(scores.shape[-1])
    return softmax(np.where(mask, scores, np.float64(-1e30))).astype(np.float32)
"""),
]


def _causal(
    *,
    allowed: str = "np.tri(T, dtype=bool)",
    masked: str = "np.where(allowed, scores, -1e30)",
    shares: str = "np.exp(masked - masked.max(axis=-1, keepdims=True))",
    answer: str = "shares / shares.sum(axis=-1, keepdims=True)",
) -> str:
    """Return the model solution with one line in another way."""
    return f"""
def causal_weights(scores):
    T = scores.shape[-1]
    allowed = {allowed}
    masked = {masked}
    shares = {shares}
    return {answer}
"""


CAUSAL_WEIGHTS += [
    Wrong(_causal(masked="scores"), "there is no mask"),
    Wrong(_causal(masked="scores * allowed"), "a score of 0 is no mask"),
    Wrong(
        _causal(masked="scores", answer="allowed * shares / shares.sum(axis=-1, keepdims=True)"),
        "the mask comes after the softmax",
    ),
    Wrong(_causal(allowed="np.tri(T, dtype=bool).T"), "the mask is turned around"),
    Wrong(_causal(allowed="np.tri(T, k=-1, dtype=bool)"), "a step may look at itself too"),
    Wrong(_causal(allowed="np.tri(T, k=1, dtype=bool)"), "each step sees one step of the future"),
    Wrong(
        _causal(
            shares="np.exp(masked - masked.max(axis=1, keepdims=True))",
            answer="shares / shares.sum(axis=1, keepdims=True)",
        ),
        "the softmax runs along the wrong axis",
    ),
    Wrong(_causal(answer="shares"), "each row of weights must add up to 1"),
    Wrong(_causal(masked="np.where(allowed, scores, -10.0)"), "a step looks at a later one"),
]

SEVERAL_HEADS: list[Variant] = [
    Correct("""
def several_heads(x, W_qkv, W_o, h):
    # Head by head.
    D = x.shape[1]
    q, k, v = np.split(x @ W_qkv, 3, axis=1)
    taken, weights = [], []
    for head in range(h):
        columns = slice(head * D // h, (head + 1) * D // h)
        y, w = attention(q[:, columns], k[:, columns], v[:, columns])
        taken.append(y)
        weights.append(w)
    return np.concatenate(taken, axis=1) @ W_o, weights
"""),
    Correct("""
def several_heads(x, W_qkv, W_o, h):
    # Every head has its own matrices, and its own rows of W_o.
    D = len(W_o)
    width = D // h
    y, weights = 0, np.zeros((h, len(x), len(x)))
    for i in range(h):
        W_q, W_k, W_v = (W_qkv[:, p * D + i * width : p * D + (i + 1) * width] for p in range(3))
        scores = (x @ W_q) @ (x @ W_k).T / np.sqrt(width)
        weights[i] = softmax(scores)
        y = y + weights[i] @ (x @ W_v) @ W_o[i * width : (i + 1) * width]
    return [y, weights]
"""),
    Correct("""
def several_heads(x, W_qkv, W_o, h):
    # All heads at once, with einsum, in float32.
    T, D = x.shape
    parts = (x @ W_qkv).astype(np.float32).reshape(T, 3, h, D // h)
    q, k, v = parts[:, 0], parts[:, 1], parts[:, 2]
    scores = np.einsum("thd,shd->hts", q, k) / np.sqrt(np.float32(D // h))
    shares = np.exp(scores - scores.max(axis=2, keepdims=True))
    weights = shares / shares.sum(axis=2, keepdims=True)
    return np.einsum("hts,shd->thd", weights, v).reshape(T, D) @ W_o, weights
"""),
]


def _heads(
    *,
    order: str = "q, k, v",
    cut: str = "part.reshape(T, h, D // h).swapaxes(0, 1)",
    attend: str = "attention(q, k, v)",
    join: str = "taken.swapaxes(0, 1).reshape(T, D)",
    answer: str = "joined @ W_o, weights",
) -> str:
    """Return the model solution with one line in another way."""
    return f"""
def several_heads(x, W_qkv, W_o, h):
    T, D = x.shape
    {order} = np.split(x @ W_qkv, 3, axis=1)
    q, k, v = ({cut} for part in (q, k, v))
    taken, weights = {attend}
    joined = {join}
    return {answer}
"""


SEVERAL_HEADS += [
    Wrong(_heads(order="k, q, v"), "queries and keys are swapped"),
    Wrong(_heads(order="q, v, k"), "values were taken for keys"),
    Wrong(
        _heads(cut="part.reshape(h, T, D // h)"),
        "a bare reshape to (h, T, D / h) mixes steps and heads",
    ),
    Wrong(
        _heads(cut="part.reshape(T, D // h, h).transpose(2, 0, 1)"),
        "a head has neighbouring columns",
    ),
    Wrong(
        _heads(attend="attention(q / np.sqrt(h), k, v)"),
        "the square root is that of the head's width",
    ),
    Wrong(_heads(attend="attention(q, k, v, causal_mask(T))"), "there is no mask in this task"),
    Wrong(_heads(join="taken.reshape(T, D)"), "a bare reshape to (T, D) mixes steps and heads"),
    Wrong(_heads(answer="joined, weights"), "W_o is missing"),
    Wrong(_heads(join="np.tile(taken.mean(axis=0), h)"), "the heads are averaged"),
]

BIASED_BACKWARD: list[Variant] = [
    Correct("""
def biased_backward(dy, q, k, v, weights, scale):
    # One pair of steps at a time.
    T = len(q)
    dq, dk, dv = np.zeros(q.shape), np.zeros(k.shape), np.zeros(v.shape)
    dbias = np.zeros(T)
    for t in range(T):
        dweights = [float(dy[t] @ v[s]) for s in range(T)]
        inner = sum(weights[t, s] * dweights[s] for s in range(T))
        for s in range(t + 1):
            dscore = weights[t, s] * (dweights[s] - inner)
            dq[t] += scale * dscore * k[s]
            dk[s] += scale * dscore * q[t]
            dv[s] += weights[t, s] * dy[t]
            dbias[t - s] += dscore
    return dq, dk, dv, dbias
"""),
    Correct("""
def biased_backward(dy, q, k, v, weights, scale):
    # By the Jacobian of each row; the diagonals by their distances.
    T = len(q)
    dscores = np.empty((T, T))
    for t, w in enumerate(weights):
        dscores[t] = (np.diag(w) - np.outer(w, w)) @ (v @ dy[t])
    back = np.subtract.outer(np.arange(T), np.arange(T))
    dbias = np.bincount(np.abs(back).ravel(), np.tril(dscores).ravel(), T)
    return [dscores @ (scale * k), dscores.T @ (scale * q), np.dot(weights.T, dy), dbias]
"""),
    Correct("""
def biased_backward(dy, q, k, v, weights, scale):
    # The weighted sum of dweights is y times dy.
    y = weights @ v
    dscores = weights * (dy @ v.T) - weights * (y * dy).sum(axis=1)[:, None]
    T = len(q)
    dbias = [sum(dscores[t, t - back] for t in range(back, T)) for back in range(T)]
    return scale * (dscores @ k), scale * (q.T @ dscores).T, (dy.T @ weights).T, dbias
"""),
]


def _backward(
    *,
    dscores: str = "weights * (dweights - (dweights * weights).sum(axis=1, keepdims=True))",
    dv: str = "weights.T @ dy",
    dq: str = "scale * dscores @ k",
    dk: str = "scale * dscores.T @ q",
    dbias: str = "np.array([np.trace(dscores, -back) for back in range(T)])",
) -> str:
    """Return the model solution with one line in another way."""
    return f"""
def biased_backward(dy, q, k, v, weights, scale):
    T = len(q)
    dweights = dy @ v.T
    dscores = {dscores}
    dv = {dv}
    dq, dk = {dq}, {dk}
    dbias = {dbias}
    return dq, dk, dv, dbias
"""


BIASED_BACKWARD += [
    Wrong(_backward(dscores="weights * dweights"), "the sum is missing"),
    Wrong(_backward(dscores="weights * (1 - weights) * dweights"), "w * (1 - w) is the slope"),
    Wrong(_backward(dv="weights @ dy"), "dv is made with the weights transposed"),
    Wrong(_backward(dq="dscores @ k", dk="dscores.T @ q"), "the factor is missing"),
    Wrong(
        _backward(dq="dscores @ k / np.sqrt(q.shape[1])", dk="dscores.T @ q / np.sqrt(q.shape[1])"),
        "the factor of the scores is scale, not 1 / sqrt(D)",
    ),
    Wrong(_backward(dk="scale * dscores @ q"), "dscores is not transposed in dk"),
    Wrong(
        _backward(dbias="np.array([np.trace(dscores, -back) / (T - back) for back in range(T)])"),
        "dbias is a mean",
    ),
    Wrong(_backward(dbias="dscores.sum(axis=0)"), "this adds up over columns"),
    Wrong(
        _backward(dbias="scale * np.array([np.trace(dscores, -back) for back in range(T)])"),
        "the bias is added after the factor",
    ),
]

SINUSOIDAL_POSITIONS: list[Variant] = [
    Correct("""
def sinusoidal_positions(T, D):
    P = []
    for t in range(T):
        row = []
        for i in range(D // 2):
            angle = t / 10000 ** (2 * i / D)
            row += [np.sin(angle), np.cos(angle)]
        P.append(row)
    return P
"""),
    Correct("""
def sinusoidal_positions(T, D):
    # A cosine is a sine a quarter turn ahead.
    column = np.arange(D)
    omega = 10000.0 ** (-2.0 * (column // 2) / D)
    return np.sin(np.outer(np.arange(T), omega) + (column % 2) * np.pi / 2)
"""),
    Correct("""
def sinusoidal_positions(T, D):
    # Powers of complex numbers.
    omega = np.exp(-np.log(10000) * np.arange(0, D, 2) / D)
    turn = np.exp(1j * np.arange(T)[:, None] * omega)
    return np.stack([turn.imag, turn.real], axis=-1).reshape(T, D).astype(np.float32)
"""),
]


def _positions(
    *,
    omega: str = "10000.0 ** (-np.arange(0, D, 2) / D)",
    angle: str = "np.arange(T)[:, None] * omega",
    fill: str = "P[:, 0::2], P[:, 1::2] = np.sin(angle), np.cos(angle)",
    answer: str = "P",
) -> str:
    """Return the model solution with one line in another way."""
    return f"""
def sinusoidal_positions(T, D):
    omega = {omega}
    angle = {angle}
    P = np.empty((T, D))
    {fill}
    return {answer}
"""


SINUSOIDAL_POSITIONS += [
    Wrong(
        _positions(fill="P[:, 0::2], P[:, 1::2] = np.cos(angle), np.sin(angle)"),
        "sine and cosine are swapped",
    ),
    Wrong(
        _positions(fill="P = np.hstack([np.sin(angle), np.cos(angle)])"),
        "sines and cosines alternate",
    ),
    Wrong(_positions(angle="np.arange(1, T + 1)[:, None] * omega"), "the first place is t = 0"),
    Wrong(_positions(omega="10000.0 ** (-np.arange(D // 2) / D)"), "the 2 is missing"),
    Wrong(
        _positions(omega="10000.0 ** (-2 * np.arange(0, D, 2) / D)"), "the exponent counts twice"
    ),
    Wrong(
        _positions(omega="10000.0 ** (np.arange(0, D, 2) / D)"),
        "the sign of the exponent is turned",
    ),
    Wrong(_positions(angle="2 * np.pi * np.arange(T)[:, None] * omega"), "there is no 2 pi"),
    Wrong(
        _positions(angle="np.radians(np.arange(T)[:, None] * omega)"),
        "the angle is in radians already",
    ),
    Wrong(_positions(answer="P.T"), "a row is a place"),
]

TASKS: Tasks = {
    "attend": ATTEND,
    "causal_weights": CAUSAL_WEIGHTS,
    "several_heads": SEVERAL_HEADS,
    "biased_backward": BIASED_BACKWARD,
    "sinusoidal_positions": SINUSOIDAL_POSITIONS,
}
