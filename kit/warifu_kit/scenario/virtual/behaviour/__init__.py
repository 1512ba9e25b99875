"""The engine for behaviour: every call a process in simpy that waits, breaks off, is made again, as the real client does.

``station`` serves, ``bands`` are the faults of the moment, ``journey`` is one attempt from node to provider and back, ``caller`` has the
patience, ``play`` puts a run together.
"""
