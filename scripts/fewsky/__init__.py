"""fewsky: plain functions on arrays, tables and paths behind the rules of the workflow."""
