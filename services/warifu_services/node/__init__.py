"""The node of any agency (中間サーバー): its own codes, replicas and exchange records, both sides of an exchange.

``app`` wires, ``servicer`` is proto in and proto out, ``store`` and what begins so keep.
"""
