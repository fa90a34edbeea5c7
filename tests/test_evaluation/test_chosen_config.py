"""A chosen map is written into a config, which builds what makes it."""

import pytest
import torch
from mmengine.config import Config
from mmpretrain.registry import MODELS
from mmpretrain.structures import DataSample

from mmspg.evaluation.choices import (
    check_choice,
    settings_of,
    store_choice,
    weights_digest,
)
from mmspg.evaluation.chosen_config import put_reading, put_views
from mmspg.evaluation.map_collection import collect_maps
from mmspg.evaluation.map_sources import attribution_maps
from mmspg.evaluation.metrics import LocalizationMetric, MapQuality, MaxBoxAcc
from mmspg.evaluation.paired_hits import Reading
from mmspg.evaluation.protocol import (
    protocol_of,
    protocol_with,
    use_stored_choice,
    validated_choice,
)
from mmspg.models.attributions import bagcams, layercam
from mmspg.utils.carried_config import META_KEY

SIDE = 32
LAYER = 'backbone.layers.3'


def config(**model):
    return Config(
        dict(
            model={
                **dict(
                    type='mmspg.FittedClassifier',
                    backbone=dict(
                        type='mmspg.TinyTrunk', channels=(4, 8, 8, 8, 8)
                    ),
                    neck=dict(
                        type='mmspg.SPGNeck',
                        a3_channels=(6,),
                        b_channels=4,
                        c_channels=(4,),
                    ),
                    head=dict(type='mmspg.SPGHead', num_classes=3),
                ),
                **model,
            },
            test_evaluator=dict(
                type='mmspg.LocalizationMetric', threshold=0.3
            ),
        )
    )


def build(cfg):
    torch.manual_seed(0)
    return MODELS.build(dict(cfg.model)).eval()


def loader():
    torch.manual_seed(1)
    for i in range(3):
        sample = DataSample(
            metainfo=dict(
                img_id=i, ori_shape=(SIDE, SIDE), img_shape=(SIDE, SIDE)
            )
        ).set_gt_label(i)
        yield dict(inputs=torch.rand(1, 3, SIDE, SIDE), data_samples=[sample])


def test_an_attribution_is_compared_and_then_made_by_the_model():
    cfg = config()
    model = build(cfg)
    names = [f'layercam:{LAYER}', 'bagcams:neck.a3', 'backprop']
    attributions = attribution_maps(model, names)
    images = collect_maps(model, loader(), attributions)
    assert [*images[0]['maps']][-3:] == names
    assert not any('*' in s and ':' in s for s in images[0]['maps'])
    for one, batch in zip(images, loader(), strict=True):
        args = model, batch['inputs'], torch.tensor([[one['img_id']]])
        for name, maps in (
            (names[0], layercam(*args, LAYER)),
            (names[1], bagcams(*args, 'neck.a3')),
        ):
            found = torch.from_numpy(one['maps'][name])
            torch.testing.assert_close(found, maps[0, 0])

    put_reading(cfg, model, Reading.of(names[0], ['ivr']), attributions)
    assert cfg.test_evaluator.score_map_steps == ['ivr']
    assert 'threshold' not in cfg.test_evaluator
    settings = settings_of(cfg)
    assert settings['map_source'] == f'attribution layercam:{LAYER}'
    other = build(Config.fromstring(cfg.pretty_text, '.py'))
    other.load_state_dict(model.state_dict())
    with torch.no_grad():
        for one, batch in zip(images, loader(), strict=True):
            (sample,) = other.predict(batch['inputs'], labels=[one['img_id']])
            found = torch.from_numpy(one['maps'][names[0]])
            torch.testing.assert_close(sample.score_map[0], found)


def test_the_attribution_of_the_config_is_kept_or_replaced():
    attribution = dict(name='excitation', layer=LAYER, contrastive=True)
    cfg = config()
    fitted = build(cfg)
    cfg.model.neck.in_channels = fitted.backbone.out_channels
    cfg.model.head.in_channels = fitted.head.in_channels
    cfg.model.update(
        type='mmspg.AttributionClassifier', attribution=attribution, smooth=0.1
    )
    model = build(cfg)
    own = f'excitation:{LAYER}'
    attributions = attribution_maps(model, [own, f'gradcam:{LAYER}'])
    assert list(attributions) == [own, f'gradcam:{LAYER}']
    (batch, *_) = loader()
    labels = torch.tensor([[1]])
    torch.testing.assert_close(
        attributions[own](batch['inputs'], labels),
        model.attribute(batch['inputs'], labels),  # contrastive and smooth
    )
    put_reading(cfg, model, Reading.of(own, []), attributions)
    assert cfg.model.attribution == attribution
    assert cfg.model.smooth == 0.1
    put_reading(cfg, model, Reading.of('c', []), attributions)
    assert not {'attribution', 'smooth'} & set(cfg.model)
    assert settings_of(cfg)['map_source'] == 'c'
    build(cfg).load_state_dict(model.state_dict())


def test_views_are_written_and_removed():
    cfg = config(type='ImageClassifier')
    put_views(cfg, dict(flip=True))
    assert cfg.model.type == 'mmspg.ViewsClassifier'
    assert cfg.model.score_map_views == dict(flip=True)
    put_views(cfg, None)
    assert 'score_map_views' not in cfg.model


def test_what_cannot_be_attributed_is_refused():
    model = build(config())
    with pytest.raises(ValueError, match=r'layers\.9.*backbone\.layers\.4'):
        attribution_maps(model, ['layercam:backbone.layers.9'])
    with pytest.raises(ValueError, match='bagcams.*gradcam'):
        attribution_maps(model, [f'cam:{LAYER}'])
    with pytest.raises(ValueError, match='gradcam needs a layer'):
        attribution_maps(model, ['gradcam'])
    with pytest.raises(ValueError, match='SPGHead cannot'):
        attribution_maps(model.head, [f'gradcam:{LAYER}'])


def test_other_options_of_a_map_are_part_of_a_choice():
    cfg = config()
    assert settings_of(cfg)['map_options'] is None
    cfg.model.update(
        type='mmspg.AttributionClassifier',
        attribution=dict(name='layercam', layer=LAYER),
        smooth=0.2,
    )
    blurred = settings_of(cfg)
    cfg.model.smooth = 0.1
    with pytest.raises(ValueError, match='map_options=.*0.2.*0.1'):
        check_choice(dict(blurred, threshold=0.3), settings_of(cfg))
    check_choice(dict(threshold=0.3), settings_of(config()))


def test_the_threshold_of_a_file_is_bound_to_its_weights(tmp_path):
    file = tmp_path / 'a.threshold.json'
    weights = dict(a=torch.ones(1))
    store_choice(
        dict(threshold=0.4, weights=weights_digest(weights), map_source='c'),
        file,
    )
    cfg = config()
    cfg.test_evaluator.threshold = str(file)
    for content, source in (({}, 'c'), (weights, 'attention')):
        cfg.model.head.score_map_source = source
        for use in (protocol_of, use_stored_choice):
            with pytest.raises(ValueError, match='was chosen'):
                use(cfg, 'a.pth', dict(state_dict=content))
    cfg.model.head.score_map_source = 'c'
    found = protocol_of(cfg, 'a.pth', dict(state_dict=weights))
    assert found.threshold == 0.4


def test_a_single_threshold_of_a_config_is_fixed_for_all(recwarn):
    cfg = config()
    stored = dict(threshold=0.6)
    content = dict(state_dict={}, meta={META_KEY: stored})
    cfg.test_evaluator = dict(
        type='mmspg.LocalizationMetric', thresholds=[0.2]
    )
    use_stored_choice(cfg, 'a.pth', content)
    assert 'threshold' not in cfg.test_evaluator
    assert protocol_of(cfg, 'a.pth', content).threshold == 0.2


@pytest.mark.parametrize('threshold', [30, 1.5])
def test_a_threshold_in_percent_is_refused(threshold):
    with pytest.raises(ValueError, match='not percent'):
        protocol_with(settings_of(config()), threshold)
    with pytest.raises(ValueError, match='not percent'):
        LocalizationMetric(threshold=threshold)
    settings = dict(settings_of(config()), rule='mean')
    assert protocol_with(settings, threshold).threshold == threshold


def test_an_iou_in_percent_is_refused():
    with pytest.raises(ValueError, match='iou_thr is 50'):
        LocalizationMetric(iou_thr=50)
    with pytest.raises(ValueError, match='iou_thrs is 30'):
        MaxBoxAcc(multi_iou=True, iou_thrs=(30, 50, 70))


def test_the_choice_of_a_validation_is_that_of_the_localization():
    metrics = [MapQuality(), LocalizationMetric()]
    figures = {
        'map/threshold': 0.73,
        'loc/threshold': 0.4,
        'loc/gt_known_acc': 50.0,
    }
    chosen = validated_choice(metrics, figures, [])
    assert (chosen['threshold'], chosen['value']) == (0.4, 50)
    assert validated_choice(metrics[:1], figures, []) is None
