"""Export of a run to TensorBoard: `tmeattn train MODEL --track tensorboard` or `tmeattn runs track RUN tensorboard`.

The module `tracker` imports TensorBoard, so that tmeattn can list the plugin at once.
"""

import tmeattn


@tmeattn.hookimpl
def tmeattn_trackers() -> list[tmeattn.TrackerSpec]:
    return [
        tmeattn.TrackerSpec(
            name="tensorboard",
            summary="Curves, histograms and attention heatmaps for TensorBoard, in the run's exports/tensorboard",
            track="tmeattn_tensorboard.tracker:TensorBoard",
        )
    ]
