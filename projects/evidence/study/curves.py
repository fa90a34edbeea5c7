"""Losses and shares of the masks over a training, as a picture."""

from matplotlib.figure import Figure

COLOURS = dict(a='tab:green', b2='tab:blue', fuse='tab:red')
WINDOW = 3  # logged steps whose mean is drawn


def smooth(values):
    """Mean of each value and its neighbours."""
    half = WINDOW // 2
    windows = (
        values[max(0, i - half) : i + half + 1] for i in range(len(values))
    )
    return [sum(window) / len(window) for window in windows]


def draw(runs, losses, masks, path):
    """One row of panels a run: losses, foreground, background.

    Args:
        runs (dict[str, list[dict]]): What `training.logged` gives, by title.
        losses (tuple[str]): Keys of the losses; those a run lacks are left
            out.
        masks (tuple[str]): Names of the masks; the same.
        path (Path): The picture.
    """
    figure = Figure(figsize=(10, 2.6 * len(runs)), layout='tight')
    axes = figure.subplots(len(runs), 3, squeeze=False)
    for row, (title, logged) in zip(axes, runs.items(), strict=True):
        steps = [entry['step'] for entry in logged]
        for key in filter(logged[0].__contains__, losses):
            values = [entry[key] for entry in logged]
            row[0].plot(steps, smooth(values), label=key)
        row[0].set(title=title, ylabel='loss', yscale='log', ylim=(1e-4, 20))
        for axis, part, what in (
            (row[1], 'fg', 'foreground'),
            (row[2], 'bg', 'background'),
        ):
            for mask in masks:
                if f'mask_{mask}_{part}' not in logged[0]:
                    continue
                values = [entry[f'mask_{mask}_{part}'] for entry in logged]
                axis.plot(
                    steps, smooth(values), COLOURS[mask], label=f'M_{mask}'
                )
            axis.set(title=f'share of {what}', ylim=(0, 1))
        for axis in row:
            axis.set_xlabel('step')
            if axis.lines:
                axis.legend(fontsize=7)
    figure.savefig(path, dpi=90)
