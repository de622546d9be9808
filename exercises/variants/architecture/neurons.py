"""Answers to `source/architecture/neurons.ipynb`."""

from variants import Correct, Tasks, Variant, Wrong

NEURON_FORWARD: list[Variant] = [
    Correct("""
def neuron_forward(x, W, b):
    z, y = [], []
    for row in x:
        total = b
        for value, weight in zip(row, W):
            total += value * weight
        z.append(total)
        y.append(1 if total > 0 else 0)
    return [z, y]
"""),
    Correct("""
def neuron_forward(x, W, b):
    x, W = x.astype(np.float32), W.astype(np.float32)
    z = (x * W).sum(axis=1) + np.float32(b)
    return z, np.heaviside(z, 0).astype(np.uint8)
"""),
    Correct("""
def neuron_forward(x, W, b):
    # The bias as the weight of one more input that is always 1.
    x = np.column_stack([x, np.ones(len(x))])
    z = np.einsum("nd,d->n", x, np.append(W, b))
    return z, np.sign(z).clip(0).astype(np.int64)
"""),
    Wrong(
        """
def neuron_forward(x, W, b):
    z = x @ W
    return z, (z > 0).astype(int)
""",
        "the bias is missing",
    ),
    Wrong(
        """
def neuron_forward(x, W, b):
    z = (x * W + b).sum(axis=1)
    return z, (z > 0).astype(int)
""",
        "the bias came in D times",
    ),
    Wrong(
        """
def neuron_forward(x, W, b):
    z = (x * W).sum(axis=0) + b
    return z, (z > 0).astype(int)
""",
        "add up along each row, not down the columns",
    ),
    Wrong(
        """
def neuron_forward(x, W, b):
    z = x @ W.reshape(-1, 1) + b
    return z, (z > 0).astype(int)
""",
        "z is a column of shape (N, 1)",
    ),
    Wrong(
        """
def neuron_forward(x, W, b):
    z = x @ W + b
    return (z > 0).astype(int), z
""",
        "return z first, then y",
    ),
    Wrong(
        """
def neuron_forward(x, W, b):
    x *= W
    z = x.sum(axis=1) + b
    return z, (z > 0).astype(int)
""",
        "you changed x or W",
    ),
    Wrong(
        """
def neuron_forward(x, W, b):
    z = x @ W + b
    y = (z > 0).astype(int)
""",
        "None came back: the last line must be return z, y",
    ),
    Wrong(
        """
def neuron_forward(x, W, b):
    z = x @ W + b
    return z, (z >= 0).astype(int)
""",
        "an example with z = 0 must get y = 0",
    ),
    Wrong(
        """
def neuron_forward(x, W, b):
    z = x @ W + b
    return z, z > 0
""",
        "turn them into integers with .astype(int)",
    ),
    Wrong(
        """
def neuron_forward(x, W, b):
    z = x @ W + b
    return z, np.where(z > 0, 1, -1)
""",
        "this neuron answers 0 and 1",
    ),
    Wrong(
        """
def neuron_forward(x, W, b):
    z = x @ W + b
    return z, (z > 0.5).astype(int)
""",
        "0.5 is the threshold of a probability",
    ),
    Wrong(
        """
def neuron_forward(x, W, b):
    z = x @ W + b
    return z, (x @ W > 0).astype(int)
""",
        "the decision forgets the bias",
    ),
]

PERCEPTRON_UPDATE: list[Variant] = [
    Correct("""
def perceptron_update(W, b, x, target, lr):
    y = int(np.dot(W, x) > -b)
    if y == target:
        return W, b
    sign = 1 if target == 1 else -1
    return W + sign * lr * x, b + sign * lr
"""),
    Correct("""
def perceptron_update(W, b, x, target, lr):
    z = b
    for i in range(len(x)):
        z += W[i] * x[i]
    step = lr * (target - (1 if z > 0 else 0))
    return [[w + step * value for w, value in zip(W, x)], b + step]
"""),
    Correct("""
def perceptron_update(W, b, x, target, lr):
    W, b, x = W.astype(np.float32), np.float32(b), x.astype(np.float32)
    error = target - (x @ W + b > 0)
    W += np.float32(lr) * error * x
    b += np.float32(lr) * error
    return W, b
"""),
    Wrong(
        """
def perceptron_update(W, b, x, target, lr):
    y = int(x @ W + b > 0)
    error = y - target
    return W + lr * error * x, b + lr * error
""",
        "error = target - y, not y - target",
    ),
    Wrong(
        """
def perceptron_update(W, b, x, target, lr):
    error = abs(target - int(x @ W + b > 0))
    return W + lr * error * x, b + lr * error
""",
        "abs(target - y) loses that sign",
    ),
    Wrong(
        """
def perceptron_update(W, b, x, target, lr):
    error = target - int(x @ W + b > 0)
    return W + error * x, b + error
""",
        "the learning rate is missing",
    ),
    Wrong(
        """
def perceptron_update(W, b, x, target, lr):
    error = target - int(x @ W + b > 0)
    return W + lr * error * x, b
""",
        "the bias must learn too",
    ),
    Wrong(
        """
def perceptron_update(W, b, x, target, lr):
    error = target - int(x @ W + b > 0)
    return W + lr * error * x, b + lr * error * x
""",
        "the new bias must be one number",
    ),
    Wrong(
        """
def perceptron_update(W, b, x, target, lr):
    error = target - (x @ W + b)
    return W + lr * error * x, b + lr * error
""",
        "the error compares the target with the decision y, not with the score z",
    ),
    Wrong(
        """
def perceptron_update(W, b, x, target, lr):
    sign = 1 if target == 1 else -1
    return W + lr * sign * x, b + lr * sign
""",
        "you learn from right answers too",
    ),
    Wrong(
        """
def perceptron_update(W, b, x, target, lr):
    if target == 1 and x @ W + b <= 0:
        return W + lr * x, b + lr
    return W, b
""",
        "the rule learns from both kinds of mistake",
    ),
    Wrong(
        """
def perceptron_update(W, b, x, target, lr):
    y = 1 if x @ W + b > 0 else -1
    error = (2 * target - 1) - y
    return W + lr * error * x, b + lr * error
""",
        "the step is twice too large",
    ),
    Wrong(
        """
def perceptron_update(W, b, x, target, lr):
    error = target - int(x @ W + b >= 0)
    return W + lr * error * x, b + lr * error
""",
        "at z = 0 the neuron answers 0",
    ),
    Wrong(
        """
def perceptron_update(W, b, x, target, lr):
    error = target - int(x @ W > 0)
    return W + lr * error * x, b + lr * error
""",
        "the decision forgets the bias",
    ),
    Wrong(
        """
def perceptron_update(W, b, x, target, lr):
    error = target - int(x @ W + b > 0)
    W += lr * error * x
    b += lr * error
    return W, b
""",
        "you changed W in place",
    ),
]

POCKET: list[Variant] = [
    Correct("""
def pocket(x, targets, epochs):
    N, D = len(x), len(x[0])
    W, b = [0.0] * D, 0.0

    def decide(row):
        total = b
        for value, weight in zip(row, W):
            total += value * weight
        return 1 if total > 0 else 0

    def mistakes():
        return sum(decide(x[i]) != targets[i] for i in range(N))

    best = (list(W), b, mistakes())
    for epoch in range(epochs):
        for i in range(N):
            error = int(targets[i]) - decide(x[i])
            if error == 0:
                continue
            for j in range(D):
                W[j] += error * x[i][j]
            b += error
            if mistakes() < best[2]:
                best = (list(W), b, mistakes())
    return list(best)
"""),
    Correct("""
def pocket(x, targets, epochs):
    # The bias as the weight of an input that is always 1; targets as signs; float32.
    x = np.column_stack([x, np.ones(len(x))]).astype(np.float32)
    W = np.zeros(x.shape[1], dtype=np.float32)
    best, fewest = W.copy(), int(np.count_nonzero(targets))
    for i in np.tile(np.arange(len(x)), epochs):
        fires = x[i] @ W > 0
        if fires == bool(targets[i]):
            continue
        W += -x[i] if fires else x[i]
        count = int(np.count_nonzero((x @ W > 0) ^ (targets > 0)))
        if count < fewest:
            best, fewest = W.copy(), count
            if fewest == 0:
                break
    return best[:-1], best[-1], fewest
"""),
    Correct("""
def pocket(x, targets, epochs):
    met = [(np.zeros(x.shape[1]), 0.0)]
    for _ in range(epochs):
        for x_i, target in zip(x, targets):
            W, b = met[-1]
            y = int(x_i @ W + b > 0)
            if y != target:
                met.append((W + (target - y) * x_i, b + (target - y)))
    counts = [np.abs((x @ W + b > 0).astype(int) - targets).sum() for W, b in met]
    first = int(np.argmin(counts))  # argmin takes the first of equals
    return met[first][0], met[first][1], counts[first]
"""),
]


def _pocket(
    *,
    start: str = "best_W, best_b, fewest = W, b, mistakes(W, b)",
    change: str = "W, b = W + error * x_i, b + error",
    keep: str = "count < fewest",
    after_keep: str = "",
    each_epoch: str = "",
    result: str = "best_W, best_b, fewest",
    order: str = "zip(x, targets)",
    first: str = "",
    decision: str = "x_i @ W + b > 0",
) -> str:
    """Return the model solution with one line in another way."""
    return f"""
def pocket(x, targets, epochs):
    def mistakes(W, b):
        return int(np.sum((x @ W + b > 0) != (targets == 1)))

    {first}
    W, b = np.zeros(x.shape[1]), 0.0
    {start}
    for _ in range(epochs):
        {each_epoch}
        for x_i, target in {order}:
            error = target - int({decision})
            if error != 0:
                {change}
                count = mistakes(W, b)
                if {keep}:
                    best_W, best_b, fewest = W, b, count
                {after_keep}
    return {result}
"""


POCKET += [
    # The first three are not about ties; the test of ties must say so.
    Wrong(
        _pocket(result="W, b, mistakes(W, b)"),
        "this is not about ties: you return the last neuron",
    ),
    Wrong(
        _pocket(change="W += error * x_i; b += error"),
        "this is not about ties: these are not the weights that were best",
    ),
    Wrong(
        _pocket(start="fewest = len(x) + 1"),
        "this is not about ties: the first neuron, all zeros, was better",
    ),
    Wrong(_pocket(keep="count <= fewest"), "on a tie the older neuron stays"),
    Wrong(
        _pocket(result="best_W, best_b, fewest / len(x)"),
        "return how many examples are wrong, not which share of them",
    ),
    Wrong(
        _pocket(after_keep="W, b = best_W, best_b"),
        "you learn on from the pocket's neuron",
    ),
    Wrong(
        _pocket(each_epoch="W, b = best_W, best_b"),
        "you learn on from the pocket's neuron",
    ),
    Wrong(_pocket(order="list(zip(x, targets))[::-1]"), "in the given order"),
    Wrong(
        _pocket(
            first="targets[targets == 0] = -1",
            change="W, b = W + target * x_i, b + target",
            decision="x_i @ W + b > 0) * 2 + int(1",
        ),
        "you changed the targets",
    ),
    Wrong(_pocket(result="best_W, best_b"), "return three things"),
    Wrong(
        """
def pocket(x, targets, epochs):
    def mistakes(W, b):
        return int(np.sum((x @ W + b > 0) != (targets == 1)))

    W, b = np.zeros(x.shape[1]), 0.0
    best_W, best_b, fewest = W, b, mistakes(W, b)
    for _ in range(epochs):
        for x_i, target in zip(x, targets):
            error = target - int(x_i @ W + b > 0)
            W, b = W + error * x_i, b + error
        count = mistakes(W, b)
        if count < fewest:
            best_W, best_b, fewest = W, b, count
    return best_W, best_b, fewest
""",
        "compare after every change, not once an epoch",
    ),
    Wrong(
        """
def pocket(x, targets, epochs):
    W, b = np.zeros(x.shape[1]), 0.0
    best_W, best_b, fewest = W, b, len(x)
    for _ in range(epochs):
        count = 0
        for x_i, target in zip(x, targets):
            error = target - int(x_i @ W + b > 0)
            count += error != 0
            W, b = W + error * x_i, b + error
        if count < fewest:
            best_W, best_b, fewest = W, b, count
    return best_W, best_b, fewest
""",
        "not the mistakes that the rule makes as it passes through them",
    ),
]

FIND_NEURON: list[Variant] = [
    Correct("""
def find_neuron(x, targets, epochs):
    W, b = [0.0] * len(x[0]), 0.0
    for _ in range(epochs):
        learned = False
        for row, target in zip(x, targets):
            z = b + sum(w * value for w, value in zip(W, row))
            error = int(target) - (1 if z > 0 else 0)
            if error != 0:
                learned = True
                W = [w + error * value for w, value in zip(W, row)]
                b += error
        if not learned:
            return [W, b]
"""),
    Correct("""
def find_neuron(x, targets, epochs):
    # The examples that should be silent, turned round: now all must have a score above 0.
    ones = np.column_stack([x, np.ones(len(x))]).astype(np.float32)
    signs = np.where(targets == 1, 1, -1).astype(np.float32)
    V = np.zeros(ones.shape[1], dtype=np.float32)
    for _ in range(epochs):
        for row, sign in zip(ones, signs):
            if sign * (row @ V) <= 0:
                V = V + sign * row
        if (signs * (ones @ V) > 0).all():
            return V[:-1], V[-1]
    return None
"""),
    Correct("""
def find_neuron(x, targets, epochs):
    W, b, lr = np.zeros(x.shape[1]), 0.0, 0.25
    answer = None
    for i in list(range(len(x))) * epochs:
        y = (x @ W + b > 0).astype(int)
        if (y == targets).all():
            answer = W, b
            break
        W = W + lr * (targets[i] - y[i]) * x[i]
        b = b + lr * (targets[i] - y[i])
    return answer
"""),
]


def _find_neuron(
    *,
    update: str = "W, b = W + error * x_i, b + error",
    decision: str = "x_i @ W + b > 0",
    done: str = "np.array_equal(x @ W + b > 0, targets == 1)",
    none: str = "None",
    first: str = "",
    inputs: str = "x.shape[1]",
) -> str:
    """Return the model solution with one line in another way."""
    return f"""
def find_neuron(x, targets, epochs):
    {first}
    W, b = np.zeros({inputs}), 0.0
    for _ in range(epochs):
        for x_i, target in zip(x, targets):
            error = target - int({decision})
            {update}
        if {done}:
            return W, b
    return {none}
"""


FIND_NEURON += [
    Wrong(_find_neuron(none="W, b"), "no neuron decides all of these correctly"),
    Wrong(_find_neuron(none="False"), "return None, not False"),
    Wrong(_find_neuron(none="None, None"), "return None itself, not None inside a tuple"),
    Wrong(_find_neuron(update="W = W + error * x_i"), "train the bias"),
    Wrong(_find_neuron(update="if target == 1: W, b = W + error * x_i, b + error"), "both kinds"),
    Wrong(_find_neuron(done="error == 0"), "gets an example wrong: check all N"),
    Wrong(
        _find_neuron(
            decision="x_i @ W + b >= 0", done="np.array_equal(x @ W + b >= 0, targets == 1)"
        ),
        "it fires above 0, so 0 means silent",
    ),
    Wrong(_find_neuron(first="epochs = 1"), "do you use all epochs"),
    Wrong(_find_neuron(inputs="2"), "It stopped with an error of the kind ValueError"),
    Wrong(
        _find_neuron(first="x -= x.mean(axis=0)"),
        "you changed x or targets",
    ),
    Wrong(
        """
def find_neuron(x, targets, epochs):
    return None
""",
        "there is a neuron for this, but you returned None",
    ),
    Wrong(_find_neuron(update="W, b = W - error * x_i, b - error"), "there is a neuron for this"),
]

TASKS: Tasks = {
    "neuron_forward": NEURON_FORWARD,
    "perceptron_update": PERCEPTRON_UPDATE,
    "pocket": POCKET,
    "find_neuron": FIND_NEURON,
}
