"""The HTTP APIs: one package for each vendor whose clients work here, all over the same services."""
