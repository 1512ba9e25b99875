"""The chip of a SIMULATED My Number Card: command bytes in, response bytes out. Nothing here touches a disk or a network."""
