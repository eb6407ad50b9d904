"""A run's events in TensorBoard: `tmeattn train MODEL --track tensorboard`, or `tmeattn runs track RUN tensorboard`.

TensorBoard itself is imported in `tracker`, not here.
"""

from tmeattn.hookspecs import hookimpl
from tmeattn.specs import TrackerSpec


@hookimpl
def tmeattn_trackers() -> list[TrackerSpec]:
    return [
        TrackerSpec(
            name="tensorboard",
            summary="Curves, histograms and attention heatmaps for TensorBoard, in the run's exports/tensorboard",
            track="tmeattn_tensorboard.tracker:TensorBoard",
        )
    ]
