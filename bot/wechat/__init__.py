"""WeChat: the doors of the Official Account and the mini-program, and the client for their server calls."""
