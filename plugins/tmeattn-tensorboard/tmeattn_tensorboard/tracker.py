"""Write the events of a run as TensorBoard event files."""

import shutil

import torch
from torch.utils.tensorboard import SummaryWriter

from tmeattn_tensorboard.images import heads_image, heatmap_image

HEATMAPS = 8
"""Number of validation texts whose attention is drawn when a run has finished."""


class TensorBoard:
    """Writes `exports/tensorboard` of the run. Earlier files are deleted, because a tracker gets all events from the
    first."""

    def __init__(self, run):
        self.run = run
        folder = run.path / "exports" / "tensorboard"
        shutil.rmtree(folder, ignore_errors=True)
        self.writer = SummaryWriter(str(folder))

    def __call__(self, event):
        handle = getattr(self, f"on_{event['kind']}", None)
        if handle is not None:
            handle(event)

    def on_step(self, event):
        for name in ("loss", "cross_entropy", "penalty", "accuracy", "entropy", "learning_rate", "alpha"):
            self.scalar(f"step/{name}", event.get(name), event)
        self.scalar("step/tokens_per_second", event.get("tokens_per_second"), event)

    def on_epoch(self, event):
        for part in ("train", "validation"):
            means = event[part]
            for name in ("loss", "cross_entropy", "accuracy", "entropy", "normalized_entropy"):
                self.scalar(f"{part}/{name}", means.get(name), event)
            if means.get("histogram"):
                self.histogram(f"{part}/entropy of a text", means["histogram"], event)
        if event["validation"].get("heads"):
            image_HWC = heads_image(event["validation"]["heads"])
            self.writer.add_image(
                "entropy/layers and heads", image_HWC, event["epoch"], event["time"], dataformats="HWC"
            )
        self.writer.flush()

    def on_warning(self, event):
        self.text("warnings", event["message"], event)

    def on_failed(self, event):
        self.text("failures", event["message"], event)

    def on_finished(self, event):
        """Draw the attention of the best weights. Building the model draws random numbers, so torch's random state is
        restored."""
        with torch.random.fork_rng():
            images = list(attention_images(self.run, HEATMAPS))
        for number, image_HWC in enumerate(images):
            self.writer.add_image(
                f"attention/text {number}", image_HWC, event["step"], event["time"], dataformats="HWC"
            )

    def scalar(self, name, value, event):
        if value is not None:
            self.writer.add_scalar(
                name, value, event["epoch"] if event["kind"] == "epoch" else event["step"], event["time"]
            )

    def histogram(self, name, histogram, event):
        """Add a histogram with the bins of the event: `low` to `high` in equal steps."""
        counts = histogram["counts"]
        width = (histogram["high"] - histogram["low"]) / len(counts)
        limits = [histogram["low"] + width * (number + 1) for number in range(len(counts))]
        middles = [limit - width / 2 for limit in limits]
        self.writer.add_histogram_raw(
            name,
            min=histogram["low"],
            max=histogram["high"],
            num=sum(counts),
            sum=sum(count * middle for count, middle in zip(counts, middles, strict=True)),
            sum_squares=sum(count * middle**2 for count, middle in zip(counts, middles, strict=True)),
            bucket_limits=limits,
            bucket_counts=counts,
            global_step=event["epoch"],
            walltime=event["time"],
        )

    def text(self, name, message, event):
        """Add the message as preformatted text, because TensorBoard renders text as Markdown."""
        lines = [f"    {line}" for line in str(message).splitlines()]
        self.writer.add_text(name, "\n".join(lines), event.get("step", 0), event["time"])

    def close(self):
        self.writer.close()


def attention_images(run, count):
    """Heatmaps of validation texts of 20 to 60 words, where the run's model pools by attention."""
    import tmeattn
    from tmeattn.data.sources import open_dataset

    model = tmeattn.load(run.path)
    if model.classifier.spec.attention != "pool":
        return
    split = open_dataset(model.classifier.config.train.dataset).read()["validation"]
    chosen = sorted(range(len(split.texts)), key=lambda index: abs(len(split.texts[index].split()) - 40))[:count]
    for index in sorted(chosen):
        yield heatmap_image(model.explain(split.texts[index]))
