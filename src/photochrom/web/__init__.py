"""The page and the HTTP API (extra `web`): FastAPI round the one road. Pictures stay in memory, never on disk."""
