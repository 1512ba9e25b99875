"""How a network is: every party asked, its files looked at, and what follows from both.

- ``asking``: every party is asked at once
- ``on_disk``: what the network's folder tells without anybody running
- ``condition``: what both mean: what is amiss or ends soon, and what to do (pure)
- ``report``: the same as a table and as JSON (pure)
"""
