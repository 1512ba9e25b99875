"""A network as tests use it: started for a session, its people registered, agencies attached, what parties received.

Works without pytest; ``warifu_kit.pytest_plugin`` holds the fixtures. It never looks into a party: it reads what the
party's own business system can.
"""
