"""What GitHub runs is pinned, may only read, and ends."""

import re
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[1]
WORKFLOWS = sorted((ROOT / '.github/workflows').glob('*.yml'))


@pytest.mark.parametrize('path', WORKFLOWS, ids=lambda path: path.stem)
def test_a_workflow_is_safe(path):
    workflow = yaml.safe_load(path.read_text())
    assert workflow['permissions'] == {'contents': 'read'}
    for job in workflow['jobs'].values():
        assert job['timeout-minutes'] <= 120
        for step in job['steps']:
            action = step.get('uses', '')
            assert not action or re.fullmatch(r'[\w/-]+@[0-9a-f]{40}', action)
            if action.startswith('actions/checkout@'):
                assert step['with']['persist-credentials'] is False


def test_the_hashes_are_moved_on():
    config = yaml.safe_load((ROOT / '.github/dependabot.yml').read_text())
    ecosystems = [update['package-ecosystem'] for update in config['updates']]
    assert 'github-actions' in ecosystems
