"""What every client here does, with Python's own library: HOST PORT USER PASSWORD."""

import sys
import xmlrpc.client

host, port, user, password = sys.argv[1:]
server = xmlrpc.client.ServerProxy(f"http://{user}:{password}@{host}:{port}/RPC2")
print("state", server.supervisor.getState()["statename"])
for info in server.supervisor.getAllProcessInfo():
    print("process", info["group"], info["name"], info["statename"], info["pid"] > 0)
print("stop", server.supervisor.stopProcess("cat"))
print("start", server.supervisor.startProcess("cat", True))
try:
    server.supervisor.startProcess("nobody")
except xmlrpc.client.Fault as fault:
    print("fault", fault.faultCode, fault.faultString)
print("text", server.supervisor.getProcessInfo("café")["name"])
print("stdin", server.supervisor.sendProcessStdin("cat", "é€😀 <&>\n"))
calls = [("supervisor.getVersion", []), ("supervisor.getState", []), ("supervisor.getProcessInfo", ["nobody"])]
version, state, fault = server.system.multicall([{"methodName": name, "params": words} for name, words in calls])
print("multicall", version, state["statename"], fault["faultCode"])
