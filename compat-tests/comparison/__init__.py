"""The same texts read by the reference's Python and by our reader.

Two probes answer the same requests: `reference.py` imports the reference,
`examples/config_probe` is ours. `differences.py` teaches the reference what we
do otherwise on purpose, one rule for each row of docs/differences.md; after
that the answers must be equal. `texts.py`, `configs.py` and `values.py` make up
what is asked.
"""
