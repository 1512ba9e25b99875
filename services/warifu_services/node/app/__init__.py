"""Any one agency as a process: what it is made from, what it does while it serves, how it starts and ends."""

from warifu_services.node.app.construction import build_node
from warifu_services.node.app.running import run_node
from warifu_services.node.app.serving import ANSWERS_KEPT, Node, purge

__all__ = ["ANSWERS_KEPT", "Node", "build_node", "purge", "run_node"]
