from .attributions import *  # noqa: F401,F403
from .backbones import *  # noqa: F401,F403
from .classifiers import *  # noqa: F401,F403
from .heads import *  # noqa: F401,F403
from .necks import *  # noqa: F401,F403
from .preprocessors import *  # noqa: F401,F403
from .tta import *  # noqa: F401,F403
