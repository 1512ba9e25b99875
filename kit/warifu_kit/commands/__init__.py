"""One file per group of commands; ``warifu_kit.cli`` puts them together.

A command module imports what it needs inside the command, so that starting one party does not load all the others.
"""
