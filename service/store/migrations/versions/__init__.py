"""The revisions, each named for what it brings; `down_revision` says which one comes before."""
