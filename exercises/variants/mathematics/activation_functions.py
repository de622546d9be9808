"""Answers to `source/mathematics/activation_functions.ipynb`."""

from variants import Correct, Tasks, Variant, Wrong


def _sigmoid_backward(result: str, first: str = "pass") -> str:
    """Return an answer to the first task that ends in this expression."""
    return f"""
def sigmoid_backward(dy, y):
    {first}
    return {result}
"""


SIGMOID_BACKWARD: list[Variant] = [
    Correct("""
def sigmoid_backward(dy, y):
    dz = []
    for gradients, outputs in zip(dy.tolist(), y.tolist()):
        dz.append([g * p * (1 - p) for g, p in zip(gradients, outputs)])
    return dz
"""),
    Correct(_sigmoid_backward("dy * (np.float32(0.25) - (y - np.float32(0.5)) ** 2)")),
    Correct(
        _sigmoid_backward(
            "np.einsum('nd,nd,nd->nd', dy, y, 1 - y)",
            "dy, y = dy.astype(np.float32), y.astype(np.float32)",
        )
    ),
    Wrong(
        _sigmoid_backward("dy * p * (1 - p)", "p = 1 / (1 + np.exp(-y))"),
        "you put it into the sigmoid a second time",
    ),
    Wrong(_sigmoid_backward("y * (1 - y)"), "dy is missing"),
    Wrong(_sigmoid_backward("dy * (1 - y**2)"), "this is the slope of tanh"),
    Wrong(_sigmoid_backward("dy * y"), "the factor 1 - y is missing"),
    Wrong(_sigmoid_backward("dy * y * (y - 1)"), "the sign is wrong"),
    Wrong(_sigmoid_backward("dy @ (y * (1 - y)).T"), "the gradient must have the shape of y"),
    Wrong(_sigmoid_backward("dy * (y > 0)"), "this is the backward of ReLU"),
    Wrong(
        _sigmoid_backward(
            "dy * np.exp(-z) / (1 + np.exp(-z)) ** 2", "z = np.log(y) - np.log(1 - y)"
        ),
        "you took a logarithm of 0 or divided by 0",
    ),
    Wrong(
        """
def sigmoid_backward(dy, y):
    dy *= y * (1 - y)
    return dy
""",
        "you changed dy or y in place",
    ),
]


def _log_softmax(
    *,
    result: str = "shifted - np.log(total)",
    shifted: str = "z - z.max(axis=1, keepdims=True)",
    total: str = "np.exp(shifted).sum(axis=1, keepdims=True)",
) -> str:
    """Return a right solution with one line in another way."""
    return f"""
def log_softmax(z):
    shifted = {shifted}
    total = {total}
    return {result}
"""


LOG_SOFTMAX: list[Variant] = [
    Correct("""
def log_softmax(z):
    return z - np.logaddexp.reduce(z, axis=1, keepdims=True)
"""),
    Correct("""
def log_softmax(z):
    rows = []
    for row in z.tolist():
        top = max(row)
        log_sum = top + math.log(sum(math.exp(value - top) for value in row))
        rows.append([value - log_sum for value in row])
    return rows
"""),
    Correct("""
def log_softmax(z):
    # Each logit measured from each other: log p_k = -log(sum_j exp(z_j - z_k)); in float32.
    gap = (z[:, None, :] - z[:, :, None]).astype(np.float32)  # (N, K, K)
    top = gap.max(axis=2, keepdims=True)
    return -(top[:, :, 0] + np.log(np.exp(gap - top).sum(axis=2)))
"""),
    Wrong(_log_softmax(result="np.exp(shifted) / total"), "these are the probabilities"),
    Wrong(
        _log_softmax(
            shifted="z - z.max(axis=0)", total="np.exp(shifted).sum(axis=0, keepdims=True)"
        ),
        "your sums run down the columns",
    ),
    Wrong(_log_softmax(result="shifted"), "the logarithm of the sum is missing"),
    Wrong(_log_softmax(result="z - np.log(total)"), "taken out of the sum, but not subtracted"),
    Wrong(_log_softmax(shifted="z"), "exp overflowed"),
    Wrong(_log_softmax(result="np.log(np.exp(shifted) / total)"), "you took the logarithm of 0"),
    Wrong(
        _log_softmax(shifted="z - z.max()"),
        "subtract each row's own largest logit before exp",
    ),
    Wrong(
        _log_softmax(result="np.log(np.exp(shifted) / total + 1e-12)"),
        "the improbable is not improbable enough",
    ),
    Wrong(
        """
def log_softmax(z):
    z -= z.max(axis=1, keepdims=True)
    return z - np.log(np.exp(z).sum(axis=1, keepdims=True))
""",
        "you changed z in place",
    ),
]


def _jacobian(result: str, first: str = "pass") -> str:
    """Return an answer to the third task with `diagonal` and `outer` at hand."""
    return f"""
def softmax_jacobian(p):
    {first}
    diagonal = p[:, :, None] * np.eye(p.shape[1])
    outer = p[:, :, None] * p[:, None, :]
    return {result}
"""


SOFTMAX_JACOBIAN: list[Variant] = [
    Correct(_jacobian("diagonal - outer", "p = p.astype(np.float32)")),
    Correct("""
def softmax_jacobian(p):
    N, K = p.shape
    J = np.zeros((N, K, K))
    for n in range(N):
        for j in range(K):
            for k in range(K):
                delta = 1 if j == k else 0
                J[n, j, k] = p[n, j] * (delta - p[n, k])
    return J
"""),
    Correct("""
def softmax_jacobian(p):
    return [(np.diag(row) - np.outer(row, row)).tolist() for row in p]
"""),
    Wrong(
        _jacobian("diagonal - outer", "p = np.exp(p) / np.exp(p).sum(axis=1, keepdims=True)"),
        "you put them into the softmax a second time",
    ),
    Wrong(
        _jacobian("diagonal * (1 - p[:, None, :])"),
        "only the diagonal is there",
    ),
    Wrong(_jacobian("diagonal"), "the part - p_j p_k is missing"),
    Wrong(_jacobian("-outer"), "the diagonal lacks its p_j"),
    Wrong(_jacobian("outer - diagonal"), "the sign is wrong: a logit raises its own probability"),
    Wrong(_jacobian("abs(diagonal - outer)"), "off the diagonal the sign is wrong"),
    Wrong(_jacobian("p * (1 - p)"), "this has the shape of p"),
    Wrong(
        """
def softmax_jacobian(p):
    first = np.diag(p[0]) - np.outer(p[0], p[0])
    return np.array([first for _ in p])
""",
        "all examples got the Jacobian of the first one",
    ),
    Wrong(
        """
def softmax_jacobian(p):
    p /= p.sum(axis=1, keepdims=True) * 1.0000001
    return p[:, :, None] * (np.eye(p.shape[1]) - p[:, None, :])
""",
        "you changed p in place",
    ),
]


def _silu(
    *,
    small: str = "np.exp(-np.abs(z))",
    p: str = "np.where(z >= 0, 1, small) / (1 + small)",
    result: str = "z * p, p + z * p * (1 - p)",
) -> str:
    """Return a right solution with one line in another way."""
    return f"""
def silu(z):
    small = {small}
    p = {p}
    return {result}
"""


SILU: list[Variant] = [
    Correct("""
def silu(z):
    # The sigmoid is half a tanh, which never overflows.
    p = (1 + np.tanh(z / 2)) / 2
    y = z * p
    return y, y + p * (1 - y)
"""),
    Correct("""
def silu(z):
    values, slopes = [], []
    for number in z.ravel().tolist():
        if number >= 0:
            p = 1 / (1 + math.exp(-number))
        else:
            p = math.exp(number) / (1 + math.exp(number))
        values.append(number * p)
        slopes.append(p * (1 + number * (1 - p)))
    return [np.reshape(values, z.shape), np.reshape(slopes, z.shape)]
"""),
    Correct("""
def silu(z):
    z = z.astype(np.float32)
    p = np.exp(-np.logaddexp(np.float32(0), -z))
    return z * p, p + z * p * np.exp(-np.logaddexp(np.float32(0), z))
"""),
    Wrong(_silu(result="p, p * (1 - p)"), "this is the sigmoid: multiply it by z"),
    Wrong(_silu(result="np.maximum(z, 0), (z > 0) * 1.0"), "this is relu"),
    Wrong(_silu(result="z * p, p"), "z * sigmoid'(z) must be added to sigmoid(z)"),
    Wrong(_silu(result="z * p, z * p * (1 - p)"), "sigmoid(z) must be added to z * sigmoid'(z)"),
    Wrong(
        _silu(result="z * p, p + p * (1 - p)"), "the slope of the sigmoid must be multiplied by z"
    ),
    Wrong(_silu(result="z * p, z * p * (1 - z * p)"), "the slope where y = sigmoid(z)"),
    Wrong(_silu(result="p + z * p * (1 - p), z * p"), "the order is wrong"),
    Wrong(_silu(small="np.exp(-z)", p="1 / (1 + small)"), "exp overflowed"),
    Wrong(_silu(result="z * p"), "return two arrays: first the values, then the slopes"),
]


def _gelu(
    *,
    p: str = "normal_cdf(z)",
    bell: str = "np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi)",
    result: str = "z * p, p + z * bell",
) -> str:
    """Return a right solution with one line in another way."""
    return f"""
def gelu(z):
    p = {p}
    bell = {bell}
    return {result}
"""


GELU: list[Variant] = [
    Correct("""
def gelu(z):
    values, slopes = np.empty(z.shape), np.empty(z.shape)
    for i in np.ndindex(z.shape):
        p = 0.5 * math.erfc(-z[i] / math.sqrt(2))
        values[i] = z[i] * p
        slopes[i] = p + z[i] * math.exp(-z[i] * z[i] / 2) / math.sqrt(2 * math.pi)
    return values, slopes
"""),
    Correct(
        _gelu(
            p="normal_cdf(z).astype(np.float32)",
            bell="(np.exp(-np.square(z) / 2) / np.sqrt(2 * np.pi)).astype(np.float32)",
        )
    ),
    Correct("""
def gelu(z):
    # The slope of Φ by a central difference: far more exact than asked for.
    h = 1e-5
    bell = (normal_cdf(z + h) - normal_cdf(z - h)) / (2 * h)
    return [z * normal_cdf(z), normal_cdf(z) + z * bell]
"""),
    Wrong(_gelu(result="p, bell"), "this is the probability alone"),
    Wrong(
        _gelu(p="(1 + np.tanh(np.sqrt(2 / np.pi) * (z + 0.044715 * z**3))) / 2"),
        "this is the approximation through tanh",
    ),
    Wrong(_gelu(p="1 / (1 + np.exp(-1.702 * z))"), "this is the approximation through the sigmoid"),
    Wrong(_gelu(result="z * p, p"), "z times the bell curve must be added to normal_cdf(z)"),
    Wrong(_gelu(result="z * p, z * bell"), "normal_cdf(z) must be added to z times the bell curve"),
    Wrong(_gelu(result="z * p, p + bell"), "the bell curve must be multiplied by z"),
    Wrong(_gelu(bell="p * (1 - p)"), "p * (1 - p) is the slope of the sigmoid"),
    Wrong(_gelu(bell="np.exp(-(z**2) / 2)"), "the bell curve lacks its factor"),
    Wrong(_gelu(result="p + z * bell, z * p"), "the order is wrong"),
]

TASKS: Tasks = {
    "sigmoid_backward": SIGMOID_BACKWARD,
    "log_softmax": LOG_SOFTMAX,
    "softmax_jacobian": SOFTMAX_JACOBIAN,
    "silu": SILU,
    "gelu": GELU,
}
