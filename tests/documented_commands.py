"""How the commands of the pages are run by the tests, where not as written.

A command of a new page needs nothing here if it is a ``python tools/...`` of
seconds on what `documented_stage.py` lays out: ``CONFIG``, ``CHECKPOINT``,
``data/CUB_200_2011`` and so on. One that takes longer gets a line in SMALLER,
one that cannot be run here a line, with the reason, in CANNOT_RUN.
"""

# Words of the pages that are no names of files, and what the stage has.
STANDS_FOR = {
    'CONFIG': 'config.py',
    'SPLIT': 'val',
    'IMAGES': 'photos',
    'IMAGE|FOLDER|VIDEO': 'photos',
    'IMAGES...': 'photos/cat/0.jpg',
    '[IMAGES...]': 'photos/cat/0.jpg',
    "$(python -c 'import skimage; print(skimage.__path__[0])')"
    '/data/coffee.png': 'photos/cat/0.jpg',
    '50000': '20',
    '100000': '42',
    '5000': '5',
    '200': '3',
}

NO_WORKERS = (
    'train_dataloader.num_workers=0',
    'val_dataloader.num_workers=0',
    'test_dataloader.num_workers=0',
)
BRIEF = (
    *NO_WORKERS,
    'train_cfg.max_epochs=1',
    'train_cfg.val_interval=1',
    'default_hooks.checkpoint.save_optimizer=False',
)
DRAWN = (
    'train_dataloader.dataset.num_images=20',
    'val_dataloader.dataset.num_images=8',
    'test_dataloader.dataset.num_images=8',
)
PHOTOGRAPHS = ('model.head.num_classes=20',)

# Start of a command -> settings (KEY=VALUE) and arguments that make it one of
# seconds; of all that fit. The settings follow those that the page gives.
SMALLER = {
    'python tools/train.py': BRIEF,
    'python tools/test.py': NO_WORKERS,
    'python tools/train.py configs/spg_tiny_synthetic.py': DRAWN,
    'python tools/train.py configs/light': ('--input-size 64',),
    'python tools/train.py configs/psol': ('--input-size 64',),
    'python tools/train.py configs/spg_inceptionv3': (
        *PHOTOGRAPHS,
        '--input-size 64',
    ),
    'python tools/test.py configs/spg_inceptionv3': (
        *PHOTOGRAPHS,
        '--input-size 64',
    ),
    'python tools/train.py configs/baselines': (
        *PHOTOGRAPHS,
        '--input-size 64',
    ),
    'python tools/test.py configs/baselines': (
        *PHOTOGRAPHS,
        '--input-size 64',
    ),
    'python tools/test.py configs/presets': (
        *PHOTOGRAPHS,
        '--input-size 64',
    ),
    'python tools/misc/check_dataset.py configs/spg': PHOTOGRAPHS,
    'python tools/benchmarks/benchmark_evaluation.py': ('--workers 1',),
    'python tools/benchmarks/benchmark_data.py': ('--num 3 --rounds 1',),
    'python tools/benchmarks/benchmark_startup.py': (
        '--repeats 1 --only test.py',
    ),
    'python tools/benchmarks/benchmark_training.py': (
        '--size 64 --batch 2 --repeats 1 --warmup 1 --only float32',
    ),
    'python tools/benchmarks/benchmark_prediction.py': (
        '--size 64 --batch 1 --repeats 1 --warmup 1 --only fast',
    ),
    'python tools/benchmarks/benchmark_steps.py': ('--repeats 1',),
    'python tools/benchmarks/benchmark_memory.py': ('--size 64',),
    'python tools/dataset_converters/resize_images.py': ('--workers 1',),
    'python tools/visualization/report.py': ('--number 3',),
}

# Start of a command -> who runs it: a file, and what stands in it.
ELSEWHERE = {
    'python -m pip install': ('.ci/run', 'pip install -qq -e ".[$2]"'),
    'python -m pytest': ('.ci/run', '-m pytest'),
    'ruff check': ('.ci/run', 'ruff check'),
    'ruff format': ('.ci/run', 'ruff format'),
    'mypy': ('.ci/run', 'mypy'),
    'mkdocs build': ('.ci/run', 'mkdocs build'),
    'python tools/analysis_tools/choose_maps.py CONFIG CHECKPOINT': (
        'tests/test_tools/test_choose_maps.py',
        "*('--attributions', f'gradcam:{layer}'",
    ),
    'python projects/evidence/': (
        'tests/test_projects/test_evidence.py',
        'def test_commands',
    ),
    'python projects/closed_loop/': (
        'tests/test_projects/test_closed_loop.py',
        'def test_a_detector_learns_from_pseudo_boxes',
    ),
    'python docs/make_model_zoo.py': (
        'tests/test_docs.py',
        "script['page'](root)",
    ),
    'python tools/analysis_tools/eval_score_maps.py --scoremap_root maps '
    '--metadata_root metadata --dataset_name CUB --split test '
    '--score_map_steps': (
        'tests/test_tools/test_eval_score_maps.py',
        "run('--score_map_steps', 'max', 'percentile:q=0.98')",
    ),
    'python tools/demo.py': ('tests/test_tools/test_demo.py', 'def serve'),
    'mim': ('tests/test_mim.py', "mim('train', 'mmspg'"),
    'TOOLS=': ('tests/test_documented.py', 'def test_folder_of_the_tools'),
    'python $TOOLS': (
        'tests/test_inheritance.py',
        'def test_example_runs_as_it_is_written',
    ),
}

# Start of a command -> why it cannot be run here. It is parsed: its script
# takes the arguments, its configs exist, its extras are offered.
CANNOT_RUN = {
    'bash tools/dist_': 'needs as many GPUs as it says',
    'bash tools/slurm_': 'needs a cluster',
    'python tools/test.py configs/light': 'needs photographs of ImageNet',
    'python tools/train.py configs/light/spg_efficientnet-lite0_voc.py': (
        'needs PASCAL VOC; tests/test_engine/test_several_labels.py trains so'
    ),
    'python tools/analysis_tools/choose_maps.py CHECKPOINT --proposals': (
        'needs opencv-contrib-python'
    ),
    'python tools/analysis_tools/choose_maps.py configs/light': (
        'needs photographs of ImageNet'
    ),
    'pip install mmspg[export]': 'mmspg is on no package index yet',
    'python -m venv label-studio': 'installs a web server of many packages',
    'label-studio/bin/': 'runs that server',
    'export LABEL_STUDIO_': 'is a setting of that server',
    'pip-audit': 'needs a database from the network',
}
