"""Class predictions of other classifiers, and their mean."""

import json
import pickle

import numpy as np
import pytest
import torch
from samples import block, evaluate, sample

from mmspg.evaluation import ClassPredictions, LocalizationMetric

pytestmark = pytest.mark.quick  # runs on the second stack, too

BOX = (2, 2, 5, 5)


def write_json(path, content):
    path.write_text(
        json.dumps(
            {
                image: dict(labels=list(found), scores=list(found.values()))
                for image, found in content.items()
            }
        )
    )
    return str(path)


def test_three_formats_agree(tmp_path):
    scores = [0.1, 0.6, 0.3]
    files = [tmp_path / f'p.{kind}' for kind in ('csv', 'json', 'pkl')]
    files[0].write_text('image,label,score\na/0.jpg,1,.6,2,.3,0,.1\n')
    write_json(files[1], {'a/0.jpg': {2: 0.3, 0: 0.1, 1: 0.6}})
    pickled = [dict(img_path='data/a/0.jpg', pred_score=torch.tensor(scores))]
    files[2].write_bytes(pickle.dumps(pickled))
    for file in files:
        found = ClassPredictions(str(file), allow_pickle=True)
        labels, values = found.ranked('a/0.jpg')
        assert labels == [1, 2, 0]
        np.testing.assert_allclose(values, [0.6, 0.3, 0.1], atol=1e-7)
        assert found.rank('a/0.jpg', 2) == 1
        assert found.rank('a/0.jpg', 9) > 1000


def test_an_ensemble_is_the_mean_with_zero_for_what_is_not_listed(tmp_path):
    files = [
        write_json(tmp_path / '1.json', {'0.jpg': {1: 0.6, 2: 0.4}}),
        write_json(tmp_path / '2.json', {'0.jpg': {2: 0.3, 3: 0.7}}),
    ]
    labels, scores = ClassPredictions(files).ranked('0.jpg')
    assert labels == [2, 3, 1]
    np.testing.assert_allclose(scores, [0.35, 0.35, 0.3], atol=1e-7)


def test_a_pickle_is_only_read_when_asked_for(tmp_path):
    path = tmp_path / 'p.pkl'
    path.write_bytes(pickle.dumps([]))
    with pytest.raises(ValueError, match='allow_pickle=True'):
        ClassPredictions(str(path))


@pytest.mark.parametrize(
    'known, asked, found',
    [
        (['a/0.jpg'], 'a/0.jpg', 'a/0.jpg'),
        (['/data/val/n01/0.jpg'], 'n01/0.jpg', '/data/val/n01/0.jpg'),
        (['0.jpg'], 'n01/0.jpg', '0.jpg'),
        (['val/0.jpg', 'val/1.jpg'], 'n01/0.jpg', 'val/0.jpg'),
        (['a/0.jpg', 'b/0.jpg'], 'x/b/0.jpg', 'b/0.jpg'),
        (['a/0.jpg', 'b/0.jpg'], '0.jpg', None),
        (['a/0.jpg', 'b/0.jpg'], 'c/0.jpg', None),
        (['a/0.jpg'], '1.jpg', None),
    ],
)
def test_images_are_found_by_their_paths(tmp_path, known, asked, found):
    path = write_json(tmp_path / 'p.json', {name: {0: 1} for name in known})
    predictions = ClassPredictions(path)
    if found:
        assert predictions.find(asked) == found
    else:
        with pytest.raises(KeyError):
            predictions.find(asked)


@pytest.mark.parametrize(
    'name, text, words',
    [
        ('p.csv', '0.jpg,1,.5\n1.jpg,1,.5\n0.jpg,2,.5\n', '1 images .* 0.jpg'),
        ('p.csv', '0.jpg,1\n', 'line 1: 1 labels and 0 scores'),
        ('p.csv', '0.jpg,cat,.5\n', 'line 1: expected image,label,score'),
        ('p.csv', '0.jpg,1,.5,1,.4\n', 'a label comes twice'),
        ('p.csv', '0.jpg,1,nan\n', 'not a number'),
        ('p.csv', '0.jpg,1,-inf\n', 'not a number'),
        ('p.csv', '0.jpg,-1,.5\n', 'integers from 0, got -1 to -1'),
        ('p.csv', '0.jpg\n', 'line 1: 0 labels and 0 scores'),
        ('p.csv', '', 'no class prediction'),
        ('p.json', '{"0.jpg": [1]}', "key '0.jpg'"),
        ('p.json', '{"0.jpg": {}, "0.jpg": {}}', 'more than once: 0.jpg'),
        ('p.txt', '', '.csv, .json, .pkl'),
    ],
)
def test_bad_files_are_named(tmp_path, name, text, words):
    path = tmp_path / name
    path.write_text(text)
    with pytest.raises(ValueError, match=words) as error:
        ClassPredictions(str(path))
    assert name in str(error.value)


def test_classifiers_of_other_images_have_no_mean(tmp_path):
    files = [
        write_json(tmp_path / '1.json', {'0.jpg': {1: 1}, '1.jpg': {1: 1}}),
        write_json(tmp_path / '2.json', {'0.jpg': {1: 1}, '2.jpg': {1: 1}}),
    ]
    with pytest.raises(ValueError, match=r'1\.jpg, 2\.jpg'):
        ClassPredictions(files)


@pytest.mark.parametrize('encoding', ['utf-8-sig', 'utf-16'])
def test_a_byte_order_mark_is_no_part_of_the_image(tmp_path, encoding):
    path = tmp_path / 'p.csv'
    path.write_text('image,label,score\nä.jpg,1,.5\n', encoding=encoding)
    assert ClassPredictions(str(path)).ranked('ä.jpg') == ([1], [0.5])


def test_logits_have_a_mean_only_if_all_files_list_the_class(tmp_path):
    whole = {'0.jpg': {0: -3.0, 1: -1.0, 2: -2.0}}
    files = [write_json(tmp_path / f'{i}.json', whole) for i in range(2)]
    assert ClassPredictions(files).ranked('0.jpg')[0] == [1, 2, 0]
    best = {'0.jpg': {1: -1.0}}
    files.append(write_json(tmp_path / 'best.json', best))
    with pytest.raises(ValueError, match=r"best\.json, image '0\.jpg'"):
        ClassPredictions(files)


def test_labels_that_count_from_1_are_refused(tmp_path):
    path = write_json(tmp_path / 'p.json', {'0.jpg': {3: 1}, '1.jpg': {10: 1}})
    metric = LocalizationMetric(class_predictions=path)
    with pytest.raises(ValueError, match=r"'1\.jpg': label 10.*from 0"):
        evaluate(metric, samples())


def samples():
    """The net is wrong about 0 and right about 1; both boxes are right."""
    return [
        sample(0, [BOX], {3: block(BOX)}, 3, [7, 8, 1, 2, 4]),
        sample(1, [BOX], {3: block(BOX)}, 3, [3]),
    ]


def test_the_other_classifier_ranks_and_our_map_locates(tmp_path):
    path = write_json(
        tmp_path / 'p.json', {'0.jpg': {3: 1.0}, '1.jpg': {4: 0.8, 3: 0.2}}
    )
    figures = evaluate(LocalizationMetric(class_predictions=path), samples())
    assert figures['gt_known_acc'] == figures['top5_acc'] == 100
    assert figures['top1_acc'] == figures['cls_top1_acc'] == 50
    alone = evaluate(LocalizationMetric(), samples())
    assert (alone['top1_acc'], alone['top5_acc']) == (50, 50)


def test_images_without_a_prediction_are_an_error_that_lists_them(
    tmp_path, capfd
):
    path = write_json(tmp_path / 'p.json', {'0.jpg': {3: 1.0}})
    metric = LocalizationMetric(class_predictions=path)
    with pytest.raises(ValueError, match=r'1 images .*: 1\.jpg'):
        evaluate(metric, samples())
