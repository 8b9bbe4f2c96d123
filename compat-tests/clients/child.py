"""A child that calls back as event listeners do, with the package's own childutils."""

import os
import time

from supervisor import childutils

api = childutils.getRPCInterface(os.environ)
own = f"{os.environ['SUPERVISOR_GROUP_NAME']}:{os.environ['SUPERVISOR_PROCESS_NAME']}"
print("state", api.supervisor.getState()["statename"])
print("me", api.supervisor.getProcessInfo(own)["pid"] == os.getpid())
print("stop", api.supervisor.stopProcess("cat:cat"))
print("start", api.supervisor.startProcess("cat:cat"))
print("methods", len(api.system.listMethods()) == 41)
print("done", flush=True)
time.sleep(1000)
