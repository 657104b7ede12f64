"""The trial registry: what ClinicalTrials.gov says, fetched or taken from downloaded files."""
