"""Answers to `source/architecture/layers.ipynb`."""

from variants import Correct, Tasks, Variant, Wrong

DENSE_FORWARD: list[Variant] = [
    Correct("""
def dense_forward(x, W, b):
    y = []
    for row in x:
        answers = []
        for j in range(len(b)):
            total = b[j]
            for i in range(len(row)):
                total += row[i] * W[i, j]
            answers.append(total)
        y.append(answers)
    return y
"""),
    Correct("""
def dense_forward(x, W, b):
    x, W, b = x.astype(np.float32), W.astype(np.float32), b.astype(np.float32)
    return np.einsum("ni,ij->nj", x, W) + b[None, :]
"""),
    Correct("""
def dense_forward(x, W, b):
    # The bias as the weights of one more input that is always 1.
    x = np.hstack([x, np.ones((x.shape[0], 1))])
    return x.dot(np.vstack([W, b]))
"""),
    Correct("""
def dense_forward(x, W, b):
    # The layer of other books: examples are columns, neurons are rows.
    return (W.T @ x.T + b.reshape(-1, 1)).T
"""),
    Wrong(
        """
def dense_forward(x, W, b):
    return x @ W
""",
        "the bias is missing",
    ),
    Wrong(
        """
def dense_forward(x, W, b):
    return x @ W.T + b
""",
        "this is the transposed W",
    ),
    Wrong(
        """
def dense_forward(x, W, b):
    return W @ x + b
""",
        "x stands on the left of W",
    ),
    Wrong(
        """
def dense_forward(x, W, b):
    return x @ W + b.reshape(-1, 1)
""",
        "the bias went down the wrong axis",
    ),
    Wrong(
        """
def dense_forward(x, W, b):
    return x * W + b
""",
        "the sign * multiplies entry by entry",
    ),
    Wrong(
        """
def dense_forward(x, W, b):
    return np.maximum(0, x @ W + b)
""",
        "this task has no activation",
    ),
    Wrong(
        """
def dense_forward(x, W, b):
    for row in x:
        y = row @ W + b
    return y
""",
        "this is one row only",
    ),
    Wrong(
        """
def dense_forward(x, W, b):
    y = np.zeros((len(x), len(b)))
    for i in range(x.shape[1]):
        y += np.outer(x[:, i], W[i]) + b
    return y
""",
        "the bias came in D_in times",
    ),
    Wrong(
        """
def dense_forward(x, W, b):
    rows = []
    for row in x:
        y = b
        y += row @ W
        rows.append(y.copy())
    return np.array(rows)
""",
        "you changed b",
    ),
]

COUNT_PARAMETERS: list[Variant] = [
    Correct("""
def count_parameters(widths):
    total = 0
    for i in range(1, len(widths)):
        for neuron in range(widths[i]):
            total += widths[i - 1]  # its weights
            total += 1  # its bias
    return total
"""),
    Correct("""
def count_parameters(widths):
    D = np.array(widths)
    return D[:-1] @ D[1:] + D[1:].sum()
"""),
    Correct("""
def count_parameters(widths):
    if len(widths) < 2:
        return 0
    first, second, *_ = widths
    return first * second + second + count_parameters(widths[1:])
"""),
    Correct("""
def count_parameters(widths):
    arrays = []
    for D_in, D_out in zip(widths[:-1], widths[1:]):
        arrays += [np.zeros((D_in, D_out)), np.zeros(D_out)]
    return int(sum(array.size for array in arrays))
"""),
    Wrong(
        """
def count_parameters(widths):
    return sum(a * b for a, b in zip(widths, widths[1:]))
""",
        "these are the weights only",
    ),
    Wrong(
        """
def count_parameters(widths):
    return sum(a * b for a, b in zip(widths, widths[1:])) + sum(widths)
""",
        "you counted biases for the inputs",
    ),
    Wrong(
        """
def count_parameters(widths):
    return sum(a * b + a for a, b in zip(widths, widths[1:]))
""",
        "the biases are on the wrong side",
    ),
    Wrong(
        """
def count_parameters(widths):
    return sum(a * b + 1 for a, b in zip(widths, widths[1:]))
""",
        "one bias for a whole layer is too few",
    ),
    Wrong(
        """
def count_parameters(widths):
    total = (widths[0] + 1) * widths[1]
    if len(widths) > 2:
        total += (widths[-2] + 1) * widths[-1]
    return total
""",
        "this is the first and the last layer",
    ),
    Wrong(
        """
def count_parameters(widths):
    total = 0
    for i in range(len(widths) - 2):
        total += (widths[i] + 1) * widths[i + 1]
    return total
""",
        "the last layer is missing",
    ),
    Wrong(
        """
def count_parameters(widths):
    total = 0.0
    for D_in, D_out in zip(widths, widths[1:]):
        total += (D_in + 1) * D_out
    return total
""",
        "a number of parameters is whole",
    ),
    Wrong(
        """
def count_parameters(widths):
    total, D_in = 0, widths.pop(0)
    while widths:
        D_out = widths.pop(0)
        total += (D_in + 1) * D_out
        D_in = D_out
    return total
""",
        "you changed the list of widths",
    ),
    Wrong(
        """
def count_parameters(widths):
    return sum(widths)
""",
        "this counts the neurons",
    ),
]

MLP_FORWARD: list[Variant] = [
    Correct("""
def mlp_forward(x, weights, biases):
    for i in range(len(weights)):
        x = x @ weights[i] + biases[i]
        if i < len(weights) - 1:
            x = x * (x > 0)
    return x
"""),
    Correct("""
def mlp_forward(x, weights, biases):
    z = x @ weights[0] + biases[0]
    if len(weights) == 1:
        return z
    return mlp_forward(np.where(z > 0, z, 0), weights[1:], biases[1:])
"""),
    Correct("""
def mlp_forward(x, weights, biases):
    outputs = []
    for row in x:
        h = list(row)
        for layer, (W, b) in enumerate(zip(weights, biases), start=1):
            z = [sum(h[i] * W[i, j] for i in range(len(h))) + b[j] for j in range(len(b))]
            h = z if layer == len(weights) else [max(0.0, value) for value in z]
        outputs.append(h)
    return outputs
"""),
    Correct("""
def mlp_forward(x, weights, biases):
    # The ReLU comes before every layer but the first.
    y = x.astype(np.float32)
    for i, (W, b) in enumerate(zip(weights, biases)):
        if i:
            y[y < 0] = 0
        y = y @ W.astype(np.float32) + b.astype(np.float32)
    return y
"""),
    Wrong(
        """
def mlp_forward(x, weights, biases):
    h = x
    for W, b in zip(weights, biases):
        h = np.maximum(0, h @ W + b)
    return h
""",
        "there is a ReLU after the last layer",
    ),
    Wrong(
        """
def mlp_forward(x, weights, biases):
    h = x
    for W, b in zip(weights, biases):
        h = h @ W + b
    return h
""",
        "the ReLU between the layers is missing",
    ),
    Wrong(
        """
def mlp_forward(x, weights, biases):
    for W, b in zip(weights[:-1], biases[:-1]):
        h = np.maximum(0, x @ W + b)
    return x @ weights[-1] + biases[-1]
""",
        "every layer got x",
    ),
    Wrong(
        """
def mlp_forward(x, weights, biases):
    h = x
    for W in weights[:-1]:
        h = np.maximum(0, h @ W)
    return h @ weights[-1]
""",
        "the biases are missing",
    ),
    Wrong(
        """
def mlp_forward(x, weights, biases):
    h = x
    for W, b in zip(weights[:-1], biases[:-1]):
        h = np.maximum(0, h @ W) + b
    return h @ weights[-1] + biases[-1]
""",
        "a bias came after the ReLU",
    ),
    Wrong(
        """
def mlp_forward(x, weights, biases):
    y = x
    for W, b in zip(weights, biases):
        y = np.maximum(0, y) @ W + b
    return y
""",
        "the ReLU went over the inputs",
    ),
    Wrong(
        """
def mlp_forward(x, weights, biases):
    h = np.maximum(0, x @ weights[0] + biases[0])
    return h @ weights[1] + biases[1]
""",
        "you stop after the second layer",
    ),
    Wrong(
        """
def mlp_forward(x, weights, biases):
    last_W, last_b = weights.pop(), biases.pop()
    h = x
    for W, b in zip(weights, biases):
        h = np.maximum(0, h @ W + b)
    return h @ last_W + last_b
""",
        "you changed the lists",
    ),
    Wrong(
        """
def mlp_forward(x, weights, biases):
    h = x
    for W, b in zip(weights[:-1], biases[:-1]):
        h = abs(h @ W + b)
    return h @ weights[-1] + biases[-1]
""",
        "a negative sum became positive",
    ),
]

SKIP_FORWARD: list[Variant] = [
    Correct("""
def skip_forward(x, W, b, W_skip=None):
    z = x @ W + b
    way_around = x if W_skip is None else x @ W_skip
    return way_around + z * (z > 0)
"""),
    Correct("""
def skip_forward(x, W, b, W_skip=None):
    # Without a projection: with the one that changes nothing.
    if W_skip is None:
        W_skip = np.eye(len(W), dtype=np.float32)
    x, W, b = (array.astype(np.float32) for array in (x, W, b))
    return np.dot(x, W_skip) + np.where(x.dot(W) > -b, x.dot(W) + b, 0)
"""),
    Correct("""
def skip_forward(x, W, b, W_skip=None):
    y = []
    for row in x:
        answers = []
        for j in range(len(b)):
            z = sum(row[i] * W[i][j] for i in range(len(row))) + b[j]
            if W_skip is None:
                skipped = row[j]
            else:
                skipped = sum(row[i] * W_skip[i][j] for i in range(len(row)))
            answers.append(skipped + max(z, 0.0))
        y.append(answers)
    return y
"""),
    Wrong(
        """
def skip_forward(x, W, b, W_skip=None):
    return np.maximum(0, x @ W + b)
""",
        "the input does not come around the layer",
    ),
    Wrong(
        """
def skip_forward(x, W, b, W_skip=None):
    skipped = x if W_skip is None else x @ W_skip
    return np.maximum(0, skipped + x @ W + b)
""",
        "the ReLU came after the sum",
    ),
    Wrong(
        """
def skip_forward(x, W, b, W_skip=None):
    skipped = x if W_skip is None else x @ W_skip
    return skipped + x @ W + b
""",
        "the ReLU is missing",
    ),
    Wrong(
        """
def skip_forward(x, W, b, W_skip=None):
    f = np.maximum(0, x @ W + b)
    if f.shape == x.shape:
        return x + f
    return x @ W_skip + f
""",
        "W_skip is given, so it must be used",
    ),
    Wrong(
        """
def skip_forward(x, W, b, W_skip=None):
    f = np.maximum(0, x @ W + b)
    if W_skip is None:
        return x + f
    return x + f @ W_skip
""",
        "the projection went over the layer's answer",
    ),
    Wrong(
        """
def skip_forward(x, W, b, W_skip=None):
    f = np.maximum(0, x @ W + b)
    if W_skip is None:
        return x + f
    return x @ W_skip.T + f
""",
        "W_skip is transposed",
    ),
    Wrong(
        """
def skip_forward(x, W, b, W_skip=None):
    f = np.maximum(0, x @ W + b)
    skipped = x if W_skip is None else x @ W_skip
    return np.concatenate([skipped, f], axis=1)
""",
        "a skip connection adds them",
    ),
    Wrong(
        """
def skip_forward(x, W, b, W_skip=None):
    f = np.maximum(0, x @ W + b)
    y = x if W_skip is None else x @ W_skip
    y += f
    return y
""",
        "you changed x",
    ),
    Wrong(
        """
def skip_forward(x, W, b, W_skip=None):
    f = np.maximum(0, x @ W + b)
    if W_skip is None:
        return x + f
    return (x @ W_skip + b) + f
""",
        "the projection has no bias",
    ),
]

TASKS: Tasks = {
    "dense_forward": DENSE_FORWARD,
    "count_parameters": COUNT_PARAMETERS,
    "mlp_forward": MLP_FORWARD,
    "skip_forward": SKIP_FORWARD,
}
