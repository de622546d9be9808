"""The tape that hands gradients back node by node: its frames and words agree with the library."""

import re

import numpy as np
import pytest

from course_lib.demos import automatic_differentiation as demo

FRAMES = [(p, o) for p in demo.PROGRAMS for o in demo.ORDERS]


def gradients(words: str) -> dict[str, float]:
    """Read the gradients that a description tells."""
    told = words.split("Gradients so far: ")[1].split(". At the end")[0].rstrip(".")
    pairs = [part.split(" = ") for part in told.split(", ")]
    return {name: float(number) for name, number in pairs}


def true_gradients(program: str) -> dict[str, float]:
    nodes = demo.PROGRAMS[program]()
    nodes[-1].backward()
    return {f"d{node.name.split()[0]}": float(node.grad) for node in nodes}


@pytest.mark.parametrize("program", demo.PROGRAMS)
def test_in_the_right_order_every_gradient_is_the_one_of_the_tape(program):
    told = gradients(demo.describe_tape(program, demo.COMPLETE, demo.STEPS))
    for name, slope in true_gradients(program).items():
        assert told[name] == pytest.approx(slope, rel=5e-3)
    assert ": right" in demo.describe_tape(program, demo.COMPLETE, demo.STEPS)


@pytest.mark.parametrize("program", demo.PROGRAMS)
def test_in_the_right_order_a_turn_comes_after_all_users(program):
    state = demo.run(program, demo.COMPLETE, demo.STEPS)
    for place, node in enumerate(state.handed):
        users = [user for user in state.handed if node in user.parents]
        assert all(user in state.handed[:place] for user in users)
    assert not any(
        "more is to come" in demo.describe_tape(program, demo.COMPLETE, step)
        for step in range(demo.STEPS + 1)
    )


def test_the_wrong_order_spoils_what_the_chapter_says_that_it_spoils():
    shared, skip, fibonacci = demo.PROGRAMS
    told = gradients(demo.describe_tape(shared, demo.TOO_EARLY, demo.STEPS))
    assert told == {"dx": 3, "dw": 2, "du": 13, "dv": 1, "dy": 1}
    assert true_gradients(shared)["dx"] == 39
    told = gradients(demo.describe_tape(skip, demo.TOO_EARLY, demo.STEPS))
    assert told["dx"] == pytest.approx(true_gradients(skip)["dx"], rel=5e-3)
    told = gradients(demo.describe_tape(fibonacci, demo.TOO_EARLY, demo.STEPS))
    assert (told["dx"], true_gradients(fibonacci)["dx"]) == (3, 8)


@pytest.mark.parametrize(("program", "order"), FRAMES)
def test_every_node_has_one_turn_in_either_order(program, order):
    state = demo.run(program, order, demo.STEPS)
    assert len({id(node) for node in state.handed}) == demo.STEPS == len(state.handed)


@pytest.mark.parametrize(("program", "order"), FRAMES)
@pytest.mark.parametrize("step", [0, 3, demo.STEPS])
def test_a_frame_and_its_description_say_the_same(program, order, step):
    figure = demo.draw_tape(program, order, step)
    words = demo.describe_tape(program, order, step)
    assert tuple(figure.get_size_inches()) == (7.0, 3.8)
    ax = figure.axes[0]
    for line in ax.get_title("left").splitlines():
        assert line.lower() in words.lower()
    shown = [text.get_text() for text in ax.texts]
    assert len(shown) == demo.STEPS
    known = {
        text.split()[0]: float(found[1]) for text in shown if (found := re.search(r"∂ (\S+)", text))
    }
    if step == 0:
        assert known == {}
        for text in shown:
            name, value = text.splitlines()
            assert f"{name} = {value}" in words
    else:
        assert {f"d{name}": slope for name, slope in known.items()} == gradients(words)
        bold = [text for text in ax.texts if text.get_bbox_patch().get_linewidth() > 2]
        assert [text.get_text().split()[0] for text in bold] == [
            re.search(r"^Turn \d: d(\w)", words)[1]
        ]


def test_the_numbers_of_a_turn_add_up_to_its_gradient():
    for program in demo.PROGRAMS:
        for step in range(2, demo.STEPS + 1):
            state = demo.run(program, demo.COMPLETE, step)
            parts = [float(part) for part in state.received.split(" = ")[1].split(" + ")]
            assert sum(parts) == pytest.approx(float(state.handed[-1].grad), rel=1e-2)
            assert np.isfinite(parts).all()
