"""The console as the staff meet it: the real server with real talks in it, worked by keyboard, seen by axe at every look."""
