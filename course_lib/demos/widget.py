"""What our two widgets share: one front end for JupyterLab and for the static page.

On the static page there is no kernel. The site's build sets ``COURSE_SITE_FRAMES`` to a folder;
pictures then go there, and the page keeps the widget's state, which a small script brings to life.
"""

import html
import os
from pathlib import Path
from typing import Any, ClassVar

import anywidget

FRAMES_VARIABLE = "COURSE_SITE_FRAMES"


def frames_folder() -> Path | None:
    """Return the folder that the site's build gives for pictures, or None outside such a build."""
    folder = os.environ.get(FRAMES_VARIABLE)
    return Path(folder) if folder else None


class CourseWidget(anywidget.AnyWidget):
    """An anywidget with a plain-HTML stand-in for readers without JavaScript, and for print.

    A subclass sets `kind`, by which the static page finds its front end, and `stand_in`.
    """

    kind: ClassVar[str]

    def __init__(self, **traits: Any) -> None:
        super().__init__(**traits)
        if frames_folder() is not None:
            # The static page brings the front end once, not inside every widget's state.
            self._esm = ""
            self._css = ""

    def stand_in(self) -> str:
        """Return HTML that serves the reader where no script runs."""
        raise NotImplementedError

    def _repr_mimebundle_(self, **kwargs: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        bundle: Any = super()._repr_mimebundle_(**kwargs)
        data, metadata = bundle
        data["text/html"] = (
            f'<div class="course-widget" data-widget="{html.escape(self.model_id)}" '
            f'data-kind="{self.kind}">{self.stand_in()}</div>'
        )
        return data, metadata
