import matplotlib as mpl
import matplotlib.pyplot as plt
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

from course_lib.plotting.style import figure, use_style


@pytest.fixture
def ax():
    """An Axes to draw in; afterwards no setting has changed and pyplot holds no figure."""
    with mpl.rc_context():
        use_style()
        before = dict(mpl.rcParams)
        drawn = figure().subplots()
        FigureCanvasAgg(drawn.figure)  # draws for real, unlike the canvas of a bare Figure
        yield drawn
        drawn.figure.canvas.draw()  # what looks right as artists may still fail when drawn
        assert dict(mpl.rcParams) == before
    assert plt.get_fignums() == []
