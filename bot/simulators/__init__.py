"""Local stand-ins that speak the platforms' real endpoints, for the demo and the tests. They never leave loopback."""
