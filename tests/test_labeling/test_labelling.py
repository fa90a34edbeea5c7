"""Which boxes are kept, and a labelling that stops and goes on."""

import csv
import os
from collections import Counter

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from simulated import CLASSES, Finder, make_images, turned_jpeg

from mmspg.datasets.images.reading import read_image
from mmspg.labeling import walk
from mmspg.labeling.formats.coco import coco_annotations
from mmspg.labeling.formats.yolo import yolo_lines
from mmspg.labeling.label_set import LabelSet, write
from mmspg.labeling.lists import write_boxes, write_review
from mmspg.labeling.photographs import is_plain, place
from mmspg.labeling.records import (
    LabelledBox,
    LabelledImage,
    Limits,
    boxes_of,
    keep,
)
from mmspg.labeling.store import Store
from mmspg.labeling.walk import label_images, list_folder, split_of

shares = st.floats(0, 1)


@st.composite
def boxed_sizes(draw):
    """A size, and boxes within it."""
    w, h = draw(st.integers(1, 5000)), draw(st.integers(1, 5000))
    boxes = []
    for _ in range(draw(st.integers(0, 6))):
        x = sorted(draw(st.tuples(*[st.integers(0, w - 1)] * 2)))
        y = sorted(draw(st.tuples(*[st.integers(0, h - 1)] * 2)))
        confidence = draw(st.none() | shares)
        corners = x[0], y[0], x[1], y[1]
        label = draw(st.integers(0, 9))
        boxes.append(LabelledBox(label, draw(shares), corners, confidence))
    return (w, h), boxes


@given(boxed_sizes())
def test_pixels_come_back_from_yolo_and_coco(given_boxes):
    (w, h), boxes = given_boxes
    for box, line in zip(boxes, yolo_lines(boxes, (w, h)), strict=True):
        label, x, y, width, height = line.split()
        x0 = (float(x) - float(width) / 2) * w
        y1 = (float(y) + float(height) / 2) * h - 1
        assert int(label) == box.label
        assert x0 == pytest.approx(box.xyxy[0], abs=0.02)
        assert y1 == pytest.approx(box.xyxy[3], abs=0.02)
    for box, row in zip(boxes, coco_annotations(boxes, 1), strict=True):
        mask = np.zeros((h, w), bool)
        x, y, width, height = row['bbox']
        mask[y : y + height, x : x + width] = True
        assert mask.sum() == row['area']
        rows, columns = (
            np.flatnonzero(mask.any(1)),
            np.flatnonzero(mask.any(0)),
        )
        assert (columns[0], rows[0], columns[-1], rows[-1]) == box.xyxy


@given(boxed_sizes(), shares, shares, st.none() | st.integers(1, 4))
def test_what_is_kept(given_boxes, score, area, most):
    size, boxes = given_boxes
    kept, left_out = keep(boxes, size, Limits(score, area, most))
    assert left_out.total() + len(kept) == len(boxes)
    assert not Counter(kept) - Counter(boxes)
    assert len(kept) <= (most or len(boxes))
    sure = [box.sureness for box in kept]
    assert sure == sorted(sure, reverse=True)
    for box in boxes:
        good = box.sureness >= score
        good = good and box.area >= area * size[0] * size[1]
        if most is None:
            assert (box in kept) == good
        elif good and box not in kept:
            assert box.sureness <= min(sure)


def test_boxes_of_a_result():
    places = [
        dict(label=1, score=0.9, box=[1, 2, 3, 4], confidence=0.5),
        dict(label=2, score=0.8, box=[0, 0, 0, 0]),
        dict(
            label=3, score=0.7, box=[0, 0, 1, 0], boxes=[[0, 0, 1, 0], [5] * 4]
        ),
        {'label': 4, 'class': '_nothing', 'score': 0.6, 'box': [1, 1, 2, 2]},
    ]
    assert boxes_of(dict(locations=places)) == [
        LabelledBox(1, 0.9, (1, 2, 3, 4), 0.5),
        LabelledBox(3, 0.7, (0, 0, 1, 0)),
        LabelledBox(3, 0.7, (5, 5, 5, 5)),
    ]


@pytest.fixture
def photos(tmp_path):
    folder = tmp_path / 'photos'
    make_images(folder, 30)
    return folder


def labelled(photos, out, finder=None, **listing):
    store = Store(out, str(photos))
    list_folder(store, CLASSES, **listing)
    for _ in label_images(store, finder or Finder(photos)):
        pass
    return store


def test_goes_on_where_it_was_stopped(photos, tmp_path):
    """No image is looked at twice, and the sets are the same."""
    whole = labelled(photos, tmp_path / 'whole')
    finder = Finder(photos)
    store = Store(tmp_path / 'out', str(photos))
    list_folder(store, CLASSES)
    looking = label_images(store, finder)
    for _ in range(10):
        next(looking)
    looking.close()
    store.close()
    store = labelled(photos, tmp_path / 'out', finder)
    assert Counter(Counter(finder.looked_at).values())[1] >= 29
    assert len(set(finder.looked_at)) == 30
    assert list(store.read()) == list(whole.read())


@pytest.mark.skipif(not hasattr(os, 'fork'), reason='needs fork')
def test_goes_on_after_a_kill(photos, tmp_path, monkeypatch):
    """What was saved before it is there; nothing is there twice."""
    monkeypatch.setattr(walk, 'SAVED_EVERY', 0)
    child = os.fork()
    if not child:
        store = Store(tmp_path / 'out', str(photos))
        list_folder(store, CLASSES)
        for i, _ in enumerate(label_images(store, Finder(photos))):
            if i == 12:
                os._exit(9)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9
    finder = Finder(photos)
    store = labelled(photos, tmp_path / 'out', finder)
    assert 15 <= len(finder.looked_at) <= 20
    assert sum(store.splits().values()) == 30


def test_a_broken_or_busy_store_is_refused(photos, tmp_path):
    store = labelled(photos, tmp_path / 'out')
    store.connection.execute('BEGIN EXCLUSIVE')
    with pytest.raises(ValueError, match='another program'):
        Store(tmp_path / 'out', str(photos))
    store.close()
    (tmp_path / 'out' / 'labels.sqlite').write_bytes(b'no such thing' * 99)
    with pytest.raises(ValueError, match='delete the'):
        Store(tmp_path / 'out', str(photos))


def test_only_new_and_changed_images_are_looked_at(photos, tmp_path):
    labelled(photos, tmp_path / 'out').close()
    one, two, three, *_ = sorted(photos.iterdir())
    one.unlink()
    os.utime(two, (1, 1))
    new = photos / 'new.jpg'
    new.write_bytes(three.read_bytes())
    finder = Finder(photos)
    store = labelled(photos, tmp_path / 'out', finder)
    assert set(finder.looked_at) == {str(two), str(new)}
    names = {image.name for image in store.read()}
    assert names == {path.name for path in photos.iterdir()}


def test_unreadable_images_are_named_and_tried_again(photos, tmp_path):
    bad = photos / 'bad.jpg'
    bad.write_bytes(b'nothing')
    store = labelled(photos, tmp_path / 'out')
    [(name, _)] = store.faults()
    assert name == 'bad.jpg'
    assert sum(store.splits().values()) == 30
    finder = Finder(photos)
    labelled(photos, tmp_path / 'out', finder)
    assert finder.looked_at == [str(bad)]


def test_the_folder_names_the_class(tmp_path):
    photos = tmp_path / 'photos'
    make_images(photos, 12, ['zwei Wörter', "o'<b>&", '_nothing'])
    seen = {}

    class Asked(Finder):
        def stream(self, paths, label=None, **options):
            seen.update(dict.fromkeys(paths, label))
            return super().stream(paths, label, **options)

    store = labelled(photos, tmp_path / 'a', Asked(photos))
    assert {
        (os.path.dirname(p)[len(str(photos)) + 1 :], n)
        for p, n in seen.items()
    } == {('zwei Wörter', 2), ("o'<b>&", 4)}
    assert sum(store.splits().values()) == 12
    nothing = [i for i in store.read() if i.name.startswith('_nothing')]
    assert len(nothing) == 4
    assert not any(image.boxes for image in nothing)
    assert all(
        image.size in ((40, 30), (97, 61), (33, 50)) for image in nothing
    )
    make_images(photos, 3, ['stranger'])
    store = Store(tmp_path / 'b', str(photos))
    _, [note, _] = list_folder(store, CLASSES)
    assert 'stranger' in note
    assert store.waiting(99)[0] is None
    with pytest.raises(ValueError, match='stranger'):
        list_folder(store, CLASSES, 'folders')


def test_an_image_in_no_folder_gets_no_class_of_the_model(tmp_path):
    photos = tmp_path / 'photos'
    make_images(photos, 6, ['zwei Wörter', '_nothing'])
    make_images(photos, 1, ['.'])
    left_out, _ = list_folder(Store(tmp_path / 'a', str(photos)), CLASSES)
    assert [len(v) for v in left_out.values()] == [1]


@pytest.mark.parametrize('source', ['auto', 'model'])
def test_nothing_gets_no_box_where_the_model_chooses(tmp_path, source):
    """The other folders are no classes of the model, or are not asked."""
    photos = tmp_path / 'photos'
    make_images(photos, 12, ['stranger', '_nothing'])
    finder = Finder(photos)
    store = Store(tmp_path / 'out', str(photos))
    _, notes = list_folder(store, CLASSES, source)
    assert '6 images' in notes[-1]
    assert ('The model chooses' in notes[0]) == (source == 'auto')
    list(label_images(store, finder))
    assert len(finder.looked_at) == 6
    assert not any('/_nothing/' in path for path in finder.looked_at)
    assert sum(store.splits().values()) == 12


def test_it_says_that_the_model_chooses(photos, tmp_path):
    """Of images without folders, too."""
    _, [note] = list_folder(Store(tmp_path / 'out', str(photos)), CLASSES)
    assert 'The model chooses the class' in note


def test_a_folder_that_cannot_be_made(photos, tmp_path):
    (tmp_path / 'file').write_text('')
    for out in ('file', 'file/in'):
        with pytest.raises(OSError, match='Give another folder'):
            Store(tmp_path / out, str(photos))


def test_folders_of_splits_without_classes(tmp_path):
    make_images(tmp_path / 'photos', 9, ['Train', 'validation', 'test'])
    store = labelled(tmp_path / 'photos', tmp_path / 'out')
    assert store.splits() == {'train': 3, 'val': 3, 'test': 3}
    make_images(tmp_path / 'photos', 9, ['more'])
    _, [note, _] = list_folder(store, CLASSES)
    assert 'divided into splits anew' in note


def test_a_folder_of_two_classes_of_its_name(tmp_path):
    make_images(tmp_path / 'photos', 4, ['crane', 'zwei Wörter'])
    store = Store(tmp_path / 'out', str(tmp_path / 'photos'))
    _, [note] = list_folder(store, CLASSES)
    assert 'crane' in note
    assert store.waiting(9)[0] is None


def test_nothing_is_no_class_of_a_set(photos, tmp_path):
    """The classes behind it move up, and so do their boxes."""
    classes = ('a', '_nothing', 'b', 'c', 'd')
    store = labelled(photos, tmp_path / 'out')
    label_set = LabelSet(store, classes)
    assert label_set.classes == ['a', 'b', 'c', 'd']
    for raw, image in zip(store.read(), label_set.images(), strict=True):
        wanted = [classes[box.label] for box in raw.boxes if box.label != 1]
        found = [label_set.classes[box.label] for box in image.boxes]
        assert sorted(found) == sorted(wanted)


def test_splits(photos, tmp_path):
    """A name has a split for ever; the shares are what is asked for."""
    names = [f'{i}.jpg' for i in range(4000)]
    counts = Counter(split_of(name, 0.2, 0.1) for name in names)
    assert counts['val'] == pytest.approx(800, abs=80)
    assert counts['test'] == pytest.approx(400, abs=60)
    store = labelled(photos, tmp_path / 'out', shares=(0.5, 0))
    for image in store.read():
        assert image.split == split_of(image.name, 0.5, 0)


def test_same_stems_and_long_names(tmp_path):
    photos = tmp_path / 'photos'
    make_images(photos, 3)
    first = sorted(photos.iterdir())[0]
    for name in ('a.jpg', 'A.JPG', 'a.jpeg', 'a.png', 'ü' * 120 + '.png'):
        (photos / name).write_bytes(first.read_bytes())
    store = labelled(photos, tmp_path / 'out')
    stems = [image.stem.lower() for image in store.read()]
    assert len(set(stems)) == len(stems) == 8
    label_set = LabelSet(store, CLASSES, how='copy')
    (tmp_path / 'placed').mkdir()
    for image in store.read():
        label_set.place(image, tmp_path / 'placed')
    assert len(list((tmp_path / 'placed').iterdir())) == 8


@pytest.mark.parametrize('jpeg_only', [False, True])
@pytest.mark.parametrize('how', ['link', 'copy'])
@pytest.mark.parametrize('orientation', [1, 3, 6])
def test_an_image_is_seen_the_same_by_all(
    tmp_path, orientation, how, jpeg_only
):
    """Pillow and OpenCV, which differ about EXIF, give the same pixels."""
    size = (60, 80)
    path = tmp_path / 'a.jpg'
    content = turned_jpeg(size if orientation > 4 else size[::-1], orientation)
    path.write_bytes(content)
    upright = read_image(str(path), exif='apply')
    seen = upright.shape[1::-1]
    plain = is_plain(str(path))
    assert plain == (orientation == 1)
    image = LabelledImage(1, str(path), 'a.jpg', 'b', 'train', seen, plain, [])
    (tmp_path / 'out').mkdir()
    file = tmp_path / 'out' / place(image, tmp_path / 'out', how, jpeg_only)
    with Image.open(file) as found:
        pixels = np.asarray(found.convert('RGB'))
    assert pixels.shape[1::-1] == seen
    difference = np.abs(pixels[..., ::-1].astype(int) - upright)
    assert difference.mean() < 4


@pytest.mark.parametrize(
    'mode', ['L', 'RGB', 'RGBA', 'LA', 'P', '1', 'CMYK', 'I;16', 'RGB;16']
)
def test_other_pixels_than_8_bit_grey_or_rgb_are_saved_anew(tmp_path, mode):
    """Pillow makes white of 16 bits, and others of palette or alpha."""
    x = np.arange(60 * 80).reshape(60, 80)
    pixels = np.stack([x % 80 * 2, x // 40, x // 20, x // 30], -1)
    path = tmp_path / ('a.jpg' if mode == 'CMYK' else 'a.png')
    if '16' in mode:  # 12 bits, as a sensor has them
        deep = (pixels if 'RGB' in mode else pixels[..., :1]) * 16
        cv2.imwrite(str(path), deep[..., :3].astype(np.uint16))
    else:
        Image.fromarray(pixels.astype(np.uint8)).convert(mode).save(path)
    plain = is_plain(str(path))
    assert plain == (mode in ('L', 'RGB'))
    image = LabelledImage(
        1, str(path), path.name, 'b', 'train', (80, 60), plain, []
    )
    (tmp_path / 'out').mkdir()
    with Image.open(tmp_path / 'out' / place(image, tmp_path / 'out')) as new:
        assert new.mode in ('L', 'RGB')
        seen = np.asarray(new.convert('RGB'))[..., ::-1].astype(int)
    assert abs(seen - read_image(str(path))).mean() < 4


def test_lists(photos, tmp_path):
    store = labelled(photos, tmp_path / 'out')
    label_set = LabelSet(store, CLASSES, Limits(min_score=0.1))
    write_boxes(label_set, tmp_path / 'boxes.csv')
    number = write_review(label_set, tmp_path / 'review.csv', 0.5)
    boxes, review = (
        list(
            csv.DictReader(open(tmp_path / name, encoding='utf-8', newline=''))
        )
        for name in ('boxes.csv', 'review.csv')
    )
    assert len(boxes) == label_set.summary.boxes.total() > 10
    assert all(float(row['score']) >= 0.1 for row in boxes)
    scores = [float(row['score'] or 0) for row in review]
    assert scores == sorted(scores)
    assert len(scores) == number
    least = {image.name: 0.0 for image in label_set.images()}
    least.update(
        (image.name, min(box.score for box in image.boxes))
        for image in label_set.images()
        if image.boxes
    )
    wanted = {name for name, score in least.items() if score < 0.5}
    assert {row['image'] for row in review} == wanted


def test_a_failed_write_leaves_the_former_set(photos, tmp_path):
    label_set = LabelSet(labelled(photos, tmp_path / 'out'), CLASSES)

    def good(label_set, folder, final):
        (folder / 'a').write_text('whole')

    def bad(label_set, folder, final):
        (folder / 'a').write_text('ha')
        raise OSError('the disk is full')

    write(label_set, tmp_path / 'set', good)
    with pytest.raises(OSError, match='full'):
        write(label_set, tmp_path / 'set', bad)
    assert (tmp_path / 'set' / 'a').read_text() == 'whole'


def test_a_strange_folder_is_not_touched(photos, tmp_path):
    (tmp_path / 'mine').mkdir()
    (tmp_path / 'mine' / 'letter.txt').write_text('dear')
    with pytest.raises(ValueError, match='not empty'):
        Store(tmp_path / 'mine', str(photos))
