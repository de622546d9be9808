"""The options of grading, as traits: for nbgrader_config.py and for the command line."""

from traitlets import Bool, Float, HasTraits, Integer, Unicode
from traitlets import List as ListTrait


class Settings(HasTraits):
    """How submissions are run; part of `CourseGrade`."""

    sandbox = Bool(
        True, help="Shut student code in with bubblewrap: no network, read-only, private scratch."
    ).tag(config=True)
    canaries = Bool(
        True, help="Stand canary cells around graded cells, and flag what they find for review."
    ).tag(config=True)
    packages = ListTrait(
        Unicode(),
        ["numpy", "numpy.testing", "matplotlib.pyplot", "course_lib"],
        help="Packages that kernels find imported already, and that the sandbox makes visible.",
    ).tag(config=True)
    visible = ListTrait(
        Unicode(), [], help="Further files or folders that the sandbox shows, read-only."
    ).tag(config=True)
    memory_mb = Integer(2048, min=256, help="Memory limit of a submission, in MiB.").tag(
        config=True
    )
    scratch_mb = Integer(64, min=1, help="Size of a submission's private scratch, in MiB.").tag(
        config=True
    )
    output_mb = Integer(10, min=1, help="How much a notebook may print, in MiB.").tag(config=True)
    processes = Integer(64, min=16, help="How many processes and threads a kernel may have.").tag(
        config=True
    )
    notebook_seconds = Float(
        300.0, min=1.0, help="Time limit of a whole notebook; Execute.timeout limits one cell."
    ).tag(config=True)
    notebook_mb = Integer(
        50, min=1, help="Refuse submitted notebooks that are larger than this, in MiB."
    ).tag(config=True)

    def limits(self) -> dict[str, int]:
        """Return the limits that `course_grader.parent.Limits` takes."""
        return {
            "memory_bytes": self.memory_mb << 20,
            "scratch_bytes": self.scratch_mb << 20,
            "seconds": int(self.notebook_seconds) + 1,
            "processes": self.processes,
        }
