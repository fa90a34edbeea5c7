"""A result that draws itself."""

import io
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from mmpretrain.structures import DataSample
from PIL import Image

from mmspg.evaluation.protocol import Protocol
from mmspg.labeling.formats.coco import coco_annotations
from mmspg.labeling.formats.yolo import yolo_lines
from mmspg.labeling.records import boxes_of
from mmspg.visualization import LocalizationVisualizer

from .inputs import load_inputs
from .results import draw_locations


class Result(dict):
    """What was found in an image, and the picture of it.

    This is a dictionary, see `LocalizationInferencer.__call__`, that can draw
    image, map and box. A notebook shows the picture. If the image came from a
    file, only its name is kept until the picture is drawn.

    Args:
        fields (dict): The content of the dictionary.
        draw (Callable): Gives the picture, ``(h, w, 3)`` uint8 in R, G, B.

    Examples:
        >>> grey = np.zeros((2, 3, 3), np.uint8)
        >>> Result(dict(pred_label=0), lambda: grey).plot().shape
        (2, 3, 3)
    """

    def __init__(self, fields: dict, draw: Callable[[], np.ndarray]):
        super().__init__(fields)
        self._draw = draw

    def __reduce__(self):
        """Pickle a plain dictionary."""
        return dict, (dict(self),)

    def plot(self) -> np.ndarray:
        """Draw image, map and box of each class that was asked for.

        Returns:
            ndarray: ``(h, w, 3)`` uint8 in R, G, B.

        Raises:
            UnreadableImageError: The file is no longer there.
        """
        return self._draw()

    def save(self, path: str | Path) -> None:
        """Write the picture in the format of the suffix; make its folder."""
        path = Path(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(self.plot()).save(path)

    def to_coco(self, image_id: int = 1, first_id: int = 1) -> list[dict]:
        """Give a row of COCO's annotations for each box.

        Args:
            image_id (int): The number of the image. Defaults to 1.
            first_id (int): That of the first row. Defaults to 1.

        Returns:
            list[dict]: See `mmspg.labeling.formats.coco.coco_annotations`.
        """
        return list(coco_annotations(boxes_of(self), image_id, first_id))

    def to_yolo(self) -> list[str]:
        """Give a line ``class x y width height`` for each box.

        Returns:
            list[str]: Shares of the sides of the image, and classes from 0.
        """
        return yolo_lines(boxes_of(self), self['size'])

    def to_supervision(self):
        """Give the boxes as supervision has them.

        Returns:
            supervision.Detections: ``xyxy`` from edge to edge, in pixels;
            ``class_id``; ``confidence``, which is calibrated only where the
            checkpoint has a calibration; and the names of the classes as
            ``data['class_name']``.

        Raises:
            ImportError: supervision is not installed.
        """
        try:
            from supervision import Detections
        except ImportError as error:
            raise ImportError(
                'supervision is not installed: pip install "mmspg[labels]"'
            ) from error
        boxes = boxes_of(self)
        names = {
            place['label']: place.get('class', str(place['label']))
            for place in self['locations']
        }
        return Detections(
            xyxy=np.array([b.edges for b in boxes], float).reshape(-1, 4),
            confidence=np.array([b.sureness for b in boxes], float),
            class_id=np.array([b.label for b in boxes], int),
            data=dict(class_name=np.array([names[b.label] for b in boxes])),
        )

    def _repr_png_(self) -> bytes:
        """Give what a notebook shows."""
        file = io.BytesIO()
        Image.fromarray(self.plot()).save(file, 'PNG')
        return file.getvalue()


def draw_later(
    info: dict,
    sample: DataSample,
    labels: Sequence[int],
    classes: Sequence[str] | None,
    protocol: Protocol,
    palette: str,
) -> Callable[[], np.ndarray]:
    """Keep what a picture needs, but for a file only its name.

    Args:
        info (dict): What `load_inputs` gave.
        sample (DataSample): The prediction with its score maps.
        labels (Sequence[int]): The classes to draw.
        classes (Sequence[str], optional): Names of all classes.
        protocol (Protocol): Threshold and rule of the boxes.
        palette (str): See `mmspg.visualization.PALETTES`.

    Returns:
        Callable: The function that draws, for `Result`.
    """
    kept = info['img_path'] if 'img_path' in info else info['img']

    def draw() -> np.ndarray:
        image = kept
        if isinstance(kept, str):
            [(again, error)] = load_inputs([kept])
            if error is not None:
                raise error
            image = again['img']
        visualizer = LocalizationVisualizer(palette=palette)
        return draw_locations(
            visualizer, image, sample, labels, classes, protocol
        )

    return draw
