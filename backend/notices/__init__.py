"""What has to be told to a person who is not looking: one row per push, marked before the call, never sent twice."""
