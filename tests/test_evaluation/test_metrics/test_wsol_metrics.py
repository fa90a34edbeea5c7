"""MaxBoxAcc, MaxBoxAccV2 and PxAP give the benchmark's own figures."""

import cv2
import numpy as np
import pytest
import torch
from samples import evaluate

from mmspg.evaluation import LocalizationMetric, MaxBoxAcc, PxAP


@pytest.fixture
def samples(wsol_reference, tmp_path):
    """The reference as data samples of images of 224 x 224 pixels."""
    offsets = wsol_reference['gt_offsets']
    found = []
    for i, score_map in enumerate(wsol_reference['score_maps']):
        mask = wsol_reference['masks'][i]
        paths = [str(tmp_path / f'{i}{kind}.png') for kind in 'mg']
        cv2.imwrite(paths[0], np.uint8(mask == 1) * 255)
        cv2.imwrite(paths[1], np.uint8(mask == 255) * 255)
        boxes = wsol_reference['gt_boxes'][offsets[i] : offsets[i + 1]]
        found.append(
            dict(
                sample_idx=i,
                img_id=f'{i}.jpg',
                gt_label=torch.tensor([1]),
                ori_gt_bboxes=torch.from_numpy(boxes + [0, 0, 1, 1]),
                ori_shape=(224, 224),
                img_shape=(224, 224),
                homography=np.eye(3),
                score_map=torch.from_numpy(score_map)[None],
                score_map_labels=torch.tensor([1]),
                gt_mask_paths=paths[:1],
                gt_ignore_path=paths[1],
            )
        )
    return found


def test_max_box_acc(wsol_reference, samples):
    figures = evaluate(MaxBoxAcc(), samples)
    assert figures['max_box_acc'] == wsol_reference['max_box_acc'][1]
    for iou, expected in zip(
        (30, 50, 70), wsol_reference['max_box_acc'], strict=True
    ):
        assert figures[f'max_box_acc_iou{iou}'] == expected
    ious = wsol_reference['largest_iou']
    curve = (ious >= 0.5).mean(0)
    assert (
        figures['max_box_acc_threshold_iou50']
        == (wsol_reference['thresholds'][curve.argmax()])
    )
    assert 'oracle' in figures['max_box_acc_protocol']


def test_max_box_acc_v2(wsol_reference, samples):
    figures = evaluate(MaxBoxAcc(multi_iou=True), samples)
    assert figures['max_box_acc_v2'] == pytest.approx(
        float(wsol_reference['max_box_acc_v2']), abs=1e-12
    )
    for iou, expected in zip(
        (30, 50, 70), wsol_reference['all_contours_acc'], strict=True
    ):
        assert figures[f'max_box_acc_v2_iou{iou}'] == expected


def test_a_threshold_chosen_elsewhere_stands_beside_the_oracle(
    wsol_reference, samples
):
    figures = evaluate(MaxBoxAcc(interval=0.1, threshold=0.35), samples)
    curve = 100 * (wsol_reference['largest_iou'] >= 0.5).mean(0)
    assert figures['box_acc'] == pytest.approx(curve[350])
    assert figures['max_box_acc'] == pytest.approx(
        curve[[350, *range(0, 1000, 100)]].max()
    )
    assert '0.35 (fixed)' in figures['max_box_acc_protocol']


@pytest.mark.parametrize('metric', [MaxBoxAcc, PxAP])
def test_steps(samples, metric):
    """For scores in [0, 1] the maximum is min-max; a low ceiling is not."""
    plain = evaluate(metric(), samples)
    same = evaluate(metric(score_map_steps=['max']), samples)
    low = dict(type='percentile', q=0.3)
    other = evaluate(metric(score_map_steps=[low]), samples)
    key = next(iter(plain))
    assert same[key] == pytest.approx(plain[key], abs=0.5)
    assert other[key] < plain[key] - 0.5
    with pytest.raises(ValueError, match="no step 'maxx'"):
        metric(score_map_steps=['maxx'])


def test_pxap(wsol_reference, samples):
    figures = evaluate(PxAP(), samples)
    assert figures['pxap'] == pytest.approx(
        float(wsol_reference['pxap']), abs=1e-9
    )


def test_records_are_small(samples):
    for metric, size in ((MaxBoxAcc(multi_iou=True), 375), (PxAP(), 0)):
        metric.process(None, samples[:3])
        assert len(metric.results) == 3
        _, record = metric.results[0]
        assert size == (len(record[1]) if record else 0)


def test_a_repeated_sample_counts_once(samples):
    for make in (lambda: MaxBoxAcc(interval=0.1), PxAP):
        once = evaluate(make(), samples)
        again = evaluate(make(), [*samples, *samples[:5]], len(samples))
        assert again == once


def test_boxes_are_scaled_and_cut_off_as_the_benchmark_does(wsol_reference):
    """A 2 x 2 cell of a map twice as coarse hits a box of a wide image."""
    score_map = np.zeros((112, 112), np.float32)
    score_map[20:60, 30:90] = 1
    box = torch.tensor([[30 * 4.0, 20.0, 90 * 4.0, 60.0]])
    wide = dict(
        sample_idx=0,
        img_id='wide.jpg',
        gt_label=torch.tensor([0]),
        ori_gt_bboxes=box,
        ori_shape=(112, 448),
        img_shape=(112, 112),
        homography=np.diag([0.25, 1, 1]),
        score_map=torch.from_numpy(score_map)[None],
        score_map_labels=torch.tensor([0]),
    )
    assert evaluate(MaxBoxAcc(), [wide])['max_box_acc'] == 100


def test_a_crop_is_laid_back_on_the_grid():
    score_map = np.zeros((28, 28), np.float32)
    score_map[7:21, 7:21] = 1
    crop = dict(
        sample_idx=0,
        img_id='crop.jpg',
        gt_label=torch.tensor([0]),
        # The middle half of a 224 crop out of the middle of 448.
        ori_gt_bboxes=torch.tensor([[168.0, 168.0, 280.0, 280.0]]),
        ori_shape=(448, 448),
        img_shape=(224, 224),
        homography=np.array([[1.0, 0, -112], [0, 1, -112], [0, 0, 1]]),
        score_map=torch.from_numpy(score_map)[None],
        score_map_labels=torch.tensor([0]),
    )
    figures = evaluate(MaxBoxAcc(iou_thrs=(0.5, 0.9)), [crop])
    assert figures['max_box_acc_iou90'] == 100


@pytest.mark.parametrize(
    'metric', [MaxBoxAcc(), MaxBoxAcc(multi_iou=True), LocalizationMetric()]
)
def test_a_regressed_box_counts_and_not_the_map(metric):
    score_map = torch.zeros(28, 28)
    score_map[:7, :7] = 1
    found = dict(
        sample_idx=0,
        img_id='0.jpg',
        gt_label=torch.tensor([0]),
        pred_score=torch.tensor([0.7, 0.3]),
        ori_gt_bboxes=torch.tensor([[50.0, 20.0, 100.0, 80.0]]),
        ori_shape=(100, 100),
        img_shape=(224, 224),
        homography=np.diag([2.24, 2.24, 1]),
        score_map=score_map[None],
        score_map_labels=torch.tensor([0]),
        pred_box=torch.tensor([0.5, 0.2, 1.0, 0.8]),
    )
    figures = evaluate(metric, [found])
    assert next(iter(figures.values())) == 100
    (protocol,) = (v for k, v in figures.items() if k.endswith('protocol'))
    assert protocol.startswith('regressed box, ')
    assert 'oracle' not in protocol
    found['pred_box'] = torch.tensor([0, 0.2, 0.5, 0.8])
    assert next(iter(evaluate(metric, [found]).values())) == 0


def test_bad_options_and_samples(samples, tmp_path):
    with pytest.raises(ValueError, match='multi_iou=True'):
        MaxBoxAcc(iou_thrs=(0.3,))
    samples[0].pop('ori_gt_bboxes')
    with pytest.raises(ValueError, match='0.jpg: there is no true box'):
        MaxBoxAcc().process(None, samples[:1])
    for paths, words in (
        ([], '0.jpg: no mask'),
        ([str(tmp_path / 'absent.png')], 'absent.png'),
        ([__file__], 'not an image'),
    ):
        samples[0]['gt_mask_paths'] = paths
        with pytest.raises(ValueError, match=words):
            PxAP().process(None, samples[:1])


def test_several_objects_and_a_region_to_ignore(tmp_path):
    from mmspg.evaluation.wsol.masks import read_mask

    images = [np.zeros((224, 224), np.uint8) for _ in range(3)]
    images[0][:10] = images[1][:, :10] = 255
    images[2][:20, :20] = 255
    paths = []
    for i, image in enumerate(images):
        paths.append(str(tmp_path / f'{i}.png'))
        cv2.imwrite(paths[-1], image)
    mask = read_mask(paths[:2], paths[2])
    assert mask[5, 200] == mask[200, 5] == mask[5, 5] == 1
    assert mask[15, 15] == 255
    assert mask[100, 100] == 0
