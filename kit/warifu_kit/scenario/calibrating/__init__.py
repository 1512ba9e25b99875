"""``warifu calibrate``: what an exchange costs on this machine.

``arithmetic`` times functions in this process, ``live`` a network that is really run for some seconds, ``deriving`` makes costs of both.
"""
