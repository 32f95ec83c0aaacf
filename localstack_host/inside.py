"""Inside of LocalStack's own Python: its runtime, which ends when its standard input does.

That is the end of a pipe whose other end the starting process holds: however that one dies, LocalStack ends as
after SIGTERM, and takes DynamoDB Local with it.
"""

import os
import signal
import sys
import threading

GRACE = 15.0  # seconds to end in order


def end_with_owner() -> None:
    """Returns never: ends this process once the owner's end of the pipe is closed."""
    os.read(0, 1)
    os.kill(os.getpid(), signal.SIGTERM)
    threading.Event().wait(GRACE)
    os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    threading.Thread(target=end_with_owner, daemon=True).start()
    sys.path.pop(0)  # our folder, which has nothing that LocalStack needs
    from localstack.runtime.main import main

    main()
