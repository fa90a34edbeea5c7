"""Ten crops: the class of the crops, the map of the whole image."""

import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.dataset import Compose, default_collate
from mmpretrain.structures import DataSample
from torch import nn

from mmspg.models.tta import TenCropTTA
from mmspg.registry import MODELS, TRANSFORMS

pytestmark = pytest.mark.quick  # runs on the second stack, too


class Net(nn.Module):
    """Class scores are the input; a map of class c is c everywhere."""

    def __init__(self):
        super().__init__()
        self.asked = []

    def test_step(self, data):
        for score, sample in zip(
            data['inputs'], data['data_samples'], strict=True
        ):
            if 'score_map_request' in sample:
                labels = sample.score_map_request
            else:
                labels = score.topk(2).indices
            self.asked.append(labels.tolist())
            labels = torch.cat([labels, sample.gt_label])
            sample.set_pred_score(score)
            sample.set_pred_label(score.argmax(0, keepdim=True))
            maps = labels[:, None, None].float().expand(-1, 2, 2)
            sample.set_field(maps, 'score_map', dtype=torch.Tensor)
            sample.set_field(labels, 'score_map_labels', dtype=torch.Tensor)
        return list(data['data_samples'])


def views(*scores):
    """A batch of one image whose views have these class scores."""
    samples = [DataSample().set_gt_label(0) for _ in scores]
    return dict(
        inputs=[torch.tensor([score]) for score in scores],
        data_samples=[[sample] for sample in samples],
    )


WHOLE = [0.9, 0.1, 0.0, 0.0]
CROPS = [[0.0, 0.2, 0.8, 0.0], [0.1, 0.6, 0.0, 0.3]]


def test_the_whole_image_stays_out_of_the_mean():
    (found,) = TenCropTTA(Net(), topk=2).test_step(views(WHOLE, *CROPS))
    torch.testing.assert_close(
        found.pred_score, torch.tensor([0.05, 0.4, 0.4, 0.15])
    )
    assert found.pred_label.tolist() == [1]


def test_the_maps_are_the_whole_images_and_of_the_merged_classes():
    net = Net()
    crops = [[0.0, 0.2, 0.8, 0.0], [0.1, 0.5, 0.0, 0.4]]
    (found,) = TenCropTTA(net, topk=2).test_step(views(WHOLE, *crops))
    assert found.score_map_labels.tolist() == [2, 1, 0]
    assert net.asked[-1] == [2, 1]
    assert found.score_map[:, 0, 0].tolist() == [2, 1, 0]


def test_a_request_of_the_sample_is_kept():
    data = views(WHOLE, *CROPS)
    data['data_samples'][0][0].score_map_request = torch.tensor([3])
    (found,) = TenCropTTA(Net()).test_step(data)
    assert found.score_map_labels.tolist() == [3, 0]


def test_one_view_is_an_error():
    with pytest.raises(ValueError, match='ten_crop_224.py'):
        TenCropTTA(Net()).test_step(views(WHOLE))


def test_a_part_of_the_image_is_no_first_view(pipeline):
    item = dict(
        img=np.zeros((300, 401, 3), np.uint8),
        img_id='a.jpg',
        img_path='a.jpg',
        gt_label=1,
        sample_idx=0,
    )
    found = default_collate([pipeline(item)])
    crops_first = {key: views[::-1] for key, views in found.items()}
    with pytest.raises(ValueError, match='first view of a.jpg is a part'):
        TenCropTTA(Net()).test_step(crops_first)


@pytest.fixture
def pipeline(root):
    path = root / 'configs' / '_base_' / 'tta' / 'ten_crop_224.py'
    config = Config.fromfile(path)
    assert config.tta_model.type == 'mmspg.TenCropTTA'
    with TRANSFORMS.switch_scope_and_registry('mmpretrain'):
        return Compose(config.tta_pipeline)


def test_the_pipeline_gives_the_whole_image_then_ten_crops(pipeline):
    rng = np.random.default_rng(0)
    item = dict(
        img=rng.integers(0, 256, (300, 400, 3), dtype=np.uint8),
        img_id='a.jpg',
        gt_label=1,
        sample_idx=0,
    )
    found = pipeline(item)
    assert len(found['inputs']) == len(found['data_samples']) == 11
    assert {tuple(x.shape) for x in found['inputs']} == {(3, 224, 224)}
    corners, sides = [], []
    for sample in found['data_samples']:
        there = np.array([[0, 400.0], [0, 300], [1, 1]])
        x, y, _ = sample.homography @ there
        corners.append((round(min(x)), round(min(y)), bool(x[0] > x[1])))
        sides.append(round(abs(x[1] - x[0])))
    assert sides == [224] + [256] * 10
    crops = [(0, 0), (-32, 0), (0, -32), (-32, -32), (-16, -16)]
    mirrored = [(-32, 0), (0, 0), (-32, -32), (0, -32), (-16, -16)]
    assert corners == (
        [(0, 0, False)]
        + [(*at, False) for at in crops]
        + [(*at, True) for at in mirrored]
    )
    # Mirrored crops are those of the other side of the mirrored image.
    torch.testing.assert_close(found['inputs'][6], found['inputs'][1].flip(2))
    batch = default_collate([found, found])
    assert len(batch['inputs']) == 11
    assert batch['inputs'][0].shape == (2, 3, 224, 224)


def test_a_real_model_runs_on_it(pipeline, root):
    config = Config.fromfile(root / 'configs' / 'spg_tiny_synthetic.py')
    model = TenCropTTA(MODELS.build(config.model))
    item = dict(
        img=np.full((100, 80, 3), 128, np.uint8),
        img_id='a.jpg',
        gt_label=1,
        sample_idx=0,
    )
    model.eval()
    with torch.no_grad():
        (found,) = model.test_step(default_collate([pipeline(item)]))
    assert found.score_map.shape[0] == len(found.score_map_labels)
    assert found.score_map_labels[0] == found.pred_label
    assert found.score_map_labels[-1] == 1
    assert np.allclose(np.diag(found.homography), [2.8, 2.24, 1])
