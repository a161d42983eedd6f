"""Conversations: the inbox, the one writer of turns, the transcript, who holds the floor, and the pages' API."""
