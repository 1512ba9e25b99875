"""An agency that answers from elsewhere: the node is a process of the network, the Agency lives in whatever process made it.

So a test can hand a real node an object of its own, look at what it was asked, and stop in it with a debugger. Knows no
network and no test.
"""
