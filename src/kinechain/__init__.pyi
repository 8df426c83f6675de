from .body.body import Body as Body
from .core.errors import KinechainError as KinechainError
from .core.estimate import Estimate as Estimate
from .core.estimate import NotMeasured as NotMeasured
from .motion.motion import Motion as Motion
from .recording.recording import Recording as Recording

__version__: str
