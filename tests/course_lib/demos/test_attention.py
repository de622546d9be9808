import re

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

from course_lib import attention, causal_mask
from course_lib.demos import attention as demos

CHOICES = [(1, 1.0, "trained"), (4, 0.25, "trained"), (2, 4.0, "fresh")]


@pytest.mark.parametrize(("head", "temperature", "network"), CHOICES)
def test_every_frame_has_one_size_and_a_true_description(head, temperature, network):
    figure = demos.draw_weights(head, temperature, network)
    FigureCanvasAgg(figure).draw()
    assert tuple(figure.get_size_inches()) == (7.6, 4.7)
    weights = demos.sentence_weights(head, temperature, network)
    np.testing.assert_allclose(figure.axes[0].get_images()[0].get_array() ** 2, weights)
    text = demos.describe_weights(head, temperature, network)
    shares = [np.diagonal(weights, -back).mean() for back in range(9)]
    told, most = map(int, re.findall(r"(\d+)%", text))
    assert told == round(100 * max(shares))
    assert most == round(100 * weights[-1].max())
    looked = float(re.search(r"looks at ([\d.]+) char", text)[1])
    assert looked == pytest.approx(demos.looked_at(weights)[-1], abs=0.051)


def test_a_head_looks_at_nothing_that_comes_later_at_any_temperature():
    for temperature in demos.TEMPERATURES:
        weights = demos.sentence_weights(3, temperature, "trained")
        assert np.all(np.triu(weights, 1) == 0)
        np.testing.assert_allclose(weights.sum(axis=1), 1)


@pytest.mark.parametrize("temperature", [0.25, 0.7, 1.0, 4.0])
def test_a_temperature_set_afterwards_is_one_that_divided_the_scores(temperature):
    rng = np.random.default_rng(0)
    q, k, v = rng.normal(size=(3, 2, 6, 4))
    _, weights = attention(q, k, v, causal_mask(6))
    _, expected = attention(q / temperature, k, v, causal_mask(6))
    np.testing.assert_allclose(demos.with_temperature(weights, temperature), expected, atol=1e-12)


def test_the_unseen_paragraphs_are_every_tenth_and_are_not_learned_from():
    paragraphs = [f"paragraph {i}." for i in range(37)]
    seen, unseen = demos.split_text("\n\n".join(paragraphs))
    assert unseen.split("\n\n") == paragraphs[9::10]
    assert sorted(seen.split("\n\n") + unseen.split("\n\n")) == sorted(paragraphs)


def test_a_look_keeps_the_network_as_it_was():
    looks = demos.learn()
    assert [look.update for look in looks] == list(range(0, 1001, 100))
    first, last = (look.model.parameters() for look in (looks[0], looks[-1]))
    assert all(a.value.dtype == np.float32 for a in last)
    assert not np.allclose(first[0].value, last[0].value)
    fresh = demos.make_model(len(looks[0].vocabulary), rng=np.random.default_rng(0))
    for parameter, expected in zip(first, fresh.parameters(), strict=True):
        np.testing.assert_array_equal(parameter.value, expected.value)


def test_writing_goes_on_from_the_start_and_follows_the_most_likely_when_it_is_cold():
    look = demos.learn()[-1]
    text = demos.write(look, "The ", 40, temperature=1e-3, rng=np.random.default_rng(0))
    assert text.startswith("The ")
    assert len(text) == 44
    ids = look.vocabulary.encode(text)
    for end in (5, 20, 40):
        logits = look.model.forward(ids[None, max(0, end - demos.STEPS) : end])[0, -1]
        assert ids[end] == logits.argmax()


def test_what_the_chapter_says_about_the_training_is_so():
    looks = demos.learn()
    V = len(looks[0].vocabulary)
    assert looks[0].loss > np.log(V)
    assert looks[1].loss < 2.8
    assert looks[-1].loss < 1.8
    assert looks[-1].loss < looks[-2].loss < looks[-3].loss  # still improving at the end
    assert 0.45 < looks[-1].right < 0.57


def test_what_the_chapter_says_about_the_heads_is_so():
    heads = range(1, demos.HEADS + 1)
    trained = [demos.back_shares(demos.sentence_weights(h, 1.0, "trained")) for h in heads]
    assert max(shares[1] for shares in trained) > 0.45  # one looks just behind itself
    assert all(shares[:4].sum() > 0.7 for shares in trained)  # all look at the last few
    for head in heads:
        fresh, cold, warm = (
            demos.looked_at(demos.sentence_weights(head, temperature, network)).mean()
            for network, temperature in (("fresh", 1.0), ("trained", 0.25), ("trained", 4.0))
        )
        usual = demos.looked_at(demos.sentence_weights(head, 1.0, "trained")).mean()
        assert cold < usual < fresh
        assert usual < warm
        assert cold < 2.1
