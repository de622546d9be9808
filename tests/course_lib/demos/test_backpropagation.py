"""The stepping network draws, and says, what the library computes."""

import re

import numpy as np
import pytest

from course_lib.demos import backpropagation as demo
from course_lib.demos.worked_network import entries, write
from course_lib.training import numerical_gradient, relative_error

CASES = list(demo.CASES)


@pytest.mark.parametrize("network", CASES)
def test_every_gradient_of_the_worked_network_is_its_measured_slope(network):
    values, gradients = demo.both_passes(network)
    inputs = {name: values[name].copy() for name in "xWbVc"}

    def loss() -> float:
        z = inputs["x"] @ inputs["W"] + inputs["b"]
        h = 1 / (1 + np.exp(-z)) if network == "sigmoid" else np.maximum(z, 0)
        return float(((h @ inputs["V"] + inputs["c"] - 1) ** 2).item())

    assert loss() == pytest.approx(values["loss"].item())
    for name, value in inputs.items():
        measured = numerical_gradient(loss, value)
        assert relative_error(gradients[name], measured) < 1e-8, name


@pytest.mark.parametrize("network", CASES)
def test_the_steps_are_all_values_and_gradients_in_an_order_in_which_they_can_be_computed(network):
    values, gradients = map(entries, demo.both_passes(network))
    steps = demo.steps(network)
    known = {name for name in values if name[0] in "xWbVc"} | {"t", "max", "σ"}
    for step in steps:
        assert set(re.findall(r"[A-Za-zσ]+[₁₂]*", step.how)) <= known, step.name
        known.add(step.name)
    computed = {step.name: step.result for step in steps}
    assert computed == {
        **{name: values[name] for name in ("z₁", "z₂", "h₁", "h₂", "y", "loss")},
        **{f"d{name}": gradient for name, gradient in gradients.items()},
    }


@pytest.mark.parametrize("network", CASES)
@pytest.mark.parametrize("step", [0, 4, 6, 7, 14, 23])
def test_a_frame_and_its_description_say_the_same(network, step):
    figure = demo.draw_step(network, step)
    words = demo.describe_step(network, step)
    assert tuple(figure.get_size_inches()) == (7.0, 4.6)
    title = figure.axes[0].get_title("left")
    if step:
        assert title.splitlines()[1] in words
        assert words.lower().startswith(title.splitlines()[0])
        assert write(demo.steps(network)[step - 1].result) in words
    shown = [text.get_text() for text in figure.axes[0].texts]
    gradients = [text for text in shown if text.startswith("∂")]
    assert len(gradients) == max(step - 6, 0)
    assert sum("?" in text for text in shown) == max(6 - step, 0)
    for done in demo.steps(network)[6:step]:
        assert f"∂ {write(done.result)}" in gradients


def test_the_arrow_of_a_step_points_the_way_of_its_pass():
    def bold(step: int) -> list[tuple[tuple[float, float], tuple[float, float]]]:
        texts = demo.draw_step("ReLU", step).axes[0].texts
        arrows = [text for text in texts if getattr(text, "arrow_patch", None) is not None]
        return [(a.xyann, a.xy) for a in arrows if a.arrow_patch.get_linewidth() > 2]

    forward, backward = bold(5), bold(12)  # y from both h; then dh₁ from dy
    assert [start[0] < end[0] for start, end in forward] == [True, True]
    assert [start[0] > end[0] for start, end in backward] == [True]
