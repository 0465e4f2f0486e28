"""The ground floor: what every app may import, without models and without HTTP."""
