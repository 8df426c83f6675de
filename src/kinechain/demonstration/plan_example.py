"""Plan the stride of the example person anew and print the table that is stored: after the body or the curves changed.

::

    python -m kinechain.demonstration.plan_example > stride.csv; mv stride.csv src/kinechain/demonstration/
"""

from __future__ import annotations

import sys

from kinechain.demonstration.demonstrate import example_person, example_stride
from kinechain.demonstration.stride import stride_table
from kinechain.demonstration.walk import Asymmetry

if __name__ == "__main__":
    body, stride = example_stride(example_person(), Asymmetry())
    sys.stdout.write(stride_table(tuple(c.name for c in body.coordinates), stride))
