"""Answers to `source/architecture/expressiveness.ipynb`."""

from variants import Correct, Tasks, Variant, Wrong


def _collapse(W: str = "W_1 @ W_2", b: str = "b_1 @ W_2 + b_2") -> str:
    """Return the model solution with another formula for one of the two."""
    return f"""
def collapse(W_1, b_1, W_2, b_2):
    return {W}, {b}
"""


COLLAPSE: list[Variant] = [
    Correct("""
def collapse(W_1, b_1, W_2, b_2):
    D, H, K = len(W_1), len(W_2), len(b_2)
    W = [[sum(W_1[d][h] * W_2[h][k] for h in range(H)) for k in range(K)] for d in range(D)]
    b = [b_2[k] + sum(b_1[h] * W_2[h][k] for h in range(H)) for k in range(K)]
    return W, b
"""),
    Correct("""
def collapse(W_1, b_1, W_2, b_2):
    # Ask the two layers: x = 0 tells the bias, each unit vector adds a row of W.
    def stack(x):
        return (x @ W_1 + b_1) @ W_2 + b_2

    b = stack(np.zeros(len(W_1)))
    return stack(np.eye(len(W_1))) - b, b
"""),
    Correct("""
def collapse(W_1, b_1, W_2, b_2):
    # The bias as the last row of the weights, in float32.
    first = np.vstack([W_1, b_1]).astype(np.float32)
    both = first @ W_2.astype(np.float32)
    both[-1] += b_2.astype(np.float32)
    return both[:-1], both[-1]
"""),
    Wrong(_collapse(W="W_2 @ W_1"), "multiplied in the wrong order"),
    Wrong(_collapse(W="W_1 * W_2"), "multiplies entry by entry"),
    Wrong(_collapse(W="(W_1 @ W_2).T"), "this is W transposed"),
    Wrong(_collapse(b="b_2"), "the first bias is missing"),
    Wrong(_collapse(b="b_1 @ W_2"), "the second bias is missing"),
    Wrong(_collapse(b="b_1 + b_2"), "b_1 is not just added"),
    Wrong(_collapse(b="(b_1 + b_2) @ W_2"), "b_2 is added after W_2"),
    Wrong(_collapse(b="W_2 @ b_1 + b_2"), "it stands on the left of W_2"),
    Wrong(
        """
def collapse(W_1, b_1, W_2, b_2):
    b_2 += b_1 @ W_2
    return W_1 @ W_2, b_2
""",
        "in place: compute in new arrays",
    ),
]


def _xor(
    *,
    W_1: str = "np.full((2, 2), 1 / (high - low))",
    b_1: str = "np.array([0.0, -1.0]) - 2 * low / (high - low)",
    W_2: str = "np.array([[1.0], [-2.0]])",
    b_2: str = "np.zeros(1)",
) -> str:
    """Return the model solution with other numbers in one place."""
    return f"""
def xor_network(low, high):
    W_1 = {W_1}
    b_1 = {b_1}
    W_2 = {W_2}
    b_2 = {b_2}
    return W_1, b_1, W_2, b_2
"""


XOR_NETWORK: list[Variant] = [
    Correct("""
def xor_network(low, high):
    # The distance |x1 - x2|, from a hinge on either side.
    return [[1, -1], [-1, 1]], [0, 0], [[1 / (high - low)]] * 2, [0]
"""),
    Correct("""
def xor_network(low, high):
    # 1 less what is missing if both are low, less what is too much if both are high.
    size = np.float32(high - low)
    W_1 = np.array([[-1, 1], [-1, 1]], dtype=np.float32) / size
    b_1 = np.array([low + high, -(low + high)], dtype=np.float32) / size
    W_2 = np.array([[-1], [-1]], dtype=np.float32)
    return [W_1, b_1, W_2, np.ones(1, dtype=np.float32)]
"""),
    Correct("""
def xor_network(low, high):
    # OR less twice AND, with the scale in the second layer.
    W_1 = np.ones((2, 2))
    b_1 = np.array([-2.0 * low, -(low + high)])
    W_2 = np.array([[1.0], [-2.0]]) / (high - low)
    return W_1, b_1, W_2, np.array([0.0])
"""),
    Wrong(
        _xor(W_1="np.ones((2, 2))", b_1="np.array([0.0, -1.0])"), "the inputs here are low and high"
    ),
    Wrong(
        _xor(W_1="np.ones((2, 2))", b_1="np.array([-2.0 * low, -low - high])"),
        "the answers must be 0 and 1, whatever the levels",
    ),
    Wrong(
        _xor(
            W_1="np.ones((2, 2)) * (high - low)",
            b_1="-np.array([2.0 * low, low + high]) * (high - low)",
        ),
        "the scale is upside down",
    ),
    Wrong(_xor(W_2="np.array([[1.0], [-1.0]])"), "this is OR"),
    Wrong(_xor(W_2="np.array([[0.0], [1.0]])"), "this is AND"),
    Wrong(_xor(W_2="np.array([[-1.0], [2.0]])", b_2="np.ones(1)"), "this is upside down"),
    Wrong(_xor(W_2="np.array([[1.0], [0.0]])"), "this is the sum of the inputs"),
    Wrong(_xor(W_1="-np.ones((2, 2)) / (high - low)", b_1="np.zeros(2)"), "this is not XOR"),
    Wrong(_xor(W_2="np.array([1.0, -2.0])"), "W_2 must have shape (2, 1)"),
    Wrong(_xor(W_2="np.array([[2.0], [-4.0]])"), "the answers must be exactly 0 and 1"),
]


def _kinks(
    *,
    bent: str = "W_1[0] != 0",
    places: str = "-b / w",
    turns: str = "np.abs(w) * a",
    result: str = "[c for c in np.unique(places) if turns[places == c].sum() != 0]",
) -> str:
    """Return the model solution with one line in another way."""
    return f"""
def kinks(W_1, b_1, W_2):
    bent = {bent}
    w, b, a = W_1[0, bent], b_1[bent], W_2[bent, 0]
    places = {places}
    turns = {turns}
    return np.array({result})
"""


KINKS: list[Variant] = [
    Correct("""
def kinks(W_1, b_1, W_2):
    turns = {}
    for w, b, a in zip(W_1[0], b_1, W_2[:, 0]):
        if w != 0:
            place = -float(b) / float(w)
            turns[place] = turns.get(place, 0.0) + abs(float(w)) * float(a)
    return sorted(place for place, turn in turns.items() if turn != 0)
"""),
    Correct("""
def kinks(W_1, b_1, W_2):
    # Measure the slope on both sides of each candidate, half-way to its neighbours.
    w = W_1[0]
    candidates = np.unique(-b_1[w != 0] / w[w != 0])
    if len(candidates) == 0:
        return candidates
    middle = (candidates[1:] + candidates[:-1]) / 2
    x = np.concatenate([[candidates[0] - 1], middle, [candidates[-1] + 1]])
    awake = (x[:, None] * w + b_1 > 0).astype(float)
    slopes = awake @ (w * W_2[:, 0])
    return candidates[np.abs(np.diff(slopes)) > 1e-9]
"""),
    Correct("""
def kinks(W_1, b_1, W_2):
    w, b, a = (array.astype(np.float32) for array in (W_1[0], b_1, W_2[:, 0]))
    w, b, a = w[w != 0], b[w != 0], a[w != 0]
    places, where = np.unique(-b / w, return_inverse=True)
    turns = np.bincount(where.ravel(), weights=np.abs(w) * a, minlength=len(places))
    return places[~np.isclose(turns, 0)]
"""),
    Wrong(_kinks(places="b / w"), "the sign is wrong"),
    Wrong(_kinks(places="-b"), "divide by the weight"),
    Wrong(_kinks(places="-b / w", result="places"), "sort the places"),
    Wrong(_kinks(result="np.unique(places)"), "the changes of slope add up to 0"),
    Wrong(_kinks(result="np.sort(places[turns != 0])"), "name it once"),
    Wrong(_kinks(turns="a"), "not the output weight alone"),
    Wrong(_kinks(turns="w * a"), "whichever sign w has"),
    Wrong(_kinks(bent="W_1[0] > 0"), "neurons with w < 0 bend as well"),
    Wrong(
        _kinks(
            bent="np.arange(len(b_1))",
            places="np.where(w == 0, np.inf, -b / np.where(w == 0, 1, w))",
            turns="a",
        ),
        "infinity is no place",
    ),
    Wrong(_kinks(bent="(W_1[0] != 0) & (b_1 != 0)"), "a bias of 0 puts a kink at x = 0"),
]


def _interpolator(
    *,
    slopes: str = "np.diff(y_knots) / np.diff(x_knots)",
    turns: str = "np.diff(slopes, prepend=0.0, append=0.0)",
    x: str = "x_knots",
    b_1: str = "-x",
    b_2: str = "y_knots[:1]",
    W_2: str = "turns[:, None]",
) -> str:
    """Return the model solution with one line in another way."""
    return f"""
def interpolator(x_knots, y_knots):
    slopes = {slopes}
    turns = {turns}
    x = {x}[: len(turns)]
    return [np.ones((1, len(turns))), {b_1}, {W_2}, {b_2}]
"""


INTERPOLATOR: list[Variant] = [
    Correct("""
def interpolator(x_knots, y_knots):
    # A ramp for each piece, from two hinges: it climbs by 1 per unit and then stays.
    W_1, b_1, W_2 = [], [], []
    for k in range(len(x_knots) - 1):
        left, right = float(x_knots[k]), float(x_knots[k + 1])
        slope = float(y_knots[k + 1] - y_knots[k]) / (right - left)
        W_1 += [1.0, 1.0]
        b_1 += [-left, -right]
        W_2 += [[slope], [-slope]]
    return [W_1], b_1, W_2, [float(y_knots[0])]
"""),
    Correct("""
def interpolator(x_knots, y_knots):
    # From right to left, with hinges that open to the left, in float32.
    x, y = x_knots.astype(np.float32), y_knots.astype(np.float32)
    slopes = np.concatenate([[0], (y[1:] - y[:-1]) / (x[1:] - x[:-1]), [0]]).astype(np.float32)
    turns = slopes[1:] - slopes[:-1]
    return -np.ones((1, len(x)), np.float32), x, turns.reshape(-1, 1), y[-1:]
"""),
    Correct("""
def interpolator(x_knots, y_knots):
    # Solve for the output weights: at every knot the network must have its height.
    K = len(x_knots)
    scale = np.linspace(1, 2, K)
    W_1, b_1 = scale[None, :], -scale * x_knots
    hidden = np.maximum(x_knots[1:, None] @ W_1 + b_1, 0)
    W_2 = np.zeros((K, 1))
    W_2[:-1, 0] = np.linalg.solve(hidden[:, :-1], y_knots[1:] - y_knots[0])
    W_2[-1, 0] = -(scale[:-1] @ W_2[:-1, 0]) / scale[-1]
    return W_1, b_1, W_2, np.array([y_knots[0]])
"""),
    Wrong(_interpolator(turns="slopes"), "changes of slope, not slopes"),
    Wrong(
        _interpolator(turns="np.diff(slopes, prepend=0.0)"),
        "behind the last knot your curve goes on with the last slope",
    ),
    Wrong(_interpolator(b_2="np.zeros(1)"), "the bias of the output is the first height"),
    Wrong(_interpolator(slopes="np.diff(y_knots)"), "a slope is a rise divided by a step"),
    Wrong(_interpolator(b_1="x"), "the bias is minus the knot"),
    Wrong(
        _interpolator(
            x="np.linspace(x_knots[0], x_knots[-1], len(x_knots))",
            slopes="np.diff(y_knots) * (len(x_knots) - 1) / (x_knots[-1] - x_knots[0])",
        ),
        "your knots stand at equal steps",
    ),
    Wrong(
        _interpolator(turns="np.concatenate([[0.0], np.diff(slopes), -slopes[-1:]])"),
        "the first piece is flat",
    ),
    Wrong(_interpolator(W_2="turns"), "W_2 must have shape (H, 1)"),
    Wrong(
        """
def interpolator(x_knots, y_knots):
    # One hinge more, far to the left, that carries the first slope.
    slopes = np.diff(y_knots) / np.diff(x_knots)
    far = x_knots[0] - 100
    knots = np.concatenate([[far], x_knots[1:-1], x_knots[-1:]])
    turns = np.concatenate([slopes[:1], np.diff(slopes), -slopes[-1:]])
    b_2 = y_knots[:1] - 100 * slopes[0]
    return np.ones((1, len(knots))), -knots, turns[:, None], b_2
""",
        "before the first knot your curve goes on with the first slope",
    ),
    Wrong(
        """
def interpolator(x_knots, y_knots):
    # A jump at every knot, as steep as two hinges make it.
    rises = np.diff(y_knots)
    knots = x_knots[1:]
    W_1 = np.ones((1, 2 * len(knots)))
    b_1 = -np.concatenate([knots - 0.001, knots])
    W_2 = np.concatenate([rises, -rises]) / 0.001
    return W_1, b_1, W_2[:, None], y_knots[:1]
""",
        "this is a staircase",
    ),
]

TASKS: Tasks = {
    "collapse": COLLAPSE,
    "xor_network": XOR_NETWORK,
    "kinks": KINKS,
    "interpolator": INTERPOLATOR,
}
