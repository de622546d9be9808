import numpy as np
import pytest

pytest.importorskip("threadpoolctl")

from benchmarks import __main__ as runner
from benchmarks import bench_mlp, mlp, results, timing


def weights_after_two_epochs(contender):
    rng = np.random.default_rng(0)
    rows = len(contender.task.y) if hasattr(contender, "task") else len(contender.y)
    for _ in range(2):
        contender.epoch(rng.permutation(rows))
    return contender.weights()


def test_all_contenders_take_the_same_steps():
    # A comparison of times means nothing unless the same work is done.
    task = mlp.digits_task(100)
    ours = weights_after_two_epochs(mlp.CourseLib(task))
    by_hand = weights_after_two_epochs(mlp.NumPyByHand(task))
    for a, b in zip(ours, by_hand, strict=True):
        assert a.dtype == b.dtype == np.float32
        np.testing.assert_allclose(a, b, atol=1e-5)
    assert abs(ours[0] - task.W1).max() > 1e-3


@pytest.mark.parametrize("fused", [False, True])
def test_pytorch_takes_the_same_steps(fused):
    pytest.importorskip("torch")
    task = mlp.digits_task(100)
    ours = weights_after_two_epochs(mlp.CourseLib(task))
    theirs = weights_after_two_epochs(mlp.PyTorch(task, fused=fused))
    for a, b in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(a, b, atol=1e-5)


def test_scikit_learn_takes_as_many_steps():
    pytest.importorskip("sklearn")
    contender = mlp.ScikitLearn(mlp.digits_task(100))
    contender.epoch(np.arange(100))
    assert contender.model._optimizer.t == 4  # batches of 32, 32, 32 and 4 rows


def test_contenders_take_turns():
    calls = []
    contenders = {"a": lambda: calls.append("a"), "b": lambda: calls.append("b")}
    times = timing.medians(contenders, repeats=3)
    assert calls == ["a", "a", "b", "b"] + ["a", "b"] * 3
    assert all(seconds >= 0 for seconds in times.values())


def test_a_missing_rival_gets_a_row_that_says_so(monkeypatch):
    monkeypatch.setattr(bench_mlp, "NO_TORCH", ("PyTorch eager",))
    monkeypatch.setattr(bench_mlp, "thread_counts", lambda: [1])
    rows = bench_mlp.bench_adam(repeats=1)
    assert {row.rival for row in rows} == {"PyTorch eager", "NumPy by hand"}
    (missing,) = [row for row in rows if row.rival == "PyTorch eager"]
    assert missing.ratio is None
    assert "not installed (make oracle)" in runner.line(missing)


def test_the_report_holds_every_row_and_no_path_of_this_machine():
    row = timing.Row("dense", 2, 0.002, "PyTorch eager", 0.004, 0.5)
    text = runner.report([row], load=1.25)
    assert "| dense | 2 | 2 ms | PyTorch eager | 4 ms | 0.50 |" in text
    assert f"numpy {np.__version__}" in text
    assert "load of other work when the runs began: 1.2" in text
    assert str(runner.HERE.parent) not in text


def test_an_unknown_benchmark_is_refused(capsys):
    with pytest.raises(SystemExit, match="no benchmark of that name: nonsense"):
        runner.main(["nonsense"])


def test_a_command_renews_its_own_section_of_the_results_and_no_other(tmp_path):
    path = tmp_path / "results.md"
    results.renew("One", "first\n\n| a |", path)
    results.renew("Two", "second", path)
    results.renew("One", "third", path)
    text = path.read_text()
    assert text.startswith("# Benchmarks\n")
    assert "first" not in text
    assert text.index("## One\n\nthird\n") < text.index("## Two\n\nsecond\n")
    assert text.count("## ") == 2


def test_a_budget_that_is_missed_stands_out():
    met = results.Budget("weight", 349.6, 350, "kB", "a.html")
    missed = results.Budget("paint", 1.51, 1.5, "s")
    table = results.budget_table([met, missed])
    assert "| weight | 350 kB | 350 kB | yes | a.html |" in table
    assert "| paint | 1.51 s | 1.5 s | **no** | – |" in table


def test_the_site_is_held_to_its_worst_page_and_to_all_key_presses():
    pytest.importorskip("playwright")
    from benchmarks import site

    quick = site.Visit(100_000, 0, 500, 600, 0.0, 80, [10.0] * 95)
    slow = site.Visit(351_000, 9, 1600, 2100, 0.06, 201, [90.0] * 15)
    assert all(b.met for b in site.budgets({"quick": quick}))
    held = site.budgets({"quick": quick, "slow": slow})
    assert not any(b.met for b in held)
    assert {b.where for b in held} == {"slow", "–"}
    twice = site.summary([quick, slow, slow])
    assert (twice.weight, twice.paint, len(twice.delays)) == (351_000, 1600, 125)
