"""What the Makefile calls beside Snakemake."""
