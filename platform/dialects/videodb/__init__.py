"""VideoDB: collections, uploads and transcripts, as its clients know them."""
