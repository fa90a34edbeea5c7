"""Exported models against PyTorch, and the box step against the metric's."""

from types import SimpleNamespace

import cv2
import numpy as np
import pytest
import torch
from mmengine.config import Config

from mmspg.apis import LocalizationInferencer, box_step
from mmspg.apis import export as exporting
from mmspg.evaluation.functional import boxes_at_thresholds, place_score_map

pytestmark = pytest.mark.filterwarnings('ignore')


@pytest.fixture(scope='module')
def find(files):
    return LocalizationInferencer(*files, threshold=0.5)


@pytest.fixture(scope='module')
def model(find):
    return exporting.ExportModel(find.model).eval()


@pytest.fixture(scope='module')
def photographs():
    """Real ones, which scikit-image brings along."""
    data = pytest.importorskip('skimage.data')
    images = [data.astronaut(), data.coffee()[:, :333], data.rocket()]
    return [np.ascontiguousarray(image[..., ::-1]) for image in images]


def test_batch_norm_is_folded_and_nothing_changes(find, model):
    kinds = {type(module).__name__ for module in model.modules()}
    assert not any('BatchNorm' in kind for kind in kinds)
    assert any(
        isinstance(module, torch.nn.BatchNorm2d)
        for module in find.model.modules()
    )
    images, label = exporting.example_inputs()
    with torch.no_grad():
        scores, top, top_map, label_map = model(images, label)
        data = find.model.data_preprocessor(
            dict(inputs=list(images.flip(1).round())), False
        )
        samples = find.model.head.predict(
            find.model.extract_feat(data['inputs']), labels=label[:1]
        )
        rounded = model(images.round(), label)
    for i, sample in enumerate(samples):
        torch.testing.assert_close(sample.pred_score, rounded[0][i])
        raw = sample.score_map[0]
        expected = (raw - raw.min()) / (raw.max() - raw.min())
        torch.testing.assert_close(
            rounded[3][i], expected, rtol=1e-4, atol=1e-5
        )
    assert scores.sum(1).numpy() == pytest.approx(1)
    assert top_map.amax() == label_map.amax() == 1


def test_torch_export(find, model, photographs, tmp_path):
    path = tmp_path / 'model.pt2'
    exporting.export_program(model, path, 56)
    check_exported(find, model, path, photographs)


def seen_and_read_otherwise(files):
    """The model with three views, and its maps with steps."""
    cfg = Config.fromfile(files[0])
    cfg.model.update(
        type='mmspg.ViewsClassifier',
        score_map_views=dict(flip=True, scales=(1, 1.5)),
    )
    cfg.test_evaluator = dict(
        type='mmspg.LocalizationMetric',
        score_map_steps=['max', 'percentile', dict(type='ivr', q=0.2)],
    )
    find = LocalizationInferencer(cfg, files[1], threshold=0.5)
    steps = find.protocol.score_map_steps
    return find, exporting.ExportModel(find.model, steps).eval()


def test_torch_export_of_steps_and_views(files, photographs, tmp_path):
    find, model = seen_and_read_otherwise(files)
    path = tmp_path / 'model.pt2'
    exporting.export_program(model, path, 56)
    check_exported(find, model, path, photographs)


@pytest.mark.slow
def test_onnx_of_steps_and_views(files, photographs, tmp_path):
    for name in ('onnx', 'onnxscript', 'onnxruntime'):
        pytest.importorskip(name)
    find, model = seen_and_read_otherwise(files)
    path = tmp_path / 'model.onnx'
    exporting.export_onnx(model, path, 56)
    check_exported(find, model, path, photographs)


@pytest.mark.slow
def test_onnx(find, model, photographs, tmp_path):
    for name in ('onnx', 'onnxscript', 'onnxruntime'):
        pytest.importorskip(name)
    path = tmp_path / 'model.onnx'
    exporting.export_onnx(model, path, 56)
    check_exported(find, model, path, photographs)
    import onnx

    graph = onnx.load(path).graph
    assert 'BatchNormalization' not in {node.op_type for node in graph.node}
    assert [i.name for i in graph.input] == list(exporting.INPUTS)
    assert [o.name for o in graph.output] == list(exporting.OUTPUTS)


def check_exported(find, model, path, photographs):
    """Within a pixel of PyTorch, at any batch and size."""
    for image in photographs:
        ((_, gap, same),) = exporting.compare(find, path, image)
        assert gap <= 1
        assert same
    run = (
        exporting.run_onnx(path)
        if path.suffix == '.onnx'
        else exporting.run_program(path)
    )
    for batch, height, width in ((1, 56, 56), (3, 80, 64), (5, 33, 120)):
        images = 255 * torch.rand(batch, 3, height, width)
        label = torch.arange(batch) % 4
        with torch.no_grad():
            expected = model(images, label)
        for a, b in zip(
            expected, run(images.numpy(), label.numpy()), strict=True
        ):
            np.testing.assert_allclose(a.numpy(), b, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize('kernel, padding', [(3, 1), (3, 0), (2, 0)])
def test_pools_that_round_up(kernel, padding):
    """Inception's, at every remainder of a size."""
    pool = torch.nn.MaxPool2d(kernel, 2, padding, ceil_mode=True)
    net = exporting.replace_ceil_pools(torch.nn.Sequential(pool))
    assert isinstance(net[0], exporting.CeilMaxPool)
    for side in range(4, 20):
        x = torch.randn(1, 2, side, side + 3)
        assert torch.equal(net(x), pool(x))


def test_box_step_is_the_metrics():
    """Odd sizes, plateaus and ties, at several thresholds."""
    rng = np.random.default_rng(0)
    for i in range(80):
        cells = rng.integers(2, 12, 2)
        score_map = rng.normal(size=cells).astype(np.float32)
        if i % 3 == 0:
            score_map = cv2.GaussianBlur(score_map, (0, 0), 1)
        size = tuple(rng.integers(2, 90, 2).tolist())
        for align_corners in (False, True):
            placed = place_score_map(
                score_map, size, size, align_corners=align_corners
            )
            for threshold in (0.013, 0.31, 0.497, 0.811):
                box = box_step.box_of(
                    score_map, size, threshold, align_corners
                )
                (expected,) = boxes_at_thresholds(placed, [threshold])
                assert box == tuple(expected)


def test_box_step_on_masks_and_flat_maps():
    rng = np.random.default_rng(1)
    for density in (0.2, 0.5, 0.6):
        for _ in range(60):
            mask = rng.random(rng.integers(1, 14, 2)) < density
            if mask.any():
                (expected,) = boxes_at_thresholds(mask.astype(float), [0.5])
                assert box_step.largest_box(mask) == tuple(expected)
    assert box_step.largest_box(np.zeros((3, 4))) == (0, 0, 0, 0)
    assert box_step.box_of(np.ones((3, 4)), (30, 20)) == (0, 0, 0, 0)


def test_box_step_needs_numpy_only():
    source = open(box_step.__file__).read()
    imports = [
        line
        for line in source.splitlines()
        if line.startswith(('import ', 'from '))
    ]
    assert imports == ['import numpy as np']


def test_a_cropping_pipeline_is_refused(find):
    class Cropping:
        pipeline = staticmethod(
            lambda info: find.pipeline(dict(info, img=info['img'][:, :200]))
        )

    with pytest.raises(ValueError, match='crops'):
        exporting.input_size(Cropping)
    assert exporting.input_size(find) == [56, 56]


def test_maps_by_gradients_are_refused(files):
    cfg = Config.fromfile(files[0])
    cfg.model.type = 'mmspg.AttributionClassifier'
    cfg.model.attribution = dict(name='layercam', layer='backbone.layers.2')
    find = LocalizationInferencer(cfg, files[1], threshold=0.5)
    with pytest.raises(ValueError, match='by gradients'):
        exporting.ExportModel(find.model)


def test_an_ensemble_is_refused(find):
    ensemble = SimpleNamespace(members=[find.model], head=find.model.head)
    with pytest.raises(ValueError, match='no score maps that can be exported'):
        exporting.ExportModel(ensemble)
