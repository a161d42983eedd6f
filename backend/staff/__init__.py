"""The staff: accounts and rights, the audit, the console's API, the counties' directories, the live stream of the console."""
