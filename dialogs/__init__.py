"""The talk itself, pure: no clock, no network, no database, no files. `dialogs.talk.step` is a function of its
arguments."""
