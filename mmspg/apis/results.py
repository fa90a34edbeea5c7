"""Results as files."""

import json
from collections.abc import Sequence
from pathlib import Path

ARRAYS = ('pred_scores', 'score_map')


def save_results(
    results: Sequence[dict], path: str | Path, coco: bool = False
) -> None:
    """Write results as JSON, an image a line, without their arrays.

    Args:
        results (Sequence[dict]): Of `LocalizationInferencer`.
        path (str | Path): The file; its folder is made.
        coco (bool): As `coco_rows` instead. Defaults to False.
    """
    rows = coco_rows(results) if coco else [_plain(r) for r in results]
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = [json.dumps(row, ensure_ascii=False) for row in rows]
    path.write_text('[\n' + ',\n'.join(lines) + '\n]\n', encoding='utf-8')


def coco_rows(results: Sequence[dict]) -> list[dict]:
    """COCO's detection results, a row a box.

    Args:
        results (Sequence[dict]): Of `LocalizationInferencer`.

    Returns:
        list[dict]: ``image_id`` (the name), ``category_id`` (the class
        number), ``bbox`` [x, y, width, height] and ``score``.
    """
    return [
        dict(
            image_id=result['img_id'],
            category_id=location['label'],
            bbox=[x0, y0, x1 - x0 + 1, y1 - y0 + 1],
            score=location['score'],
        )
        for result in results
        for location in result['locations']
        for x0, y0, x1, y1 in location.get('boxes', [location['box']])
    ]


def _plain(value):
    if isinstance(value, dict):
        return {k: _plain(v) for k, v in value.items() if k not in ARRAYS}
    return [_plain(v) for v in value] if isinstance(value, list) else value
