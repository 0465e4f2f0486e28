"""Links that are themselves the credential: files are read and uploads filled through them, in no vendor's words."""
