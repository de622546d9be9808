"""Demo of the chapter on attention: whom a small transformer looks at while it reads.

Equation: ``weights**(1 / temperature) / sum``, the weights of scores divided by the temperature.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from course_lib._checks import Array, check_array, check_positive
from course_lib.architecture import Dense, Sequential, softmax
from course_lib.challenges import Embedding, PerStep, Positions, TransformerBlock
from course_lib.datasets import Vocabulary, load_text
from course_lib.plotting import style
from course_lib.training import Adam, SoftmaxCrossEntropy

STEPS, FEATURES, HEADS, HIDDEN = 32, 48, 4, 192
BATCH, UPDATES, LOOK_EVERY, RATE = 24, 1000, 100, 0.01
SENTENCE = "the weights of a network"
NETWORKS = ("trained", "fresh")
TEMPERATURES = (0.25, 0.5, 1.0, 2.0, 4.0)


def split_text(text: str) -> tuple[str, str]:
    r"""Keep every tenth paragraph of a text apart, so that the rest can be learned from.

    Examples
    --------
    >>> seen, unseen = split_text("\n\n".join("abcdefghijkl"))
    >>> seen.replace("\n", ""), unseen
    ('abcdefghikl', 'j')
    """
    paragraphs = text.split("\n\n")
    seen = [paragraph for i, paragraph in enumerate(paragraphs) if i % 10 != 9]
    return "\n\n".join(seen), "\n\n".join(paragraphs[9::10])


def make_model(V: int, *, rng: np.random.Generator) -> Sequential:
    """Make a causal transformer of one block that guesses the next of V characters.

    Examples
    --------
    >>> model = make_model(50, rng=np.random.default_rng(0))
    >>> model.forward(np.zeros((2, 7), int)).shape
    (2, 7, 50)
    """
    number = np.float32
    return Sequential(
        Embedding(V, FEATURES, rng=rng, dtype=number),
        Positions(STEPS, FEATURES, rng=rng, dtype=number),
        TransformerBlock(FEATURES, HEADS, HIDDEN, rng=rng, causal=True, dtype=number),
        PerStep(Dense(FEATURES, V, rng=rng, dtype=number)),
    )


@dataclass(frozen=True)
class Look:
    """A transformer at one moment of its training.

    Attributes
    ----------
    update : int
        Updates so far.
    loss : float
        Cross-entropy a character of the unseen text.
    right : float
        Share of the unseen text's characters that were guessed right.
    model : Sequential
    vocabulary : Vocabulary
    """

    update: int
    loss: float
    right: float
    model: Sequential
    vocabulary: Vocabulary


@cache
def learn(updates: int = UPDATES, seed: int = 0) -> list[Look]:
    """Train a transformer on the book's text; look at it before, on the way, and at the end."""
    rng = np.random.default_rng(seed)
    text = load_text()
    vocabulary = Vocabulary(text)
    seen, unseen = map(vocabulary.encode, split_text(text))
    end = (len(unseen) - 1) // STEPS * STEPS
    x_unseen = unseen[:end].reshape(-1, STEPS)
    y_unseen = unseen[1 : end + 1].reshape(-1, STEPS)  # what follows each character

    model = make_model(len(vocabulary), rng=rng)
    loss_fn, optimizer = SoftmaxCrossEntropy(), Adam(model.parameters(), lr=RATE)
    looks = []
    for update in range(updates + 1):
        if update % LOOK_EVERY == 0 or update == updates:
            logits = model.forward(x_unseen)
            right = float((logits.argmax(axis=-1) == y_unseen).mean())
            then = make_model(len(vocabulary), rng=np.random.default_rng(0))
            for copy, parameter in zip(then.parameters(), model.parameters(), strict=True):
                copy.value[...] = parameter.value
            loss = loss_fn.forward(logits, y_unseen)
            looks.append(Look(update, loss, right, then, vocabulary))
        optimizer.lr = RATE * min(1, (update + 1) / 50) * (1 - update / (updates + 1))
        start = rng.integers(0, len(seen) - STEPS, (BATCH, 1))
        x, y = (seen[start + np.arange(STEPS) + shift] for shift in (0, 1))
        loss_fn.forward(model.forward(x, train=True), y)
        model.zero_grad()
        model.backward(loss_fn.backward())
        optimizer.step()
    return looks


def write(
    look: Look, start: str, length: int, *, temperature: float = 1.0, rng: np.random.Generator
) -> str:
    """Let a transformer go on with a text, character by character, each drawn by chance.

    Parameters
    ----------
    look : Look
    start : str
        At least one character.
    length : int
        Characters to add.
    temperature : float, optional
        Above 0. Logits are divided by it: below 1 the likely becomes likelier.
    rng : numpy.random.Generator
        Draws the characters.

    Examples
    --------
    >>> len(write(learn(0)[0], "The ", 5, rng=np.random.default_rng(0)))
    9
    """
    check_positive(temperature, "write", "temperature")
    ids = list(look.vocabulary.encode(start))
    for _ in range(length):
        logits = look.model.forward(np.array([ids[-STEPS:]]))[0, -1].astype(float)
        p = softmax(logits / temperature)
        ids.append(int(rng.choice(len(p), p=p)))
    return look.vocabulary.decode(ids)


def with_temperature(weights: ArrayLike, temperature: float) -> Array:
    """Return the weights as they were, had the scores been divided by a temperature.

    Parameters
    ----------
    weights : array_like of shape (..., S)
        At least 0, with sum 1 along the last axis, out of a softmax.
    temperature : float
        Above 0.

    Examples
    --------
    >>> with_temperature([0.8, 0.2], 0.5).round(3)
    array([0.941, 0.059])
    """
    weights = check_array(weights, "with_temperature", "weights", None)
    check_positive(temperature, "with_temperature", "temperature")
    sharper = weights ** (1 / temperature)
    result: Array = sharper / sharper.sum(axis=-1, keepdims=True)
    return result


def looked_at(weights: ArrayLike) -> Array:
    """Return at how many steps each row looks: ``exp(-sum(weights * log(weights)))``.

    Examples
    --------
    >>> looked_at([[1.0, 0.0, 0.0, 0.0], [0.25, 0.25, 0.25, 0.25]])
    array([1., 4.])
    """
    weights = check_array(weights, "looked_at", "weights", None)
    surprise = -np.log(np.where(weights > 0, weights, 1.0))
    spread: Array = np.exp((weights * surprise).sum(axis=-1))
    return spread


def back_shares(weights: Array) -> Array:
    """Return the mean weight on the step itself, on the one before, and so on.

    Examples
    --------
    >>> back_shares(np.array([[1.0, 0.0], [0.7, 0.3]]))
    array([0.65, 0.7 ])
    """
    return np.array([np.diagonal(weights, -back).mean() for back in range(len(weights))])


def sentence_weights(head: int, temperature: float, network: str) -> Array:
    """Return the weights of one head over `SENTENCE`, of shape (T, T)."""
    look = learn()[-1 if network == "trained" else 0]
    look.model.forward(look.vocabulary.encode(SENTENCE)[None])
    block = look.model.layers[2]
    assert isinstance(block, TransformerBlock)
    weights = block.attention.weights
    assert weights is not None
    return with_temperature(weights[0, head - 1].astype(float), temperature)


def draw_weights(head: int, temperature: float, network: str) -> Figure:
    """Draw whom each character of `SENTENCE` looks at, and how far back the head looks.

    Parameters
    ----------
    head : int
        1 … `HEADS`.
    temperature : float
        One of `TEMPERATURES`; the network learned with 1.
    network : str
        One of `NETWORKS`.
    """
    weights = sentence_weights(head, temperature, network)
    shown = SENTENCE.replace(" ", "\u2423")
    figure = style.figure(7.6, 4.7)
    figure.set_layout_engine("none")  # the places are fixed
    ax, side = figure.add_axes((0.07, 0.10, 0.55, 0.80)), figure.add_axes((0.72, 0.10, 0.23, 0.80))
    ax.imshow(np.sqrt(weights), cmap="Blues", vmin=0, vmax=1, aspect="auto")
    ax.set_xticks(range(len(shown)), list(shown))
    ax.set_yticks(range(len(shown)), list(shown))
    ax.tick_params(length=0)
    ax.grid(visible=False)
    ax.set_title(f"who (row) looks at whom; the last one at {looked_at(weights)[-1]:.1f}")
    shares = back_shares(weights)[:9]
    side.barh(range(len(shares)), shares, color=style.TRAIN)
    side.set(xlim=(0, 1), ylim=(8.6, -0.6), yticks=range(9), ylabel="characters back")
    side.xaxis.set_major_formatter(lambda share, _: f"{share:.0%}")
    side.set_xticks([0, 0.5, 1])
    side.set_title("mean weight")
    return figure


def describe_weights(head: int, temperature: float, network: str) -> str:
    """Say in words what `draw_weights` shows."""
    weights = sentence_weights(head, temperature, network)
    shares, last = back_shares(weights)[:9], weights[-1]
    most = int(shares.argmax())
    place = ("the character itself", "the character before")[most] if most < 2 else f"{most} back"
    taken = SENTENCE[int(last.argmax())].replace(" ", "space")
    return (
        f"Head {head} of the {network} network at temperature {temperature:g}, over "
        f"\u201c{SENTENCE}\u201d: of the first nine distances the most weight, {shares[most]:.0%} "
        f"in the mean, lies on {place}. The last character looks at {looked_at(weights)[-1]:.1f} "
        f"characters, most at {taken} with {last.max():.0%}."
    )
