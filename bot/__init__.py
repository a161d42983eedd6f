"""Channels: words in, words out, and the outgoing calls of each platform. Never the database."""
