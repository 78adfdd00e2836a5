"""How a client of this folder talks with the test that runs it: JSON, one value a line.

The test writes the settings first. A client writes what it got, each under the name of its step, and asks the test to
open an address in a browser, which answers where the browser was sent in the end.
"""

import json
import os
import sys

# Both libraries refuse plain HTTP unless they are told that this is a test on the same machine.
os.environ["OAUTHLIB_INSECURE_TRANSPORT"] = "1"
os.environ["AUTHLIB_INSECURE_TRANSPORT"] = "1"


def settings():
    return json.loads(sys.stdin.readline())


def tell(step, **what):
    print(json.dumps({"step": step, **what}), flush=True)


def visit(address):
    tell("open", address=str(address))
    return json.loads(sys.stdin.readline())


def refused(step, action, fault):
    """Does what must be refused, and tells in which words it was."""
    try:
        action()
    except fault as error:
        tell(step, error=getattr(error, "error", None), description=getattr(error, "description", None))
    else:
        sys.exit(f"{step}: expected a refusal")
