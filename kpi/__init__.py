"""The KPIs, one module per family. A module that lies here is found by itself."""
