"""The SMART app: launched from an EHR or by itself, it shows one patient's assessment."""
