import sys

from tests.faults.simulation.command import main

sys.exit(main())
