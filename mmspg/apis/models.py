"""Find the network and the weights that an inferencer is given."""

import copy
import os
from collections.abc import Sequence
from contextlib import suppress
from difflib import get_close_matches
from pathlib import Path
from typing import NamedTuple

import numpy as np
from mmengine.config import Config
from mmengine.dataset import Compose
from mmengine.model import BaseModel
from mmengine.registry import DefaultScope
from mmengine.runner.checkpoint import load_state_dict
from mmpretrain.apis import ModelHub
from mmpretrain.registry import TRANSFORMS
from mmpretrain.utils import register_all_modules

from mmspg.datasets.transforms import check_pipeline
from mmspg.evaluation.choices import (
    settings_of,
    sweep_command,
    usable_choice,
)
from mmspg.evaluation.functional import get_rule
from mmspg.evaluation.protocol import (
    Protocol,
    box_step_of,
    choice_of_the_config,
    protocol_of,
    protocol_with,
)
from mmspg.utils.carried_config import (
    carried_config,
    compare_preprocessing,
    follow_checkpoint,
)
from mmspg.utils.cfg import load_config, set_input_size
from mmspg.utils.checkpoint import (
    check_checkpoint,
    read_checkpoint,
    state_dict_of,
)
from mmspg.utils.warn import warn

# The model if nobody names one: it has 1000 classes and weights from pip.
DEFAULT_MODEL = 'cam_efficientnet-lite0_imagenet'


class Source(NamedTuple):
    """A network and its weights, before the weights are loaded.

    ``checkpoint`` is a path or an address, and ``content`` is what it holds.
    Both are None if there are no weights to load.
    """

    model: Config | BaseModel
    checkpoint: str | None = None
    content: dict | None = None


def find_model(
    model=None,
    pretrained: str | bool | os.PathLike = True,
    input_size: int | None = None,
) -> Source:
    """Find the config and the weights.

    Args:
        model (str | Path | Config | BaseModel, optional): A checkpoint,
            which carries its config; a config, or its file; a name of
            mmpretrain's model hub; or a built model. None: `DEFAULT_MODEL`.
        pretrained (str | bool): The checkpoint of a config or a name. True
            takes the config's ``load_from`` or the name's published weights;
            False takes none.
        input_size (int, optional): Side of the input in pixels. None: the
            size that the checkpoint was trained at or, with a `Config`, the
            size in it.

    Returns:
        Source: Its config is a copy, which may be changed.

    Raises:
        FileNotFoundError: There is no such file or name.
        ValueError: There are no weights, or they carry no config.
    """
    checkpoint = None if isinstance(pretrained, bool) else str(pretrained)
    if isinstance(model, BaseModel):
        content = read_checkpoint(checkpoint) if checkpoint else None
        return Source(model, checkpoint, content)
    if model is None:
        model = DEFAULT_MODEL
        if not ModelHub.has(model):
            raise ValueError(
                f'the default model {model!r} is not in this installation: '
                'give a checkpoint'
            )
    cfg, published = _config_of(model)
    if cfg is None:
        if checkpoint:
            raise ValueError(
                f'{model} and {checkpoint} are two checkpoints: give one '
                'alone, or a config first'
            )
        checkpoint = str(model)
    elif pretrained is True:
        checkpoint = published
        if not checkpoint:
            raise ValueError(
                f'no weights are published for {model!r}: give the '
                'checkpoint, LocalizationInferencer(model, "epoch_3.pth"), '
                'or pretrained=False for a random network'
                if isinstance(model, str)
                else 'the config has no load_from: give the checkpoint'
            )
    content = read_checkpoint(checkpoint) if checkpoint else None
    if cfg is None:
        cfg = carried_config(content or {}, str(checkpoint))
    if content and not isinstance(model, Config):
        follow_checkpoint(cfg, content)
    if input_size is not None:
        set_input_size(cfg, input_size)
    return Source(cfg, checkpoint, content)


def _config_of(model) -> tuple[Config | None, str | None]:
    """Give the config and where its weights are; None for a checkpoint.

    Raises:
        FileNotFoundError: It is neither a file nor a name.
    """
    if isinstance(model, Config):
        return copy.deepcopy(model), model.get('load_from')
    name = os.fspath(model)
    if name.endswith('.py'):
        cfg = load_config(name)
        return cfg, cfg.get('load_from')
    if ModelHub.has(name):
        register_all_modules()
        found = ModelHub.get(name)
        return copy.deepcopy(found.config), found.weights
    if '://' in name or os.path.isfile(name):
        return None, None
    near = get_close_matches(name, ModelHub._models_dict, cutoff=0.6)
    told, folder = 'similar names are', Path(name)
    if os.sep in name or os.path.isdir(name):
        folder = folder if os.path.isdir(name) else folder.parent
        near = sorted(map(str, folder.glob('*.pth')))[:5]
        told = 'checkpoints there are'
    raise FileNotFoundError(
        f"there is no checkpoint '{name}', nor a model of this name"
        + (f'; {told} {", ".join(near)}' if near else '')
    )


def is_own(name: str) -> bool:
    """Whether a name of mmpretrain's list is a model of mmspg."""
    home = str(Path(__file__).parents[1])
    return ModelHub._models_dict[name].filepath.startswith(home)


def fill_model(model: BaseModel, source: Source) -> list[str] | None:
    """Load the weights, even if they were saved from a wrapped model.

    Returns:
        list[str] | None: The names of the classes, if the checkpoint has
        them.

    Raises:
        ValueError: The weights would leave a part of the model random.
    """
    content = source.content or {}
    check_checkpoint(model, str(source.checkpoint), content)
    if isinstance(source.model, Config):  # not a model that is built
        compare_preprocessing(source.model, content)
    load_state_dict(model, state_dict_of(content))
    named = (content.get('meta') or {}).get('dataset_meta')
    if not named:
        return None
    model._dataset_meta = named  # where mmpretrain's own tools look
    return named.get('classes')


def choose_protocol(
    cfg: Config,
    source: Source,
    threshold: float | None,
    rule: str | None,
    valley: float | None = None,
) -> Protocol:
    """Choose how maps become boxes; warn of a threshold that may be far off.

    Args:
        cfg (Config): The config of the model.
        source (Source): Where its weights came from.
        threshold (float, optional): The threshold that the user wants.
        rule (str, optional): The rule that the user wants.
        valley (float, optional): The valley that the user wants, see
            `objects_of`.

    Raises:
        ValueError: The rule is unknown; the message lists all rules.
    """
    if rule is not None:
        get_rule(rule)
    if threshold is not None:
        settings = settings_of(cfg)
        settings['rule'] = rule or settings['rule']
        step = _stored_step(cfg, source, settings, threshold)
        if valley not in (None, step['valley']):
            step = dict(valley=valley)
        return protocol_with(settings, threshold, **step)
    checkpoint = source.checkpoint
    found = protocol_of(cfg, checkpoint, source.content, rule)
    if valley not in (None, found.valley):
        # The confidence was fitted to boxes of another valley.
        found = found._replace(valley=valley, confidence=None)
    if found.source == 'default':
        command = sweep_command(checkpoint or 'CHECKPOINT', cfg.filename)
        warn(
            f'No threshold was chosen for {checkpoint or "this model"}: its '
            f'maps are cut at {found.threshold:g}, which may be far off. '
            f'If some images have boxes, choose one: {command}; or give one: '
            'threshold=NUMBER, --threshold NUMBER.'
        )
    return found


def _stored_step(
    cfg: Config, source: Source, settings: dict, threshold: float
) -> dict:
    """Give valley and confidence, if they are stored for this threshold."""
    stored = None
    with suppress(ValueError):  # nobody asked for what is stored
        stored = choice_of_the_config(cfg, settings, source.content)
        if stored is None and source.checkpoint and source.content:
            stored, _ = usable_choice(
                settings, source.checkpoint, source.content, cfg.filename
            )
    same = stored is not None and stored['threshold'] == threshold
    return box_step_of(stored if same else None)


def build_pipeline(cfg: Config) -> Compose:
    """Build the test pipeline with a loader that takes loaded images.

    Raises:
        ValueError: A transform moves pixels without the boxes.
    """
    pipeline = [dict(t) for t in cfg.test_dataloader.dataset.pipeline]
    for transform in pipeline:
        name = str(transform['type']).split('.')[-1]
        if name in ('LoadImageFromFile', 'LoadLocImage'):
            transform.clear()
            transform['type'] = 'mmspg.LoadLocImage'
        elif name == 'PackInputs':
            transform['type'] = 'mmspg.PackLocInputs'
    # The program may have run a Runner in another scope before.
    with DefaultScope.overwrite_default_scope('mmpretrain'):
        built = [TRANSFORMS.build(t) for t in pipeline]
    check_pipeline(built)
    return Compose(built)


def labels_of(classes, names: Sequence[str] | None, count: int) -> list[int]:
    """Give the numbers of classes that were given by number or name.

    Args:
        classes (int | str | Sequence): One class or several.
        names (Sequence[str], optional): The classes' names, if known.
        count (int): How many classes there are.

    Returns:
        list[int]: The numbers.

    Raises:
        ValueError: A class is unknown, and the message lists similar names;
            or several have the name.
    """
    if isinstance(classes, (str, int, np.integer)):
        classes = [classes]
    names = list(names or ())
    labels = []
    for name in classes:
        if isinstance(name, str) and name in names:
            same = [i for i, other in enumerate(names) if other == name]
            if len(same) > 1:
                raise ValueError(
                    f'{len(same)} classes are called {name!r}. Give the '
                    f'number of one: {", ".join(map(str, same))}'
                )
            labels += same
        elif str(name).isdecimal() and int(name) < count:
            labels.append(int(name))
        else:
            text = f'unknown class {name!r}; valid are 0 to {count - 1}'
            if names:
                near = [n for n in names if str(name).lower() in n.lower()][:3]
                near = near or get_close_matches(str(name), names, cutoff=0.3)
                near = near or names[:3]
                text += f' and names such as {", ".join(map(repr, near))}'
            raise ValueError(text)
    return labels
