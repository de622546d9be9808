"""Answers to `source/mathematics/signal_propagation.ipynb`."""

from variants import Correct, Tasks, Variant, Wrong

WEIGHT_STDS: list[Variant] = [
    Correct("""
def weight_stds(fan_in, fan_out, leak):
    fans = np.array([fan_in, fan_out, (fan_in + fan_out) / 2])
    return np.sqrt(2 / ((1 + leak * leak) * fans))
"""),
    Correct("""
def weight_stds(fan_in, fan_out, leak):
    gain = 2.0 / (1.0 + leak**2)
    return [(gain / fan) ** 0.5 for fan in (fan_in, fan_out, 0.5 * fan_in + 0.5 * fan_out)]
"""),
    Correct("""
def weight_stds(fan_in, fan_out, leak):
    # The mean square of f over normal sums, by adding up a fine grid.
    z = np.linspace(-12, 12, 200_001)
    density = np.exp(-(z**2) / 2)
    f = np.where(z > 0, z, leak * z)
    kept = (f**2 * density).sum() / (z**2 * density).sum()
    stds = [1 / np.sqrt(kept * fan) for fan in (fan_in, fan_out)]
    return stds[0], stds[1], np.sqrt(2 / (kept * (fan_in + fan_out)))
"""),
]


def _stds(
    *,
    forward: str = "np.sqrt(1 / (kept * fan_in))",
    backward: str = "np.sqrt(1 / (kept * fan_out))",
    compromise: str = "np.sqrt(2 / (kept * (fan_in + fan_out)))",
    kept: str = "(1 + leak**2) / 2",
) -> str:
    """Return a right answer with one line in another way."""
    return f"""
def weight_stds(fan_in, fan_out, leak):
    kept = {kept}
    forward = {forward}
    backward = {backward}
    compromise = {compromise}
    return forward, backward, compromise
"""


WEIGHT_STDS += [
    Wrong(_stds(forward="1 / (kept * fan_in)"), "its root is the standard deviation"),
    Wrong(
        _stds(
            forward="np.sqrt(1 / (kept * fan_out))",
            backward="np.sqrt(1 / (kept * fan_in))",
        ),
        "fan_in, not fan_out",
    ),
    Wrong(_stds(kept="1"), "this is right without an activation"),
    Wrong(_stds(kept="1 / 2"), "this is right for ReLU"),
    Wrong(_stds(kept="(1 + leak) / 2"), "the mean SQUARE counts"),
    Wrong(_stds(kept="0.5 / (1 + leak**2)"), "so it needs smaller weights"),
    Wrong(_stds(compromise="(forward + backward) / 2"), "take the mean of the two widths"),
    Wrong(
        _stds(compromise="np.sqrt(1 / (kept * (fan_in + fan_out)))"),
        "their mean is half of it",
    ),
    Wrong(
        _stds(compromise="np.sqrt(1 / (kept * np.sqrt(fan_in * fan_out)))"),
        "this is the geometric mean of the widths",
    ),
]

GRADIENT_SIZES: list[Variant] = [
    Correct("""
def gradient_sizes(x, weights, dh):
    stations = [x]
    for W in weights:
        stations.append(np.tanh(stations[-1] @ W))
    sizes = np.empty(len(weights) + 1)
    for l in range(len(weights), -1, -1):
        sizes[l] = np.sqrt(np.mean(dh * dh))
        if l > 0:
            dz = dh - dh * stations[l] ** 2
            dh = dz @ weights[l - 1].T
    return sizes
"""),
    Correct("""
def gradient_sizes(x, weights, dh):
    # Recursive: the first layer, and the network behind it.
    size = [float(np.linalg.norm(dh) / np.sqrt(dh.size))]

    def back(h, rest):
        if not rest:
            return dh, size
        z = h @ rest[0]
        behind, sizes = back(np.tanh(z), rest[1:])
        here = (behind / np.cosh(z) ** 2) @ rest[0].T
        return here, [np.linalg.norm(here) / np.sqrt(here.size), *sizes]

    return back(x, list(weights))[1]
"""),
    Correct("""
def gradient_sizes(x, weights, dh):
    h, d = x.astype(np.float32), dh.astype(np.float32)
    layers = []
    for W in weights:
        h = np.tanh(np.einsum("ni,ij->nj", h, W.astype(np.float32)))
        layers.append((W.astype(np.float32), 1 - h * h))
    sizes = [np.sqrt(np.mean(np.square(d)))]
    while layers:
        W, slope = layers.pop()
        d = np.einsum("nj,ij->ni", d * slope, W)
        sizes.insert(0, np.sqrt(np.mean(np.square(d))))
    return np.array(sizes)
"""),
]


def _sizes(
    *,
    slope: str = "1 - h**2",
    back: str = "W.T",
    size: str = "np.sqrt((d**2).mean())",
    result: str = "sizes[::-1]",
    step: str = "d = (d * slope) @ {back}",
) -> str:
    """Return a right answer with one line in another way; `before` is the layer's input."""
    return f"""
def gradient_sizes(x, weights, dh):
    stations = [x]
    for W in weights:
        stations.append(np.tanh(stations[-1] @ W))
    d = dh
    sizes = [{size}]
    for before, h, W in zip(stations[-2::-1], stations[:0:-1], weights[::-1]):
        slope = {slope}
        {step.format(back=back)}
        sizes.append({size})
    return np.array({result})
"""


GRADIENT_SIZES += [
    Wrong(_sizes(slope="1.0"), "the slope of tanh is missing on the way back"),
    Wrong(_sizes(slope="1 - (before @ W) ** 2"), "not with the sum z"),
    Wrong(
        """
def gradient_sizes(x, weights, dh):
    stations = [x]
    for W in weights:
        stations.append(np.tanh(stations[-1] @ W))
    sizes = [np.sqrt((dh**2).mean())]
    for h, W in zip(stations[:0:-1], weights[::-1]):
        dh *= 1 - h**2
        dh = dh @ W.T
        sizes.append(np.sqrt((dh**2).mean()))
    return np.array(sizes[::-1])
""",
        "compute in new arrays, dh = dh * slope",
    ),
    Wrong(
        _sizes(slope="1 - before**2 if before.shape == h.shape else 1 - h**2"),
        "this slope is that of the layer before",
    ),
    Wrong(
        _sizes(back="(W if W.shape[0] == W.shape[1] else W.T)"),
        "on the way back W must be transposed",
    ),
    Wrong(_sizes(size="np.linalg.norm(d)"), "this is the length"),
    Wrong(_sizes(size="(d**2).mean()"), "this is the mean square: take the root"),
    Wrong(_sizes(size="np.abs(d).mean()"), "this is the mean of the absolute values"),
    Wrong(_sizes(result="sizes"), "the order is reversed"),
    Wrong(_sizes(result="sizes[:0:-1]"), "return L + 1 numbers"),
]

BATCH_NORM: list[Variant] = [
    Correct("""
def batch_norm(x, gamma, beta, running_mean, running_var, train):
    if not train:
        scale = gamma / np.sqrt(running_var + 1e-5)
        return scale * x + (beta - scale * running_mean), running_mean, running_var
    N, D = x.shape
    mean = np.ones(N) @ x / N
    centred = x - mean
    squares = (centred * centred).sum(axis=0)
    y = centred * gamma / np.sqrt(squares / N + 1e-5) + beta
    return y, 0.9 * running_mean + 0.1 * mean, 0.9 * running_var + 0.1 * squares / (N - 1)
"""),
    Correct("""
def batch_norm(x, gamma, beta, running_mean, running_var, train):
    y = np.zeros(x.shape)
    new_mean, new_var = running_mean.copy(), running_var.copy()
    for j in range(x.shape[1]):
        mean, var = running_mean[j], running_var[j]
        if train:
            mean = sum(x[:, j]) / len(x)
            total = sum((value - mean) ** 2 for value in x[:, j])
            var = total / len(x)
            new_mean[j] += 0.1 * (mean - new_mean[j])
            new_var[j] += 0.1 * (total / (len(x) - 1) - new_var[j])
        for n in range(len(x)):
            y[n, j] = gamma[j] * (x[n, j] - mean) / (var + 1e-5) ** 0.5 + beta[j]
    return y, new_mean, new_var
"""),
    Correct("""
def batch_norm(x, gamma, beta, running_mean, running_var, train):
    arrays = (x, gamma, beta, running_mean, running_var)
    x, gamma, beta, mean, var = (array.astype(np.float32) for array in arrays)
    if train:
        N = np.float32(len(x))
        batch_mean, batch_var = x.mean(axis=0), x.var(axis=0)
        mean = mean + (batch_mean - mean) / 10
        var = var + (batch_var * N / (N - 1) - var) / 10
        x_hat = (x - batch_mean) / np.sqrt(batch_var + np.float32(1e-5))
    else:
        x_hat = (x - mean) / np.sqrt(var + np.float32(1e-5))
    return [gamma * x_hat + beta, mean, var]
"""),
]


def _batch_norm(
    *,
    batch: str = "x.mean(axis=0), x.var(axis=0)",
    after: str = "running_mean, running_var",
    new_mean: str = "running_mean + 0.1 * (mean - running_mean)",
    new_var: str = "running_var + 0.1 * (x.var(axis=0, ddof=1) - running_var)",
    if_train: str = "if train",
    y: str = "gamma * (x - mean) / np.sqrt(var + 1e-5) + beta",
) -> str:
    """Return the model solution with one line in another way."""
    return f"""
def batch_norm(x, gamma, beta, running_mean, running_var, train):
    mean, var = {after}
    if train:
        mean, var = {batch}
    y = {y}
    {if_train}:
        running_mean = {new_mean}
        running_var = {new_var}
    return y, running_mean, running_var
"""


BATCH_NORM += [
    Wrong(
        _batch_norm(
            batch="x.mean(axis=1, keepdims=True), x.var(axis=1, keepdims=True)",
            new_mean="running_mean + 0.1 * (x.mean(axis=0) - running_mean)",
        ),
        "mean and variance are taken over the batch, down the columns",
    ),
    Wrong(
        _batch_norm(y="gamma * (x - mean) / (var + 1e-5) + beta"),
        "divide by its root",
    ),
    Wrong(
        _batch_norm(y="gamma * ((x - mean) / np.sqrt(var + 1e-5) + beta)"),
        "first scale, then shift",
    ),
    Wrong(
        _batch_norm(
            y="gamma * (x - mean) / np.sqrt(np.where(var > 0, var, np.nan)) + beta",
        ),
        "epsilon is there for that",
    ),
    Wrong(
        _batch_norm(
            batch="running_mean, running_var",
            new_mean="running_mean + 0.1 * (x.mean(axis=0) - running_mean)",
        ),
        "in training the batch's own mean and variance count",
    ),
    Wrong(
        _batch_norm(
            after="x.mean(axis=0), x.var(axis=0)",
        ),
        "this uses the batch: not in training",
    ),
    Wrong(
        _batch_norm(new_mean="0.1 * running_mean + 0.9 * mean"),
        "the two shares are swapped",
    ),
    Wrong(
        _batch_norm(new_var="running_var + 0.1 * (var - running_var)"),
        "divided by N - 1, not by N",
    ),
    Wrong(
        """
def batch_norm(x, gamma, beta, running_mean, running_var, train):
    mean, var = running_mean, running_var
    if train:
        mean, var = x.mean(axis=0), x.var(axis=0)
    y = gamma * (x - mean) / np.sqrt(var + 1e-5) + beta
    if train:
        running_mean += 0.1 * (mean - running_mean)
        running_var += 0.1 * (x.var(axis=0, ddof=1) - running_var)
    return y, running_mean, running_var
""",
        "do not use += on the old ones",
    ),
    Wrong(
        _batch_norm(if_train="if len(x) > 1").replace(
            "running_var = ", "mean, running_var = mean, ", 1
        ),
        "they move in training only",
    ),
]

RMS_NORM: list[Variant] = [
    Correct("""
def rms_norm(x, gamma, dy):
    N, D = x.shape
    y, dx, dgamma = np.zeros((N, D)), np.zeros((N, D)), np.zeros(D)
    for n in range(N):
        rms = (sum(value * value for value in x[n]) / D + 1e-5) ** 0.5
        through = sum(dy[n, i] * gamma[i] * x[n, i] for i in range(D))
        for k in range(D):
            y[n, k] = gamma[k] * x[n, k] / rms
            dgamma[k] += dy[n, k] * x[n, k] / rms
            dx[n, k] = dy[n, k] * gamma[k] / rms - x[n, k] * through / (D * rms**3)
    return y, dx, dgamma
"""),
    Correct("""
def rms_norm(x, gamma, dy):
    x, gamma, dy = (array.astype(np.float32) for array in (x, gamma, dy))
    inverse = 1 / np.sqrt(np.mean(np.square(x), axis=-1, keepdims=True) + np.float32(1e-5))
    x_hat = x * inverse
    d = dy * gamma
    dx = inverse * (d - x_hat * np.mean(d * x_hat, axis=-1, keepdims=True))
    return x_hat * gamma, dx, np.einsum("nd,nd->d", dy, x_hat)
"""),
    Correct("""
def rms_norm(x, gamma, dy):
    # Each example by its matrix of slopes.
    D = x.shape[1]
    y, dx = np.empty(x.shape), np.empty(x.shape)
    dgamma = np.zeros(D)
    for n, row in enumerate(x):
        rms = np.sqrt(row @ row / D + 1e-5)
        slopes = (np.eye(D) - np.outer(row, row) / (D * rms**2)) / rms
        y[n] = gamma * row / rms
        dx[n] = slopes @ (gamma * dy[n])
        dgamma = dgamma + dy[n] * row / rms
    return y, dx, dgamma
"""),
]


def _rms(
    *,
    rms: str = "np.sqrt((x**2).mean(axis=1, keepdims=True) + 1e-5)",
    x_hat: str = "x / rms",
    d: str = "dy * gamma",
    dx: str = "(d - x_hat * (d * x_hat).mean(axis=1, keepdims=True)) / rms",
    dgamma: str = "(dy * x_hat).sum(axis=0)",
) -> str:
    """Return the model solution with one line in another way."""
    return f"""
def rms_norm(x, gamma, dy):
    rms = {rms}
    x_hat = {x_hat}
    y = gamma * x_hat
    d = {d}
    dx = {dx}
    dgamma = {dgamma}
    return y, dx, dgamma
"""


RMS_NORM += [
    Wrong(
        _rms(
            rms="np.sqrt(x.var(axis=1, keepdims=True) + 1e-5)",
            x_hat="(x - x.mean(axis=1, keepdims=True)) / rms",
        ),
        "here no mean is subtracted",
    ),
    Wrong(_rms(rms="np.sqrt((x**2).mean(axis=0) + 1e-5)"), "this is one rms for each column"),
    Wrong(_rms(rms="np.linalg.norm(x, axis=1, keepdims=True)"), "you divided by the length"),
    Wrong(_rms(dx="d / rms"), "this takes the rms for a constant"),
    Wrong(
        _rms(
            dx="(d - d.mean(axis=1, keepdims=True)"
            " - x_hat * (d * x_hat).mean(axis=1, keepdims=True)) / rms"
        ),
        "the mean of dx_hat is taken out, as in layer normalization",
    ),
    Wrong(_rms(d="dy"), "gamma is missing in dx"),
    Wrong(
        _rms(dx="(d - x_hat * (d * x_hat).sum(axis=1, keepdims=True)) / rms"),
        "a mean over the D entries, not their sum",
    ),
    Wrong(_rms(dgamma="(dy * x).sum(axis=0)"), "so multiply by x_hat"),
    Wrong(_rms(dgamma="dy * x_hat"), "dgamma has a row for each example"),
    Wrong(_rms(dgamma="(dy * x_hat).mean(axis=0)"), "a sum over the examples, not a mean"),
]

ORTHOGONAL: list[Variant] = [
    Correct("""
def orthogonal(rows, columns, gain, rng):
    # Gram and Schmidt: take out of each vector what lies along those before it, twice.
    vectors = []
    while len(vectors) < min(rows, columns):
        v = rng.normal(size=max(rows, columns))
        for _ in range(2):
            for u in vectors:
                v = v - (u @ v) * u
        vectors.append(v / np.sqrt(v @ v))
    W = np.sqrt(gain) * np.array(vectors)
    return W.T if rows >= columns else W
"""),
    Correct("""
def orthogonal(rows, columns, gain, rng):
    U, _, V = np.linalg.svd(rng.standard_normal((rows, columns)), full_matrices=False)
    return gain**0.5 * (U @ V)
"""),
    Correct("""
def orthogonal(rows, columns, gain, rng):
    size = max(rows, columns)
    Q, R = np.linalg.qr(rng.uniform(-1, 1, (size, size)))
    Q = Q * np.where(np.diag(R) < 0, -1, 1)
    return (np.sqrt(gain) * Q[:rows, :columns]).astype(np.float32)
"""),
]


def _orthogonal(
    *,
    tall: str = "rng.normal(size=(max(rows, columns), min(rows, columns)))",
    Q: str = "np.linalg.qr(tall)[0]",
    W: str = "np.sqrt(gain) * Q",
    result: str = "W if rows >= columns else W.T",
) -> str:
    """Return the model solution with one line in another way."""
    return f"""
def orthogonal(rows, columns, gain, rng):
    tall = {tall}
    Q = {Q}
    W = {W}
    return {result}
"""


ORTHOGONAL += [
    Wrong(_orthogonal(Q="tall / np.sqrt(len(tall))"), "random ones do so only roughly"),
    Wrong(_orthogonal(W="gain * Q"), "multiply by its root"),
    Wrong(_orthogonal(W="Q"), "the gain is missing"),
    Wrong(_orthogonal(Q="tall / np.sqrt((tall**2).sum(axis=0))"), "the lengths are right, but"),
    Wrong(
        _orthogonal(tall="rng.normal(size=(rows, columns))", result="W"),
        "make a tall one and transpose it",
    ),
    Wrong(_orthogonal(result="W"), "W is transposed"),
    Wrong(
        _orthogonal(
            tall="np.random.default_rng(0).normal(size=(max(rows, columns), min(rows, columns)))"
        ),
        "the matrix is always the same",
    ),
    Wrong(
        _orthogonal(tall="np.random.normal(size=(max(rows, columns), min(rows, columns)))"),
        "draw from rng, not from np.random",
    ),
    Wrong(
        _orthogonal(
            Q="np.eye(*tall.shape)[rng.permutation(len(tall))] * rng.choice([-1, 1], len(tall.T))"
        ),
        "most entries are 0",
    ),
]

TASKS: Tasks = {
    "weight_stds": WEIGHT_STDS,
    "gradient_sizes": GRADIENT_SIZES,
    "batch_norm": BATCH_NORM,
    "rms_norm": RMS_NORM,
    "orthogonal": ORTHOGONAL,
}
