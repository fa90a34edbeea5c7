"""Read a video, and write it with its boxes."""

from collections.abc import Iterator

import cv2
import matplotlib
import numpy as np

from mmspg.visualization.palette import get_palette


def frames_of(path: str) -> tuple[Iterator[np.ndarray], float]:
    """Open a video.

    Args:
        path (str): The file.

    Returns:
        tuple: An iterator of its frames, ``(h, w, 3)`` uint8 in B, G, R, and
        the number of frames per second.

    Raises:
        OSError: The file cannot be opened.
    """
    capture = cv2.VideoCapture(str(path))
    if not capture.isOpened():
        raise OSError(
            f'cannot open {path}: it is not an image, a folder or a video '
            'that this OpenCV can read'
        )
    rate = capture.get(cv2.CAP_PROP_FPS) or 25.0
    return _read(capture), rate


def _read(capture) -> Iterator[np.ndarray]:
    while True:
        good, frame = capture.read()
        if not good:
            capture.release()
            return
        yield frame


class VideoFile:
    """A context manager that writes frames to a file.

    Args:
        path (str): The .mp4 file.
        rate (float): Frames per second.
    """

    def __init__(self, path: str, rate: float):
        self.path = str(path)
        self.rate = rate
        self.writer: cv2.VideoWriter | None = None

    def __enter__(self):
        return self

    def __exit__(self, *error):
        if self.writer is not None:
            self.writer.release()

    def write(self, frame: np.ndarray) -> None:
        """Append a frame ``(h, w, 3)`` uint8 in B, G, R.

        Raises:
            OSError: This OpenCV cannot write such a file.
        """
        if self.writer is None:
            size = frame.shape[1::-1]
            code = cv2.VideoWriter.fourcc(*'mp4v')
            self.writer = cv2.VideoWriter(self.path, code, self.rate, size)
            if not self.writer.isOpened():
                raise OSError(f'this OpenCV cannot write {self.path}')
        self.writer.write(frame)


def annotate(
    frame: np.ndarray, result: dict, palette: str = 'paper', alpha: float = 0.4
) -> np.ndarray:
    """Lay the score map over a frame, and draw box and name on it.

    Args:
        frame (ndarray): ``(h, w, 3)`` uint8 in B, G, R.
        result (dict): A result of `LocalizationInferencer`, with
            ``score_map`` if an object was found.
        palette (str): See `mmspg.visualization.PALETTES`.
        alpha (float): Opacity of the map where its score is 1. It falls to 0
            where the score is 0. Defaults to .4.

    Returns:
        ndarray: The frame in the same shape and type.
    """
    colours = get_palette(palette)
    drawn = frame.copy()
    if 'score_map' in result:
        heat = matplotlib.colormaps[colours.heat](result['score_map'])[..., :3]
        weight = alpha * result['score_map'][..., None]
        drawn = (1 - weight) * frame + weight * 255 * heat[..., ::-1]
        drawn = drawn.astype(np.uint8)
    stroke = max(2, round(min(frame.shape[:2]) / 160))
    colour = colours.predicted[::-1]
    for location in result['locations']:
        x0, y0, x1, y1 = location['box']
        for width, paint in ((stroke + 2, (0, 0, 0)), (stroke, colour)):
            cv2.rectangle(drawn, (x0, y0), (x1, y1), paint, width)
        name = location.get('class', f'class {location["label"]}')
        text = f'{name} {location["score"]:.2f}'.encode('ascii', 'replace')
        _label(drawn, text.decode(), (x0, y0), stroke)
    return drawn


def _label(image, text, corner, stroke) -> None:
    """Write white on black, inside the frame."""
    font, scale = cv2.FONT_HERSHEY_SIMPLEX, 0.25 * stroke
    room = image.shape[1] - 2 * stroke
    width = cv2.getTextSize(text, font, scale, 1)[0][0]
    scale *= min(1, room / width)
    (width, height), base = cv2.getTextSize(text, font, scale, 1)
    x = int(np.clip(corner[0], 0, max(0, image.shape[1] - width)))
    y = int(np.clip(corner[1], height + base, image.shape[0] - base))
    cv2.rectangle(
        image, (x, y - height - base), (x + width, y + base), (0, 0, 0), -1
    )
    white = (255, 255, 255)
    cv2.putText(image, text, (x, y), font, scale, white, 1, cv2.LINE_AA)
